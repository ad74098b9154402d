"""An expert behind any LangChain chat model: turns, tools, limits, failures."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from fake_chat import CONFIG, expert, raises, says
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from questions import QUESTION, REVIEW

from nsed.models.base import Message
from nsed.models.chat_model_expert import ChatModelExpert
from nsed.models.endpoint import Limits
from nsed.models.failures import CallError
from nsed.protocol.errors import ExpertError


async def failure(asked: ChatModelExpert, request: Any = QUESTION) -> CallError:
    with pytest.raises(CallError) as caught:
        await asked.reply(request)
    return caught.value


async def test_any_chat_model_will_do() -> None:
    """Also one that knows no tools: it is asked for JSON in words."""
    replies = iter([AIMessage("8"), AIMessage('{"A": {}}')])
    asked = expert(GenericFakeChatModel(messages=replies))

    assert (await asked.reply(QUESTION)).text == "8"
    refused = await failure(asked, REVIEW)
    assert (refused.kind, refused.method, refused.lower_rung) == (
        "unsupported",
        "tools",
        True,
    )
    assert (await asked.reply(REVIEW)).method == "text"


async def test_the_prompt_arrives_role_by_role_with_its_limit() -> None:
    heard: list[Any] = []

    def hear(messages: list[BaseMessage], **more: Any) -> AIMessage:
        heard.extend([(m.type, m.content) for m in messages])
        heard.append(more)
        return AIMessage("8")

    await expert(hear).reply(QUESTION)

    assert heard[:2] == [("system", "Be brief."), ("human", "What is 4 * 2?")]
    assert heard[2]["max_tokens"] == 64
    assert "seed" not in heard[2]


async def test_the_seed_goes_to_models_that_take_one() -> None:
    heard: dict[str, Any] = {}

    def hear(_: Any, **more: Any) -> AIMessage:
        heard.update(more)
        return AIMessage("8")

    await expert(hear, takes_seed=True).reply(replace(QUESTION, seed=7))

    assert heard["seed"] == 7


async def test_the_answer_of_a_tool_call_is_its_arguments() -> None:
    marks = {"A": {"critique": "ok", "weight": 5}}
    call = {"name": "ballot", "args": marks, "id": "1", "type": "tool_call"}
    asked = expert(says("", tool_calls=[call]))

    reply = await asked.reply(REVIEW)

    assert (json.loads(reply.text), reply.method) == (marks, "tools")
    assert asked.model.tool_names == ["ballot"]  # type: ignore[attr-defined]


async def test_broken_arguments_of_a_tool_call_are_left_for_repair() -> None:
    broken = {"name": "ballot", "args": '{"A":', "id": "1", "error": "x"}
    call = {**broken, "type": "invalid_tool_call"}

    assert (await expert(says("", invalid_tool_calls=[call])).reply(REVIEW)).text == (
        '{"A":'
    )


async def test_a_fixed_way_of_asking_is_kept_even_where_it_is_refused() -> None:
    fixed = CONFIG.model_copy(update={"ballots": "json_mode"})
    refused = type("RefusedError", (Exception,), {"status_code": 400})("no")

    found = await failure(expert(raises(refused), config=fixed), REVIEW)

    assert (found.method, found.lower_rung) == ("json_mode", False)


@pytest.mark.parametrize(("reason", "cut"), [("length", True), ("stop", False)])
async def test_a_reply_that_was_cut_off_says_so(reason: str, *, cut: bool) -> None:
    reply = says("8", response_metadata={"finish_reason": reason})

    assert (await expert(reply).reply(QUESTION)).truncated is cut


async def test_the_limit_is_wall_clock_and_says_how_long() -> None:
    slow = expert(lambda *_, **__: asyncio.sleep(9))

    late = await failure(slow, replace(QUESTION, timeout_s=0.02))

    assert (late.kind, str(late)) == ("timeout", "no answer within 0.02 s")


async def test_a_queued_call_does_not_time_out_while_it_waits() -> None:
    async def answer(*_: Any, **__: Any) -> AIMessage:
        await asyncio.sleep(0.15)
        return AIMessage("8")

    limits = Limits()
    asked = expert(answer, slot=lambda: limits.slot("x", 1))
    request = replace(QUESTION, timeout_s=0.5)

    replies = await asyncio.gather(*(asked.reply(request) for _ in range(4)))

    assert [reply.text for reply in replies] == ["8"] * 4
    assert all(reply.usage.latency_ms < 500 for reply in replies)


async def test_a_cancelled_call_frees_its_place() -> None:
    limits = Limits()
    busy = expert(lambda *_, **__: asyncio.sleep(9), slot=lambda: limits.slot("x", 1))
    task = asyncio.create_task(busy.reply(QUESTION))
    await asyncio.sleep(0.02)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(1), limits.slot("x", 1):
        pass


@pytest.mark.parametrize(
    ("error", "kind"),
    [(KeyError("choices"), "server_error"), (OSError("reset"), "connection")],
)
async def test_what_the_models_code_raises_is_its_failure(
    error: Exception, kind: str
) -> None:
    assert (await failure(expert(raises(error)))).kind == kind


async def test_a_bug_of_ours_is_not_the_models_failure() -> None:
    """Only the model's own code runs inside the `try`."""
    broken = expert(says("8"), slot=lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        await broken.reply(QUESTION)


async def test_a_message_of_another_kind_is_malformed() -> None:
    with pytest.raises(ExpertError, match="AIMessage"):
        await expert(lambda *_, **__: HumanMessage("me?")).reply(QUESTION)


async def test_known_keys_are_not_quoted() -> None:
    asked = expert(raises(ValueError("bad key hunter2")), secrets=("hunter2",))

    assert "hunter2" not in str(await failure(asked))
    assert "hunter2" not in repr(asked)


async def test_lone_surrogates_neither_leave_nor_enter() -> None:
    heard: list[Any] = []

    def echo(messages: list[BaseMessage], **_: Any) -> AIMessage:
        heard.append(messages[0].content)
        return AIMessage("x\ud800")

    odd = replace(QUESTION, messages=(Message("user", "y\udfff"),))

    assert (await expert(echo).reply(odd)).text == "x?"
    assert heard == ["y?"]
