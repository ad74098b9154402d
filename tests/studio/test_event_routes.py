"""The stream of a run's events: where it begins, and that a dead watcher is let go."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from run_api import HELD, Held, api, events_of

from nsed.studio import event_routes

SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "query_string": b"",
    "headers": [(b"host", b"127.0.0.1")],
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 2),
}


def client_gone(when: asyncio.Event) -> Callable[[], Awaitable[dict[str, Any]]]:
    """A client who asks, and goes away at some time."""
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await when.wait()
        return {"type": "http.disconnect"}

    return receive


@pytest.mark.parametrize("given", ["", "x", "-1", "٣", "1.5", "9" * 400, "1 2"])
async def test_what_is_no_number_of_an_event_stands_for_none(given: str) -> None:
    async with api() as here:
        id_ = await here.ask()
        await here.ended(id_)
        whole = await here.get(f"/runs/{id_}/events")
        reply = await here.client.get(
            f"/api/runs/{id_}/events",
            headers={"x-name": "", "last-event-id": given.encode()},  # type: ignore[dict-item]
        )

    assert reply.text == whole.text


async def test_events_are_told_to_nobodys_cache_and_by_one_line_end() -> None:
    async with api() as here:
        id_ = await here.ask()
        await here.ended(id_)
        reply = await here.get(f"/runs/{id_}/events")

    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert "\r" not in reply.text
    assert events_of(reply.text)[0][2]["event"] == "bound"


async def test_a_watcher_who_takes_nothing_in_for_long_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_routes, "_PATIENCE_S", 0.01)
    async with api() as here:
        id_ = await here.ask()
        await here.ended(id_)
        path = f"/api/runs/{id_}/events"
        scope = {**SCOPE, "path": path, "raw_path": path.encode()}

        receive = client_gone(asyncio.Event())

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        async with asyncio.timeout(10):
            await here.app(scope, receive, send)  # no exception, and not for ever


async def test_a_watcher_who_goes_away_leaves_nothing_behind() -> None:
    held = Held()
    async with api(hire=held.recorder) as here:
        id_ = await here.ask(HELD)
        await here.until(id_, "proposed")
        path = f"/api/runs/{id_}/events"
        scope = {**SCOPE, "path": path, "raw_path": path.encode()}
        before = len(asyncio.all_tasks())
        for _ in range(5):
            told = asyncio.Event()

            async def send(message: Any, told: asyncio.Event = told) -> None:
                if b"proposed" in message.get("body", b""):
                    told.set()

            await here.app(scope, client_gone(told), send)
        # One watches for the end of the process, for all streams.
        assert len(asyncio.all_tasks()) <= before + 1
        held.let_go()
        assert (await here.ended(id_))["state"] == "finished"


async def test_a_server_that_ends_breaks_a_stream_off_without_an_end() -> None:
    async with api(hire=Held().recorder) as here:
        id_ = await here.ask(HELD)
        await here.until(id_, "proposed")
        watching = asyncio.create_task(here.get(f"/runs/{id_}/events"))
        await asyncio.sleep(0)
        await here.service.aclose()
        told = events_of((await watching).text)

    assert {name for name, _, _ in told} <= {"message"}
