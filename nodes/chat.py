"""A chat as LangChain writes it, and how a deliberation reads and answers it."""

from collections.abc import Sequence
from typing import Final

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from nsed.nodes.turns import turns_of
from nsed.protocol.errors import ConfigError, UnsupportedError
from nsed.state.conversation import task_of
from nsed.state.records import Verdict

__all__ = ["ANSWER", "answer_message", "task_in", "task_message"]

ANSWER: Final = "answer-"
"""Begins the id of an answer; the id of the message that it answers follows."""


def task_in(messages: Sequence[BaseMessage]) -> str:
    """Write a chat as one task.

    Raises:
        ConfigError: It asks nothing, or holds what the experts cannot read.
    """
    try:
        return task_of(turns_of(messages))
    except (UnsupportedError, ValueError) as error:
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
