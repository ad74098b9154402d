"""What the experts read of a chat: all of its text, whoever said it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from a_server import Here, server
from panel import Recorder


@pytest.fixture
async def hire() -> Recorder:
    return Recorder()


@pytest.fixture
async def here(tmp_path: Path, hire: Recorder) -> AsyncIterator[Here]:
    async with server(tmp_path, hire=hire) as made:
        yield made


async def ask(here: Here, *messages: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    body = {"model": "nsed-fast", "messages": list(messages)}
    reply = await here.client.post("/v1/chat/completions", json=body)
    return reply.status_code, reply.json()


async def task_of(here: Here, *messages: dict[str, Any]) -> str:
    status, found = await ask(here, *messages)
    assert status == 200, found
    live = here.app.state.service.live(found["nsed"]["run_id"], "")
    task: str = live.run.task
    return task


def said(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


async def test_one_user_message_is_the_task_as_it_stands(
    here: Here, hire: Recorder
) -> None:
    assert await task_of(here, said("user", " What is 6 * 7? ")) == " What is 6 * 7? "
    assert "What is 6 * 7?" in hire.asked[0][1].messages[-1].content


async def test_a_whole_chat_with_tools_names_and_parts(here: Here) -> None:
    call = {"name": "weather", "arguments": '{"city": "Oslo"}'}
    task = await task_of(
        here,
        said("system", "Be short."),
        said("developer", "No jokes."),
        said("user", "Is it warm?", name="ann"),
        said(
            "assistant",
            None,
            tool_calls=[{"id": "c1", "type": "function", "function": call}],
        ),
        said("tool", "-4 C", tool_call_id="c1", name="weather"),
        said("assistant", "No.", refusal=None, annotations=[], audio=None),
        said(
            "user", [{"type": "text", "text": "And"}, {"type": "text", "text": "now?"}]
        ),
    )

    assert task == (
        "Instructions:\nBe short.\n\nNo jokes.\n\n"
        "Conversation so far:\n"
        "User: ann: Is it warm?\n\n"
        'Answer: [called weather({"city": "Oslo"})]\n\n'
        "Tool result: weather: -4 C\n\n"
        "Answer: No.\n\n"
        "The question now:\nAnd\nnow?"
    )


async def test_our_own_answer_can_be_sent_back(here: Here) -> None:
    _, found = await ask(here, said("user", "What is 6 * 7?"))
    message = found["choices"][0]["message"]
    streamed = {**message, "reasoning_content": "Round 1: ada, bob, cy deliberate."}
    for answer in (message, streamed):
        task = await task_of(
            here, said("user", "What is 6 * 7?"), answer, said("user", "Sure?")
        )

        assert "Answer: 6 * 7 = 42\nAnswer: 42\n\n" in task
        assert "deliberate" not in task


async def test_a_refusal_of_an_earlier_turn_is_shown(here: Here) -> None:
    task = await task_of(
        here,
        said("user", "Hello"),
        said("assistant", None, refusal="I cannot."),
        said("user", "Why?"),
    )

    assert "Answer: I cannot." in task


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
        {"type": "file", "file": {"file_id": "f"}},
        {"type": "text"},
    ],
    ids=lambda part: part["type"],
)
async def test_what_is_no_text_is_refused_with_its_place(
    here: Here, hire: Recorder, part: dict[str, Any]
) -> None:
    text = {"type": "text", "text": "What is this?"}
    status, found = await ask(here, said("user", [text, part]))

    assert status == 400
    assert found["error"]["param"] == "messages[0].content[1]"
    assert part["type"] in found["error"]["message"]
    assert "example.org" not in found["error"]["message"]
    assert not hire.asked


async def test_hints_for_a_cache_are_no_text_and_no_harm(here: Here) -> None:
    part = {"type": "text", "text": "6 * 7?", "cache_control": {"type": "ephemeral"}}
    assert await task_of(here, said("user", [part])) == "6 * 7?"

    status, found = await ask(here, said("user", [{**part, "citations": True}]))
    assert (status, found["error"]["param"]) == (
        400,
        "messages[0].content[0].citations",
    )


@pytest.mark.parametrize(
    "messages",
    [
        [said("system", "Be short.")],
        [said("user", "")],
        [said("user", None)],
        [said("user", [])],
        [said("assistant", "Hello")],
    ],
    ids=str,
)
async def test_a_chat_that_asks_nothing_is_refused(
    here: Here, messages: list[dict[str, Any]]
) -> None:
    status, found = await ask(here, *messages)

    assert (status, found["error"]["param"]) == (400, "messages")


async def test_a_role_that_does_not_exist_is_refused(here: Here) -> None:
    status, found = await ask(here, said("function", "x"), said("user", "x"))

    assert (status, found["error"]["param"]) == (400, "messages[0].role")
