"""One message of a chat request, and what the experts get to read of it."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from nsed.state.conversation import Role, Turn
from nsed.studio.refusal import RefusedError

__all__ = ["ChatMessage", "turn_of"]

_ROLES: Final[dict[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_HINTS: Final = frozenset({"annotations", "cache_control"})
"""Further keys of a text part that change nothing here."""


class MessagePart(BaseModel):
    """One part of a message; only `text` can be deliberated on, others are refused."""

    model_config = ConfigDict(extra="allow", strict=True)

    type: str
    text: str | None = None


class CalledFunction(BaseModel):
    """What was called, with which arguments."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    arguments: str


class ToolCall(BaseModel):
    """A call that a model asked for earlier in the chat."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str | None = None
    type: Literal["function"] = "function"
    index: int | None = None
    function: CalledFunction


class ChatMessage(BaseModel):
    """One turn."""

    model_config = ConfigDict(
        extra="forbid", strict=True, use_attribute_docstrings=True
    )

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[MessagePart] | None = None
    name: str | None = Field(default=None, max_length=64)
    """Stands before the text."""
    tool_call_id: str | None = None
    """Of a tool's result; accepted: results stand in the order of the chat."""
    tool_calls: list[ToolCall] | None = None
    """Of an earlier turn; stand after its text."""
    refusal: str | None = None
    """Of an earlier turn; stands in the place of its text."""
    reasoning_content: str | None = None
    """Of an earlier answer; accepted: what a model thought is no part of what it
    said."""
    annotations: list[Any] | None = None
    """Of an earlier answer; accepted: they add nothing to its text."""
    audio: None = None
    function_call: None = None


def turn_of(message: ChatMessage, number: int) -> Turn:
    """What the experts read of a message: text, and nothing of it is left out.

    Args:
        message: Of the request.
        number: Its place in the list, from 0.

    Raises:
        RefusedError: It holds what is no text; by name.
    """
    place = f"messages[{number}]"
    texts: list[str] = []
    if isinstance(message.content, str):
        texts.append(message.content)
    for at, part in enumerate(message.content or []):
        if isinstance(part, MessagePart):
            texts.append(_text(part, f"{place}.content[{at}]"))
    if message.refusal:
        texts.append(message.refusal)
    texts += [
        f"[called {call.function.name}({call.function.arguments})]"
        for call in message.tool_calls or ()
    ]
    text = "\n".join(texts)
    named = f"{message.name}: {text}" if message.name and text else text
    return Turn(role=_ROLES[message.role], text=named)


def _text(part: MessagePart, place: str) -> str:
    if part.type != "text" or part.text is None:
        raise RefusedError(
            400,
            f"{place}: the experts read text only, found a part of type "
            f'{part.type[:40]!r}; send {{"type": "text", "text": ...}}',
            code="unsupported_content",
            param=place,
        )
    for name in part.model_extra or {}:
        if name not in _HINTS:
            raise RefusedError(
                400,
                f"unknown parameter: {place}.{name[:40]}",
                code="unknown_parameter",
                param=f"{place}.{name[:40]}",
            )
    return part.text
