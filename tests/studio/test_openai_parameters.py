"""Every parameter of the API: honoured, accepted as meaningless, or refused by name."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from a_server import Here, priced_panel, server
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from panel import Recorder

from nsed.config.settings import Settings
from nsed.studio.chat_request import ChatRequest

ASKED: dict[str, Any] = {
    "model": "nsed",
    "messages": [{"role": "user", "content": "What is 6 * 7?"}],
}
PAGE = Path(__file__).parents[2] / "docs" / "openai-server.md"


@pytest.fixture
async def hire() -> Recorder:
    return Recorder()


@pytest.fixture
async def here(tmp_path: Path, hire: Recorder) -> AsyncIterator[Here]:
    async with server(tmp_path, hire=hire) as made:
        yield made


async def ask(here: Here, **more: Any) -> tuple[int, dict[str, Any]]:
    reply = await here.client.post("/v1/chat/completions", json={**ASKED, **more})
    return reply.status_code, reply.json()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top_p", 1),
        ("top_p", 1.0),
        ("frequency_penalty", 0),
        ("presence_penalty", 0.0),
        ("logit_bias", {}),
        ("logprobs", False),
        ("top_logprobs", 0),
        ("tools", []),
        ("tool_choice", "none"),
        ("tool_choice", "auto"),
        ("parallel_tool_calls", True),
        ("functions", []),
        ("function_call", "none"),
        ("modalities", ["text"]),
        ("verbosity", "medium"),
        ("store", False),
        ("service_tier", "auto"),
        ("metadata", {"trace": "1"}),
        ("user", "ann"),
        ("safety_identifier", "x"),
        ("prompt_cache_key", "x"),
        ("n", 1),
        ("response_format", {"type": "text"}),
        ("reasoning_effort", "medium"),
        ("max_tokens", 1_000_000),
    ],
)
async def test_a_value_that_asks_for_nothing_else_is_accepted(
    here: Here, hire: Recorder, name: str, value: Any
) -> None:
    status, found = await ask(here, **{name: value})
    asked = [request for _, request in hire.asked]
    hire.asked.clear()
    await ask(here)

    assert status == 200, found
    assert found["nsed"]["answer"] == "42"
    assert asked == [request for _, request in hire.asked]


async def test_null_is_the_same_as_left_out(here: Here) -> None:
    names = set(ChatRequest.model_fields) - set(ASKED)
    status, found = await ask(here, **dict.fromkeys(names))

    assert status == 200, found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top_p", 0.9),
        ("top_p", True),
        ("frequency_penalty", 0.5),
        ("presence_penalty", -1),
        ("logit_bias", {"50256": -100}),
        ("logprobs", True),
        ("top_logprobs", 3),
        ("tools", [{"type": "function", "function": {"name": "f"}}]),
        ("tool_choice", "required"),
        ("functions", [{"name": "f"}]),
        ("function_call", {"name": "f"}),
        ("modalities", ["text", "audio"]),
        ("audio", {"voice": "alloy", "format": "mp3"}),
        ("prediction", {"type": "content", "content": "x"}),
        ("web_search_options", {}),
        ("verbosity", "high"),
        ("store", True),
        ("service_tier", "flex"),
    ],
)
async def test_what_is_not_done_is_refused_by_name(
    here: Here, hire: Recorder, name: str, value: Any
) -> None:
    status, found = await ask(here, **{name: value})

    assert status == 400
    assert found["error"]["param"] == name
    assert found["error"]["code"] == "unsupported_parameter"
    assert found["error"]["type"] == "invalid_request_error"
    assert name in found["error"]["message"]
    assert not hire.asked


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"n": 2}, "n", "invalid_value"),
        ({"max_tokens": 15}, "max_tokens", "invalid_value"),
        ({"max_tokens": "100"}, "max_tokens", "invalid_value"),
        (
            {"max_tokens": 20, "max_completion_tokens": 30},
            "max_tokens",
            "invalid_value",
        ),
        ({"temperature": 2.1}, "temperature", "invalid_value"),
        ({"temperature": "0.5"}, "temperature", "invalid_value"),
        ({"stream": "yes"}, "stream", "invalid_value"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "invalid_value"),
        ({"stop": ""}, "stop", "invalid_value"),
        ({"stop": [1]}, "stop[0]", "invalid_value"),
        ({"seed": 1.5}, "seed", "invalid_value"),
        ({"user": 7}, "user", "invalid_value"),
        ({"reasoning_effort": "most"}, "reasoning_effort", "invalid_value"),
        ({"response_format": {"type": "xml"}}, "response_format", "invalid_value"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}},
            "response_format.json_schema.schema",
            "missing_parameter",
        ),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"tempature": 1}, "tempature", "unknown_parameter"),
        ({"str": 1}, "str", "unknown_parameter"),
        ({"": 1}, "", "unknown_parameter"),
        ({"base_url": "http://10.0.0.1"}, "base_url", "unknown_parameter"),
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": None}, "messages", "invalid_value"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_parameter"),
        (
            {"messages": [{"role": "user", "content": 7}]},
            "messages[0].content",
            "invalid_value",
        ),
        (
            {"messages": [{"role": "user", "content": [{"text": "x"}]}]},
            "messages[0].content[0].type",
            "missing_parameter",
        ),
        (
            {"messages": [{"role": "user", "content": "x", "nmae": "ann"}]},
            "messages[0].nmae",
            "unknown_parameter",
        ),
        ({"model": None}, "model", "invalid_value"),
    ],
    ids=str,
)
async def test_what_is_wrong_is_named(
    here: Here, hire: Recorder, given: Any, param: str, code: str | None
) -> None:
    status, found = await ask(here, **given)

    assert status == 400
    assert found["error"]["param"] == param
    assert code is None or found["error"]["code"] == code
    assert not hire.asked


async def test_a_misspelt_parameter_gets_a_hint(here: Here) -> None:
    _, found = await ask(here, temprature=1)

    assert found["error"]["message"] == (
        "unknown parameter: temprature. Did you mean 'temperature'?"
    )


async def test_settings_of_the_call_reach_every_expert(
    here: Here, hire: Recorder
) -> None:
    for given in ({"max_tokens": 64}, {"max_completion_tokens": 64}):
        hire.asked.clear()
        await ask(here, **given, seed=-1, temperature=0.25)
        proposing = [r for _, r in hire.asked if r.phase == "propose"]

        assert {request.max_output_tokens for request in proposing} == {64}
        assert {request.seed for request in proposing} == {2**31 - 1}
    used = [one.config.temperature for one in hire.made.values()]
    assert used == [0.25] * 3


@pytest.mark.parametrize(
    ("model", "effort", "rounds"),
    [
        ("nsed", None, 3),
        ("nsed", "minimal", 1),
        ("nsed", "low", 1),
        ("nsed", "medium", 3),
        ("nsed", "high", 5),
        ("nsed-fast", "low", 1),
        ("nsed-fast", "medium", 1),
        ("nsed-own", "medium", 2),
    ],
)
async def test_a_model_is_a_preset_and_so_is_an_effort(
    tmp_path: Path, model: str, effort: str | None, rounds: int
) -> None:
    settings = Settings(experts=priced_panel(), knobs={"retry_wait_s": 0})
    presets = {**settings.presets, "own": {"rounds": 2}}
    settings = Settings(
        experts=priced_panel(), knobs={"retry_wait_s": 0}, presets=presets
    )
    async with server(tmp_path, settings=settings) as here:
        status, found = await ask(here, model=model, reasoning_effort=effort)
        live = here.app.state.service.live(found["nsed"]["run_id"], "")

    assert status == 200
    assert live.run.config.rounds == rounds


async def test_an_effort_does_not_overrule_a_preset(here: Here) -> None:
    status, found = await ask(here, model="nsed-fast", reasoning_effort="high")

    assert (status, found["error"]["param"]) == (400, "reasoning_effort")


async def test_the_text_ends_before_a_stop_sequence(here: Here) -> None:
    _, found = await ask(here, stop=["\nAnswer", "never"])

    (choice,) = found["choices"]
    assert choice["message"]["content"] == "6 * 7 = 42"
    assert choice["finish_reason"] == "stop"
    assert found["nsed"]["answer"] == "42"


def test_every_parameter_of_the_api_is_known_and_in_the_table() -> None:
    known = set(ChatRequest.model_fields)
    theirs = set(CompletionCreateParamsBase.__annotations__) | {"stream"}
    table = PAGE.read_text().partition("\n## Parameters\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_]+)`", table, re.MULTILINE)

    new = {"moderation", "prompt_cache_options", "prompt_cache_retention"}
    assert theirs - known <= new  # refused as unknown
    assert sorted(rows) == sorted(known)
