"""LangChain messages as turns."""

from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)

from nsed.chat.turns import turns_of
from nsed.protocol.errors import NsedError, UnsupportedError

CALL: Any = {"name": "add", "args": {"a": 1}, "id": "1", "type": "tool_call"}


@pytest.mark.parametrize(
    ("message", "role", "text"),
    [
        (SystemMessage("Be brief."), "system", "Be brief."),
        (HumanMessage("Hi"), "user", "Hi"),
        (HumanMessage("Hi", name="eve"), "user", "eve: Hi"),
        (HumanMessage(["Hi", {"type": "text", "text": "there"}]), "user", "Hi\nthere"),
        (
            HumanMessage([{"type": "text-plain", "text": "a", "mime_type": "t"}]),
            "user",
            "a",
        ),
        (AIMessage("Hello"), "assistant", "Hello"),
        (AIMessage("", tool_calls=[CALL]), "assistant", '[called add({"a": 1})]'),
        (
            AIMessage(
                [
                    {"type": "thinking", "thinking": "hm"},
                    {"type": "reasoning", "reasoning": "hm"},
                    {"type": "text", "text": "I add."},
                    {"type": "tool_use", "id": "1", "name": "add", "input": {"a": 1}},
                ],
                tool_calls=[CALL],
            ),
            "assistant",
            'I add.\n[called add({"a": 1})]',
        ),
        (ToolMessage("3", tool_call_id="1"), "tool", "3"),
        (ToolMessage("3", tool_call_id="1", name="add"), "tool", "add: 3"),
        (FunctionMessage("3", name="add"), "tool", "add: 3"),
        (ChatMessage("x", role="developer"), "system", "x"),
        (ChatMessage("x", role="user"), "user", "x"),
    ],
)
def test_a_message_is_a_turn_with_all_its_text(
    message: BaseMessage, role: str, text: str
) -> None:
    [turn] = turns_of([message])

    assert (turn.role, turn.text) == (role, text)


@pytest.mark.parametrize(
    "kind", ["image", "image_url", "audio", "input_audio", "file", "video", "tool_use"]
)
@pytest.mark.parametrize("make", [HumanMessage, SystemMessage])
def test_anything_but_text_is_refused_by_its_name(kind: str, make: Any) -> None:
    messages = [
        HumanMessage("a"),
        make([{"type": "text", "text": "b"}, {"type": kind}]),
    ]

    with pytest.raises(UnsupportedError, match=rf"message 2 .*of type '{kind}'"):
        turns_of(messages)


@pytest.mark.parametrize(
    "block", [{"type": "image"}, {"type": "text"}, {"text": "no type"}, {"type": None}]
)
def test_blocks_of_no_known_shape_are_not_dropped(block: dict[str, Any]) -> None:
    with pytest.raises(NsedError, match="message 1"):
        turns_of([AIMessage([block])])


@pytest.mark.parametrize(
    "message", [RemoveMessage(id="1"), ChatMessage("x", role="wizard")]
)
def test_roles_that_a_conversation_does_not_have_are_refused(
    message: BaseMessage,
) -> None:
    with pytest.raises(
        UnsupportedError, match=r"found (RemoveMessage|the role 'wizard')"
    ):
        turns_of([message])
