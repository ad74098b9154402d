"""What LangChain hands over, as a task: text, a task by name, or a chat."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.prompt_values import PromptValue
from typing_extensions import TypedDict

from nsed.nodes.turns import turns_of
from nsed.protocol.errors import ConfigError, UnsupportedError, did_you_mean
from nsed.state.conversation import task_of

__all__ = ["Asked", "ChatInput", "TaskInput", "task_in"]


class TaskInput(TypedDict):
    """A task by name."""

    task: str
    """What the experts are asked."""


class ChatInput(TypedDict):
    """A chat; its last user message is what is asked."""

    messages: list[Any]
    """Oldest first: LangChain messages, or dicts with `role` and `content`."""


Asked = (
    str
    | TaskInput
    | ChatInput
    | Sequence[Any]
    | Mapping[str, Any]
    | PromptValue
    | BaseMessage
)
"""A task, a chat, or what a prompt template makes."""

_KEYS: Final = ("task", "messages")


def task_in(asked: Asked) -> str:
    """Find the task.

    Raises:
        ConfigError: There is none, or more than text is in it.
    """
    if isinstance(asked, str):
        return _said(asked)
    if isinstance(asked, PromptValue):
        return task_in(asked.to_messages())
    if isinstance(asked, BaseMessage):
        return task_in([asked])
    if isinstance(asked, Mapping):
        return _in_dict(asked)
    if isinstance(asked, Sequence):
        return _in_chat(asked)
    raise ConfigError(
        "input: expected text, {'task': ...}, {'messages': [...]} or a list of "
        f"messages, found {type(asked).__name__}"
    )


def _in_dict(asked: Mapping[str, Any]) -> str:
    for key in asked:
        if key not in _KEYS:
            raise ConfigError(
                f"input: unknown key {str(key)[:40]!r}.{did_you_mean(str(key), _KEYS)} "
                "Expected 'task' or 'messages'"
            )
    if len(asked) != 1:
        raise ConfigError("input: expected either 'task' or 'messages', one of them")
    if "messages" in asked:
        return task_in(asked["messages"])
    if not isinstance(asked["task"], str):
        kind = type(asked["task"]).__name__
        raise ConfigError(f"input: task: expected text, found {kind}")
    return _said(asked["task"])


def _in_chat(asked: Sequence[Any]) -> str:
    try:
        messages = convert_to_messages(list(asked))
    except (NotImplementedError, ValueError) as error:
        raise ConfigError(
            f"input: messages: not as LangChain has them: {error}"
        ) from error
    try:
        return task_of(turns_of(messages))
    except (UnsupportedError, ValueError) as error:
        raise ConfigError(f"input: {error}") from error


def _said(task: str) -> str:
    if not task.strip():
        raise ConfigError("input: the task is empty; say what the experts are asked")
    return task
