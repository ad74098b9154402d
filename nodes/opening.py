"""Opening: what is asked, and a clean table if the thread has been asked before."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from langchain_core.messages import AnyMessage, HumanMessage
from langgraph.types import Overwrite

from nsed.nodes.chat import ANSWER, task_in, task_message
from nsed.protocol.consensus import text_digest
from nsed.protocol.errors import ConfigError
from nsed.state.schema import Asked, DeliberationState

__all__ = ["opening"]

_MERGED: Final = (
    "teams",
    "proposals",
    "ballots",
    "tallies",
    "memories",
    "absences",
    "calls",
    "pauses",
    "interventions",
)
_SINGLE: Final = {
    "started_at": 0.0,
    "round": 0,
    "taken_over": 0,
    "halt": None,
    "synthesis": None,
    "verdict": None,
}


def opening(state: DeliberationState) -> dict[str, Any]:
    """Settle the task: as it is given, or out of the messages of a chat.

    Every question is deliberated afresh: on a thread that was asked before, all that
    came of that is put away. What is still known of it stands in the messages.

    Raises:
        ConfigError: There is no task, or both a task and new messages.
    """
    task, update = _asked(state)
    chat = [*state.get("messages", []), *update.get("messages", [])]
    asked = Asked(
        message=_last_question(chat),
        task_sha256=text_digest(task),
        chat_sha256=_digest(_without_answer(chat)),
    )
    return {**_cleared(state), **update, "task": task, "asked": asked}


def _asked(state: DeliberationState) -> tuple[str, dict[str, Any]]:
    """The task, and the message that it makes in the chat if it is given as such."""
    task, before = state.get("task"), state.get("asked")
    chat = _without_answer(state.get("messages", []))
    if task is not None and not (isinstance(task, str) and task.strip()):
        raise ConfigError("task: should be a text that asks something")
    new_task = task is not None and (
        before is None or before["task_sha256"] != text_digest(task)
    )
    new_chat = bool(chat) and (before is None or before["chat_sha256"] != _digest(chat))
    if new_chat and new_task:
        raise ConfigError("give a task or messages, not both")
    if new_chat:
        return task_in(chat), {}
    if task is None:
        raise ConfigError('nothing is asked: give a "task" or "messages"')
    if not new_task:  # the same again
        return task, {}
    return task, {"messages": [task_message(task, str(uuid.uuid4()))]}


def _last_question(chat: Sequence[AnyMessage]) -> str:
    """Id of the last message of the user, or else of the last one."""
    mine = [
        message
        for message in chat
        if isinstance(message, HumanMessage) or getattr(message, "role", "") == "user"
    ]
    return str((mine or chat)[-1].id) if chat else ""


def _without_answer(chat: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The chat as it was when its last question was asked, or asked in other words."""
    answer = ANSWER + _last_question(chat)
    return [message for message in chat if message.id != answer]


def _digest(chat: Sequence[AnyMessage]) -> str:
    return text_digest(repr([(one.id, one.type, one.content) for one in chat]))


def _cleared(state: DeliberationState) -> dict[str, Any]:
    if "asked" not in state:
        return {}
    return {**_SINGLE, **{channel: Overwrite({}) for channel in _MERGED}}
