"""What comes back: a verdict, or an error; never an error dressed as an answer."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from a_server import Here, priced_panel, server
from panel import Recorder

from nsed.config.settings import Settings
from nsed.models.base import Reply, Request
from nsed.models.failures import CallError
from nsed.protocol.usage import Usage
from nsed.state.expert_config import ExpertConfig

QUESTION = [{"role": "user", "content": "What is 6 * 7?"}]


def failing(request: Request) -> Reply:
    raise CallError("server_error", "the provider is on fire")


def settings_of(*experts: ExpertConfig, **knobs: Any) -> Settings:
    return Settings(
        experts=experts or priced_panel(), knobs={"retry_wait_s": 0, **knobs}
    )


async def ask(here: Here, **more: Any) -> Any:
    body = {"model": "nsed", "messages": QUESTION, **more}
    return await here.client.post("/v1/chat/completions", json=body)


def events_of(text: str) -> list[Any]:
    """The data of a stream, its end checked."""
    *events, done = [
        line.removeprefix("data: ")
        for line in text.splitlines()
        if line.startswith("data: ")
    ]
    assert done == "[DONE]"
    return [json.loads(event) for event in events]


async def test_the_verdict_is_under_one_key(tmp_path: Path) -> None:
    async with server(tmp_path) as here:
        reply = await ask(here)
        found = reply.json()
        live = here.app.state.service.live(found["nsed"]["run_id"], "")

    verdict, summary = live.record.verdict, found["nsed"]
    assert summary["status"] == "complete"
    assert summary["answer"] == "42"
    assert summary["stop_reason"] == "unanimous"
    assert summary["rounds"] == 2
    assert summary["conviction"] == verdict.conviction == 1
    assert summary["absences"] == []
    assert summary["page"] == f"/runs/{summary['run_id']}"
    assert summary["usd"] == verdict.usage.usd > 0
    assert summary["calls"] == verdict.usage.calls == 12


async def test_a_price_that_is_unknown_is_null_and_not_0(tmp_path: Path) -> None:
    price = {"usd_per_mtok_input": None, "usd_per_mtok_output": None}
    ada, *rest = priced_panel()
    settings = settings_of(ada.model_copy(update=price), *rest)
    async with server(tmp_path, settings=settings) as here:
        reply = await ask(here)

    assert reply.json()["nsed"]["usd"] is None


async def test_a_degraded_answer_says_so_and_who_is_missing(tmp_path: Path) -> None:
    async with server(tmp_path, hire=Recorder(cy=failing)) as here:
        reply = await ask(here)

    assert reply.status_code == 200
    summary = reply.json()["nsed"]
    assert summary["status"] == "degraded"
    assert {absence["expert"] for absence in summary["absences"]} == {"cy"}
    assert "the provider is on fire" in summary["absences"][0]["reason"]


async def test_a_failed_run_is_an_error_that_names_who_is_missing(
    tmp_path: Path,
) -> None:
    hire = Recorder(ada=failing, bob=failing, cy=failing)
    async with server(tmp_path, hire=hire) as here:
        reply = await ask(here)
        (live,) = here.app.state.service._runs.values()

    error = reply.json()["error"]
    assert reply.status_code == 502
    assert reply.headers["x-should-retry"] == "false"
    assert (error["type"], error["code"]) == ("server_error", "no_quorum")
    for name in ("ada", "bob", "cy"):
        assert f"{name}" in error["message"]
    assert "the provider is on fire" in error["message"]
    assert f". Run {live.run.run_id} has what came in." in error["message"]


async def test_all_or_nothing_is_an_error_if_somebody_is_missing(
    tmp_path: Path,
) -> None:
    settings = settings_of(on_partial="error")
    async with server(tmp_path, settings=settings, hire=Recorder(cy=failing)) as here:
        reply = await ask(here)

    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "degraded")


async def test_a_failure_in_mid_stream_is_an_event(tmp_path: Path) -> None:
    hire = Recorder(ada=failing, bob=failing, cy=failing)
    async with server(tmp_path, hire=hire) as here:
        reply = await ask(here, stream=True)

    assert reply.status_code == 200  # it had begun: somebody had a seat
    *chunks, last = events_of(reply.text)
    assert last["error"]["code"] == "no_quorum"
    assert "the provider is on fire" in last["error"]["message"]
    assert "finish_reason" not in last
    assert not any(chunk["choices"][0]["delta"].get("content") for chunk in chunks[1:])


async def test_what_fails_before_the_first_event_has_a_status_in_a_stream_too(
    tmp_path: Path,
) -> None:
    async with server(tmp_path, settings=settings_of(max_calls=1)) as here:
        replies = [await ask(here, stream=stream) for stream in (False, True)]

    assert [reply.status_code for reply in replies] == [422, 422]
    assert {r.json()["error"]["code"] for r in replies} == {"limits_too_tight"}


async def test_a_fault_of_ours_is_told_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(_: Request) -> Reply:
        raise KeyError("secret prompt")

    async with server(tmp_path, hire=Recorder(ada=bug)) as here:
        reply = await ask(here)

    assert reply.status_code == 500
    assert reply.headers["x-should-retry"] == "false"
    assert reply.json()["error"]["code"] == "internal_error"
    assert "secret prompt" not in reply.text + caplog.text
    assert "KeyError" in caplog.text


async def test_a_server_that_waits_for_a_person_cannot_serve_a_client(
    tmp_path: Path,
) -> None:
    async with server(tmp_path, settings=settings_of(human_review=True)) as here:
        reply = await ask(here)

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "not_ready")
    assert "human_review" in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("tokens", "estimated", "reason"),
    [(16, 0, "length"), (15, 0, "stop"), (16, 1, "stop")],
)
async def test_the_finish_reason_is_length_where_the_limit_was_reached(
    tmp_path: Path, tokens: int, estimated: int, reason: str
) -> None:
    def says(request: Request) -> Reply | None:
        if request.phase != "propose":
            return None
        used = Usage(calls=1, output_tokens=tokens, estimated_calls=estimated)
        return Reply("Answer: 42", usage=used)

    async with server(tmp_path, hire=Recorder(ada=says, bob=says, cy=says)) as here:
        reply = await ask(here, max_tokens=16)
        stopped = await ask(here, max_tokens=16, stop="42")

    assert reply.json()["choices"][0]["finish_reason"] == reason
    assert stopped.json()["choices"][0]["finish_reason"] == "stop"


async def test_a_json_answer_is_taken_as_it_is_or_asked_for_once_more(
    tmp_path: Path,
) -> None:
    object_ = {"type": "json_object"}

    def says(request: Request) -> Reply | None:
        if request.phase != "propose":
            return None
        return Reply('{"answer": "42"}', usage=Usage(calls=1))

    async with server(tmp_path, hire=Recorder(ada=says, bob=says, cy=says)) as here:
        reply = await ask(here, response_format=object_)
    found = reply.json()
    assert json.loads(found["choices"][0]["message"]["content"]) == {"answer": "42"}
    assert found["nsed"]["reasked"] is False


async def test_no_answer_in_the_form_is_an_error_with_its_cost_on_file(
    tmp_path: Path,
) -> None:
    schema = {
        "type": "object",
        "properties": {"x": {"type": "integer"}},
        "required": ["x"],
    }
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    async with server(tmp_path) as here:
        whole = await ask(here, response_format=form)
        stream = await ask(here, response_format=form, stream=True)

    assert (whole.status_code, whole.json()["error"]["code"]) == (502, "no_such_form")
    *_, last = events_of(stream.text)
    assert last["error"]["code"] == "no_such_form"


async def test_a_form_is_no_larger_than_a_prompt_may_be(tmp_path: Path) -> None:
    hire = Recorder()
    schema = {"type": "object", "description": "x" * 64_000}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    async with server(tmp_path, hire=hire) as here:
        reply = await ask(here, response_format=form)

    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (400, "response_format")
    assert "64,000" in error["message"]
    assert not hire.asked


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}},
        {"type": "object", "properties": {"a": {"type": "strang"}}},
        {"type": "array"},
        {"$ref": "https://example.org/schema.json"},
    ],
    ids=str,
)
async def test_a_form_that_cannot_be_checked_is_refused(
    tmp_path: Path, schema: dict[str, Any]
) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    async with server(tmp_path) as here:
        reply = await ask(here, response_format=form)

    assert (reply.status_code, reply.json()["error"]["param"]) == (
        400,
        "response_format",
    )


async def test_two_requests_at_once_do_not_mix(tmp_path: Path) -> None:
    async with server(tmp_path) as here:
        one, two = await asyncio.gather(ask(here), ask(here, model="nsed-fast"))

    assert (one.json()["model"], two.json()["model"]) == ("nsed", "nsed-fast")
    assert one.json()["id"] != two.json()["id"]
    assert (one.json()["nsed"]["rounds"], two.json()["nsed"]["rounds"]) == (2, 1)
