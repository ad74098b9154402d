"""Around all doors: a fault is a number, the log has no words of it, nothing leaks."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from a_server import Here, server
from fastapi.responses import StreamingResponse

from nsed.protocol.errors import ConfigError
from nsed.studio.outer_guard import ACCESS, OuterGuard
from nsed.studio.refusal import RefusedError

CANARY = "sk-live-51Hf8s7dKq2pXv9"


def fails() -> None:
    raise ValueError(CANARY)


def fails_in_a_group() -> None:
    msg = "several"
    raise ExceptionGroup(msg, [ValueError(CANARY)])


def fails_on_purpose() -> None:
    raise ConfigError(CANARY)


async def is_given_up() -> None:
    raise asyncio.CancelledError


async def fails_midway() -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield "data: 1\n\n"
        raise ValueError(CANARY)

    return StreamingResponse(parts())


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """What the server logs; the test's own client does, too."""
    return "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        if record.name != "httpx"
    )


async def replies(here: Here, act: Any) -> Any:
    here.app.add_api_route("/test/act", act, response_model=None)
    return await here.client.get(f"/test/act?key={CANARY}")


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (fails, "ValueError"),
        (fails_in_a_group, "ValueError"),
        (fails_on_purpose, "ConfigError"),
    ],
)
async def test_a_fault_is_a_number_here_and_in_the_log(
    act: Any, kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with server(tmp_path) as here:
        reply = await replies(here, act)

    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (500, "internal_error")
    (line,) = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert line.split()[1].strip(":") in error["message"]
    assert kind in line
    assert not any(record.exc_info for record in caplog.records)
    for said in (reply.text, ours(caplog)):
        assert CANARY not in said
        assert "Traceback" not in said


async def test_where_it_came_from_is_the_last_line_of_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server(tmp_path) as here:
        monkeypatch.setattr(here.app.state.service, "begin", lambda *_, **__: fails())
        await here.ask("", "?")

    assert "ValueError in nsed.studio." in caplog.text


async def test_a_stream_that_breaks_is_cut_and_says_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (await fails_midway())(scope, receive, send)

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await OuterGuard(app)({**scope, "asgi": {"spec_version": "2.4"}}, receive, send)

    assert [m.get("status") or m["body"] for m in said] == [200, b"data: 1\n\n"]
    assert said[-1]["more_body"], "no end: the server cuts the connection"
    assert "ValueError" in caplog.text
    assert CANARY not in caplog.text


async def test_a_run_that_was_given_up_is_a_reply(tmp_path: Path) -> None:
    async with server(tmp_path) as here:
        reply = await replies(here, is_given_up)

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "cancelled")


async def test_whoever_really_cancels_a_request_is_not_answered() -> None:
    async def app(*_: Any) -> None:
        await asyncio.Event().wait()

    async def send(_: Any) -> None:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    task = asyncio.create_task(OuterGuard(app)(scope, send, send))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_request_is_one_line_of_its_own_making(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, ACCESS)
    async with server(tmp_path, keys={"ann": {}}) as here:
        headers = {**here.bearer("ann"), "cookie": f"a={CANARY}"}
        await here.client.get(f"/a%0aGET%20/b%1b[2J?key={CANARY}", headers=headers)
        await here.client.get("/" + "x" * 5000)

    lines = [r.getMessage() for r in caplog.records if r.name == ACCESS]
    assert lines[0].startswith("GET /a\\nGET /b\\x1b[2J 404 ")
    assert lines[0].endswith(" ann")
    assert lines[1].endswith(" -")
    assert len(lines[1]) < 300
    assert CANARY not in ours(caplog)
    assert here.tokens["ann"] not in ours(caplog)


async def test_there_are_no_websockets() -> None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def app(*_: Any) -> None:
        raise AssertionError

    await OuterGuard(app)({"type": "websocket", "path": "/"}, send, send)  # type: ignore[arg-type]
    assert said == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(("wait_s", "header"), [(0.2, "1"), (19.1, "20"), (None, None)])
def test_a_refusal_says_when_to_come_again(
    wait_s: float | None, header: str | None
) -> None:
    reply = RefusedError(429, "no", code="x", retry_after_s=wait_s).reply()

    assert reply.headers.get("retry-after") == header
