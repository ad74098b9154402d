"""Opening: what is asked, and a clean table if the thread has been asked before."""

import uuid
from typing import Any, Final

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
    message = update.get("messages") or state["messages"]
    now_asked = Asked(message=str(message[-1].id), task_sha256=text_digest(task))
    return {**_cleared(state), **update, "task": task, "asked": now_asked}


def _asked(state: DeliberationState) -> tuple[str, dict[str, Any]]:
    """The task, and the message that it makes in the chat if it is given as such."""
    task, before, chat = state.get("task"), state.get("asked"), state.get("messages")
    known = (before["message"], ANSWER + before["message"]) if before else ()
    new_chat = bool(chat) and chat[-1].id not in known
    if task is not None and not (isinstance(task, str) and task.strip()):
        raise ConfigError("task: should be a text that asks something")
    new_task = task is not None and (
        before is None or before["task_sha256"] != text_digest(task)
    )
    if new_chat and new_task:
        raise ConfigError("give a task or messages, not both")
    if new_chat:
        return task_in(chat), {}
    if task is None:
        raise ConfigError('nothing is asked: give a "task" or "messages"')
    return task, {"messages": [task_message(task, str(uuid.uuid4()))]}


def _cleared(state: DeliberationState) -> dict[str, Any]:
    if "asked" not in state:
        return {}
    return {**_SINGLE, **{channel: Overwrite({}) for channel in _MERGED}}
