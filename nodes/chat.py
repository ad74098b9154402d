"""A chat as LangChain writes it, and how a deliberation reads and answers it."""

from collections.abc import Sequence
from typing import Final

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from nsed.protocol.errors import ConfigError
from nsed.state.conversation import Role, Turn, task_of
from nsed.state.records import Verdict

__all__ = ["ANSWER", "answer_message", "role_of", "task_in", "task_message"]

ANSWER: Final = "answer-"
"""Begins the id of an answer; the id of the message that it answers follows."""
_ROLES: Final[dict[str, Role]] = {
    "ai": "assistant",
    "assistant": "assistant",
    "developer": "system",
    "function": "tool",
    "human": "user",
    "system": "system",
    "tool": "tool",
    "user": "user",
}
_MEDIA: Final = ("audio", "file", "image", "video")


def task_in(messages: Sequence[BaseMessage]) -> str:
    """Write a chat as one task.

    Raises:
        ConfigError: It asks nothing, or holds what the experts cannot read.
    """
    turns = [
        Turn(role=(role := role_of(one)), text=_text(one, role)) for one in messages
    ]
    try:
        return task_of(turns)
    except ValueError as error:
        raise ConfigError(f"messages: {error}") from error


def task_message(task: str, id_: str) -> HumanMessage:
    """A task as the message of a chat."""
    return HumanMessage(task, id=id_)


def answer_message(verdict: Verdict, asked: str | None) -> AIMessage:
    """The verdict's text as the answer in a chat.

    Args:
        verdict: Of the deliberation.
        asked: Id of the message it answers; None: none is known.
    """
    return AIMessage(
        verdict.text,
        id=ANSWER + asked if asked else None,
        response_metadata={
            "status": verdict.status,
            "answer": verdict.answer,
            "stop_reason": verdict.stop_reason.value,
        },
    )


def role_of(message: BaseMessage) -> Role:
    """Who says it.

    Raises:
        ConfigError: Somebody else than user, assistant, system or a tool.
    """
    said = getattr(message, "role", message.type)  # a `ChatMessage` has a role
    role = _ROLES.get(said.removesuffix("MessageChunk").lower())
    if role is None:
        raise ConfigError(
            f"messages: a role is {said[:40]!r}; should be user, assistant, system or "
            "tool"
        )
    return role


def _text(message: BaseMessage, role: Role) -> str:
    """What experts can read of it; of a model's reply that leaves out its calls."""
    for block in message.content_blocks:
        kind = block["type"]
        if kind in _MEDIA or (role == "user" and kind != "text"):
            raise ConfigError(
                f"messages: one holds {kind[:40]!r}; the experts read text only"
            )
    return str(message.text)
