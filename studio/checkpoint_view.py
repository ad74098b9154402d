"""Checkpoints as JSON: a line for each, and the whole state at one of them."""

from typing import Any, Final, Self

from langgraph.types import StateSnapshot
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_jsonable_python

from nsed.studio.run_history import Step, bytes_of, id_of

__all__ = ["CheckpointLine", "CheckpointList", "CheckpointState"]

MOST_BYTES: Final = 8_000_000
"""Of one state as JSON."""


class _Reply(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Channel(_Reply):
    """A part of the state."""

    channel: str
    bytes: int
    """Its length as JSON."""


class CheckpointLine(_Reply):
    """A run after one of its steps."""

    id: str
    step: int
    """-1 is the input."""
    next: list[str]
    """The steps that come next, or are at work."""
    round: int
    """0 before the first."""
    created_at: str
    """ISO 8601, in UTC."""
    writes: list[Channel]
    """What the step that led here wrote."""

    @classmethod
    def of(cls, step: Step) -> Self:
        """Sum it up."""
        return cls(**_line(step.snapshot), writes=_channels(step.writes))


class CheckpointList(_Reply):
    """The latest checkpoints of a run, the oldest of them first."""

    checkpoints: list[CheckpointLine]


class CheckpointState(_Reply):
    """The state of a run after one of its steps."""

    id: str
    step: int
    next: list[str]
    round: int
    created_at: str
    state: dict[str, Any]
    """By channel, texts complete."""
    left_out: list[Channel]
    """Channels that did not fit into 8 MB of JSON."""

    @classmethod
    def of(cls, snapshot: StateSnapshot) -> Self:
        """Write it as JSON."""
        state: dict[str, Any] = {}
        left_out: dict[str, int] = {}
        room = MOST_BYTES
        for channel, value in sorted(
            snapshot.values.items(), key=lambda item: bytes_of(item[1])
        ):
            size = bytes_of(value)
            if size > room:
                left_out[channel] = size
                continue
            room -= size
            state[channel] = to_jsonable_python(value)
        state = {name: state[name] for name in snapshot.values if name in state}
        return cls(**_line(snapshot), state=state, left_out=_channels(left_out))


def _line(snapshot: StateSnapshot) -> dict[str, Any]:
    metadata: dict[str, Any] = {**(snapshot.metadata or {})}
    return {
        "id": id_of(snapshot),
        "step": metadata.get("step", -1),
        "next": list(dict.fromkeys(snapshot.next)),
        "round": snapshot.values.get("round", 0),
        "created_at": snapshot.created_at or "",
    }


def _channels(sizes: dict[str, int]) -> list[Channel]:
    return [Channel(channel=name, bytes=size) for name, size in sizes.items()]
