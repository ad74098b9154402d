"""The time to the first token, where a server tells it, and what a failed call took."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from fake_chat import expert, raises
from loopback_provider import Answer, Provider
from questions import QUESTION, expert_at

from nsed.models.asking import ask
from nsed.models.failures import CallError
from nsed.models.hire import Hire


@pytest.fixture
async def hire() -> AsyncIterator[Hire]:
    hire = Hire()
    yield hire
    await hire.aclose()


def body(**more: Any) -> Answer:
    reply = {
        "choices": [
            {"message": {"role": "assistant", "content": "8"}, "finish_reason": "stop"}
        ],
        **more,
    }
    return Answer(body=json.dumps(reply).encode())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"timings": {"prompt_ms": 123.6, "predicted_ms": 9}}, 124),
        ({}, None),
        ({"timings": None}, None),
        ({"timings": {}}, None),
        ({"timings": {"prompt_ms": "soon"}}, None),
        ({"timings": {"prompt_ms": -1}}, None),
        ({"timings": {"prompt_ms": float("inf")}}, None),
        ({"timings": {"prompt_ms": float("nan")}}, None),
    ],
)
async def test_llama_cpp_tells_how_long_the_prompt_took(
    hire: Hire, more: dict[str, Any], expected: int | None
) -> None:
    with Provider() as provider:
        provider.answers["model-x"] = [body(**more)]
        outcome = await ask(
            hire(expert_at(provider)),
            QUESTION,
            lambda reply: reply.text,
            attempts=1,
            retries=0,
            retry_wait_s=0,
        )

    assert outcome.value == "8"
    assert outcome.attempts[0].first_token_ms == expected
    assert outcome.attempts[0].started_at > 1.7e9


async def test_a_call_that_was_cut_off_has_the_time_it_took() -> None:
    async def never(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(CallError) as caught:
        await expert(never).reply(replace(QUESTION, timeout_s=0.05))

    assert caught.value.kind == "timeout"
    assert (caught.value.latency_ms or 0) >= 40


async def test_a_failed_call_has_the_time_it_took_without_the_wait_for_its_turn() -> (
    None
):
    @asynccontextmanager
    async def slot() -> AsyncIterator[None]:
        await asyncio.sleep(0.2)
        yield

    failing = expert(raises(OSError("refused")), slot=slot)
    outcome = await ask(failing, QUESTION, str, attempts=1, retries=0, retry_wait_s=0)

    assert outcome.attempts[0].outcome == "connection"
    assert outcome.attempts[0].usage.latency_ms < 200
