"""How a run stands, whether this process plays it or only the disk knows it."""

from dataclasses import dataclass
from typing import Literal

from nsed.known_run import KnownRun
from nsed.run import VERSION
from nsed.studio.live_run import LiveRun
from nsed.studio.run_errors import RunNotFoundError
from nsed.studio.run_service import RunService

__all__ = ["FoundRun", "Stand", "Standing", "find_run", "standing"]

Stand = Literal["running", "waiting", "finished", "failed", "cancelled", "open"]


@dataclass(frozen=True)
class Standing:
    """How a run stands, and why, in words; empty where that is plain."""

    state: Stand
    """`open` is at work in another process, or was until its process ended."""
    reason: str = ""
    held: bool = False
    """Of an open run: whether another process is at work at it."""


@dataclass(frozen=True)
class FoundRun:
    """A run of somebody who asked for it."""

    known: KnownRun
    live: LiveRun | None
    """None: this process has not played it, or does not remember."""


async def find_run(service: RunService, run_id: str, owner: str) -> FoundRun:
    """Find a run.

    Raises:
        RunNotFoundError: There is none, or it is another owner's.
    """
    live = service.live(run_id, owner)
    if live is not None:
        return FoundRun(live.known, live)
    known = await service.known(run_id, owner)
    if known is None:
        raise RunNotFoundError
    return FoundRun(known, service.live(run_id, owner))


async def standing(service: RunService, found: FoundRun) -> Standing:
    """How it stands at this moment."""
    known, live = found.known, found.live
    if live is not None:
        return Standing(live.state, live.reason)
    if known.state in ("finished", "failed"):
        return Standing(known.state, known.end.reason)
    place = service.checkpoints
    if place is not None and await place.log.is_held(known.id):
        return Standing("open", "another process is at work at it", held=True)
    if known.state == "waiting":
        words = f"it waits for a decision after round {known.end.rounds}"
        return Standing("waiting", words)
    if known.version != VERSION:
        words = (
            f"its process ended; nsed {known.version}, which began it, can resume it"
        )
        return Standing("open", words)
    return Standing("open", "its process ended before it was over; it can be resumed")
