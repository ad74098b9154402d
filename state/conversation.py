"""A conversation as a task: what was said before, then what is asked now."""

from collections.abc import Sequence
from typing import Literal

from nsed.state.record import Record

__all__ = ["Role", "Turn", "task_of"]

Role = Literal["system", "user", "assistant", "tool"]

_SAID = {
    "system": "Instructions",
    "user": "User",
    "assistant": "Answer",
    "tool": "Tool result",
}


class Turn(Record):
    """One message of a chat."""

    role: Role
    text: str


def task_of(turns: Sequence[Turn]) -> str:
    """Write a chat as one task: experts see what a single model would have seen.

    One lone user message is the task as it stands. Otherwise the instructions come
    first, then the conversation in order, then the last user message as the question.

    Args:
        turns: The chat, oldest first; the last user message is what is asked.

    Raises:
        ValueError: Nobody asks anything: there is no user message with text.
    """
    asked = [n for n, turn in enumerate(turns) if turn.role == "user" and turn.text]
    if not asked:
        msg = "the messages ask nothing: there is no user message with text in them"
        raise ValueError(msg)
    if len(turns) == 1:
        return turns[0].text
    last = asked[-1]
    rules = [turn.text for turn in turns if turn.role == "system" and turn.text]
    said = [
        f"{_SAID[turn.role]}: {turn.text}"
        for n, turn in enumerate(turns)
        if n != last and turn.role != "system" and turn.text
    ]
    parts = []
    if rules:
        parts.append("Instructions:\n" + "\n\n".join(rules))
    if said:
        parts.append("Conversation so far:\n" + "\n\n".join(said))
    question = turns[last].text
    parts.append(f"The question now:\n{question}" if parts else question)
    return "\n\n".join(parts)
