"""Sums that forget: an observation counts half as much after every half-life."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp2, inf, isfinite

__all__ = ["DAY_S", "HALF_LIFE_S", "SLOW_HALF_LIFE_S", "DecayedSums"]

DAY_S = 86_400.0
HALF_LIFE_S = 7 * DAY_S
"""Of what changes with a provider's load and release: latency, failures, tokens,
prices. [ours]"""
SLOW_HALF_LIFE_S = 90 * DAY_S
"""Of what is learned about an expert's judgement: support won, ballots that agreed,
graded answers, joint errors. It is rare and stays true for longer. [ours]"""


@dataclass(frozen=True, slots=True)
class DecayedSums:
    """Named sums of amounts, each weighted with `2^-((at - seen) / half-life)`.

    A commutative monoid for one half-life: `a + b` brings both to the later reference
    time first, so that order and grouping change nothing but float rounding, and
    nothing underflows but what is forgotten anyway.
    """

    half_life_s: float
    at: float = -inf
    """Unix time the sums refer to, in seconds; of the latest observation."""
    sums: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def seen(
        cls, half_life_s: float, at: float, sums: Mapping[str, float]
    ) -> "DecayedSums":
        """One observation.

        Raises:
            ValueError: The time or an amount is not a finite number. One of them
                would spoil every sum for good.
        """
        bad = [n for n, value in {"at": at, **sums}.items() if not isfinite(value)]
        if bad:
            msg = f"telemetry needs finite numbers, found {bad[0]} of {at=}, {sums}"
            raise ValueError(msg)
        return cls(half_life_s, at, {n: float(v) for n, v in sums.items()})

    def __add__(self, other: "DecayedSums") -> "DecayedSums":
        """Add name by name, as of the later time."""
        if not self.sums or not other.sums:
            return self if self.sums else other
        at = max(self.at, other.at)
        mine, total = self.as_of(at), other.as_of(at)
        for name, value in mine.items():
            total[name] = total.get(name, 0.0) + value
        return DecayedSums(self.half_life_s, at, total)

    @classmethod
    def total(cls, half_life_s: float, parts: Iterable["DecayedSums"]) -> "DecayedSums":
        """Add up any number."""
        return sum(parts, cls(half_life_s))

    def as_of(self, now: float) -> dict[str, float]:
        """The sums decayed until `now`; a clock that runs behind decays nothing."""
        if now <= self.at:
            return dict(self.sums)
        kept = exp2((self.at - now) / self.half_life_s)
        return {name: value * kept for name, value in self.sums.items()}
