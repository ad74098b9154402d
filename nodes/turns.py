"""LangChain messages as the turns of a conversation. Text only, and nothing dropped."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from nsed.protocol.errors import UnsupportedError
from nsed.state.conversation import Role, Turn

__all__ = ["turns_of"]

_ROLES: Final[Mapping[type[BaseMessage], Role]] = {
    AIMessage: "assistant",
    FunctionMessage: "tool",
    HumanMessage: "user",
    SystemMessage: "system",
    ToolMessage: "tool",
}
_NAMED_ROLES: Final[Mapping[str, Role]] = {
    "assistant": "assistant",
    "developer": "system",
    "system": "system",
    "tool": "tool",
    "user": "user",
}
"""Of a `ChatMessage`, which says its role in a word."""
_TEXT: Final = ("text", "text-plain")
_TOLD_ELSEWHERE: Final = ("tool_use", "tool_call", "function_call")
"""Blocks that repeat the message's `tool_calls`."""
_THOUGHTS: Final = ("reasoning", "thinking", "redacted_thinking")
"""What another model thought before it answered: no part of what was said."""


def turns_of(messages: Sequence[BaseMessage]) -> list[Turn]:
    """Write messages as turns.

    A name stands before the text of its message, a tool call after it. Reasoning
    blocks of earlier answers are left out, as every provider leaves them out.

    Raises:
        UnsupportedError: A message holds something else than text, or is of a role
            that a conversation does not have. The message says which and what.
    """
    return [_turn(message, place) for place, message in enumerate(messages, start=1)]


def _turn(message: BaseMessage, place: int) -> Turn:
    role = _role(message, place)
    text = "\n".join(_texts(message, role, place))
    if isinstance(message, AIMessage):
        calls = [_call(call["name"], call["args"]) for call in message.tool_calls]
        text = "\n".join([*([text] if text else []), *calls])
    named = f"{message.name}: {text}" if message.name and text else text
    return Turn(role=role, text=named)


def _role(message: BaseMessage, place: int) -> Role:
    if isinstance(message, ChatMessage):
        role = _NAMED_ROLES.get(message.role)
        if role is not None:
            return role
        found = f"the role {message.role!r}"
    else:
        for kind, role in _ROLES.items():
            if isinstance(message, kind):
                return role
        found = type(message).__name__
    raise UnsupportedError(
        f"message {place}: expected one of the system, a user, an assistant or a "
        f"tool, found {found}"
    )


def _texts(message: BaseMessage, role: Role, place: int) -> Iterator[str]:
    content: Any = message.content
    for block in [content] if isinstance(content, str) else content:
        if isinstance(block, str):
            yield block
            continue
        kind = block.get("type")
        if kind in _TEXT and isinstance(block.get("text"), str):
            yield block["text"]
        elif role != "assistant" or kind not in (*_TOLD_ELSEWHERE, *_THOUGHTS):
            raise UnsupportedError(
                f"message {place} ({role}) holds a block of type {kind!r}; the experts "
                "read text only: describe it in words, or send it to a model that "
                "takes it and pass on what that model says"
            )


def _call(name: str, args: Mapping[str, Any]) -> str:
    return f"[called {name}({json.dumps(args, ensure_ascii=False, default=str)})]"
