"""A run as the log knows it: what it was asked, with what, and how far it came."""

from typing import Final, Literal

from nsed.state.context import DeliberationConfig
from nsed.state.record import Record

__all__ = ["SHORT_ID", "KnownRun", "RunEnd", "RunState"]

SHORT_ID: Final = 8
"""How many characters of an id are shown; the beginning of it is enough to name it."""

RunState = Literal["open", "waiting", "finished", "failed"]


class RunEnd(Record):
    """What came of a run, as far as it came."""

    rounds: int = 0
    """Rounds that were decided."""
    answer: str = ""
    nano_usd: int | None = None
    """None where the price of a call is unknown."""
    reason: str = ""
    """Why there is no answer, where it failed; what is asked, where it waits."""


class KnownRun(Record):
    """All that is needed to go on with a run, but for its state. No secrets."""

    id: str
    begun_at: float
    """Unix time, in seconds."""
    version: str
    """Of the nsed that began it."""
    graph: str
    task: str
    config: DeliberationConfig
    forked_from: str = ""
    """Where it was taken over from another run: `<id>, before round 2`."""
    state: RunState = "open"
    """`open` is at work, or was until its process ended."""
    end: RunEnd = RunEnd()
