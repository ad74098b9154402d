"""The circuit breaker: whom not to ask for a while, by the facts alone [ours].

Only what waiting does not mend opens a circuit: a model that is gone, a key that is
refused, or three timeouts without a success between. Rate limits, malformed replies,
server errors and plain connection errors never do: they are retried, and they count
in the failure rate.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Literal

__all__ = [
    "BASE_PAUSE_S",
    "FORGIVEN_AFTER_S",
    "LONGEST_PAUSE_S",
    "Circuit",
    "CircuitFacts",
    "circuit",
]

BASE_PAUSE_S = 30.0
"""First pause; it doubles with every episode. Failures no further apart are one."""
LONGEST_PAUSE_S = 3600.0
FORGIVEN_AFTER_S = 86_400.0
"""Failures older than this are forgotten."""
TIMEOUTS = 3
"""How many timeouts without a success between open a circuit."""
KEPT = 16
"""Most failures that are remembered: enough for the longest pause."""

AT_ONCE = frozenset({"auth", "model_gone"})
COUNTED = AT_ONCE | {"timeout"}


@dataclass(frozen=True, slots=True)
class CircuitFacts:
    """What a circuit is derived from. Merges in any order; a repeat changes nothing."""

    last_success_at: float = -inf
    """Unix seconds."""
    failures: tuple[tuple[float, str], ...] = ()
    """Time and kind of failures later than that, oldest first, at most 16."""

    @classmethod
    def seen(cls, at: float, outcome: str) -> "CircuitFacts":
        """One call or look-up that ended at `at`; `ok` or a kind of failure."""
        if outcome == "ok":
            return cls(last_success_at=at)
        return cls(failures=((at, outcome),)) if outcome in COUNTED else cls()

    def __add__(self, other: "CircuitFacts") -> "CircuitFacts":
        """Union of the failures since the later success, the newest 16."""
        success = max(self.last_success_at, other.last_success_at)
        both = {*self.failures, *other.failures}
        since = sorted(failure for failure in both if failure[0] > success)
        return CircuitFacts(success, tuple(since[-KEPT:]))


@dataclass(frozen=True, slots=True)
class Circuit:
    """Whether an expert may be asked."""

    state: Literal["closed", "open", "half_open"] = "closed"
    """`half_open`: the pause is over; a success closes it, a failure opens it for
    twice as long."""
    until: float | None = None
    """Unix time at which the pause ends, or ended; None when closed."""
    cause: str = ""
    """Kind of the failure that opened it last; empty when closed."""


def circuit(facts: CircuitFacts, now: float) -> Circuit:
    """Derive the state at a time.

    Args:
        facts: Successes and failures seen so far, by anybody.
        now: Unix seconds. What lies in the future, by some other machine's clock,
            counts as if it had happened now.
    """
    recent = [
        (min(at, now), kind)
        for at, kind in facts.failures
        if at > now - FORGIVEN_AFTER_S
    ]
    timeouts = [failure for failure in recent if failure[1] == "timeout"]
    at_once = [failure for failure in recent if failure[1] in AT_ONCE]
    opening = sorted([*at_once, *timeouts[TIMEOUTS - 1 :]])
    if not opening:
        return Circuit()
    last, cause = opening[-1]
    pause = BASE_PAUSE_S * 2.0 ** (_episodes(at for at, _ in opening) - 1)
    until = last + min(pause, LONGEST_PAUSE_S)
    return Circuit("open" if now < until else "half_open", until, cause)


def _episodes(times: Iterable[float]) -> int:
    """Count runs of failures that follow each other within the base pause."""
    count, before = 0, -inf
    for at in times:
        count += at - before > BASE_PAUSE_S
        before = at
    return count
