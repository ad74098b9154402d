"""What is known of an expert's calls in one role and category. Adds up in any order."""

from dataclasses import dataclass, field
from math import inf

from nsed.brokers.decay import HALF_LIFE_S, DecayedSums
from nsed.brokers.latency_histogram import bucket_of
from nsed.brokers.observations import CallSeen

__all__ = ["BUCKET", "FAILED", "CallStatistics"]

FAILED = "failed."
"""Prefix of the sums that count failures by kind."""
BUCKET = "ms<."
"""Prefix of the sums that count latencies by bucket."""


@dataclass(frozen=True, slots=True)
class CallStatistics:
    """Exact counts, and decayed sums by name.

    `calls`; `failed.<kind>`; `timed`, `timed_ms` and `ms<.<bucket>` of successes and
    timeouts; `replied`, `input_tokens`, `output_tokens`, `nano_usd` and `unpriced` of
    calls that used any tokens; `fast_tokens` and `fast_s` for tokens a second;
    `first`, `first_ms` where the time to the first token is known.
    """

    calls_ever: int = 0
    last_seen: float = -inf
    sums: DecayedSums = field(default_factory=lambda: DecayedSums(HALF_LIFE_S))

    @classmethod
    def of(cls, call: CallSeen) -> "CallStatistics":
        """One call."""
        ok, price = call.outcome == "ok", call.nano_usd
        sums: dict[str, float] = {"calls": 1}
        if not ok:
            sums[FAILED + call.outcome] = 1
        if ok or call.outcome == "timeout":  # a timeout took at least so long
            sums |= {"timed": 1, "timed_ms": call.latency_ms}
            sums[f"{BUCKET}{bucket_of(call.latency_ms)}"] = 1
        if ok and call.latency_ms > 0:
            sums["fast_tokens"] = call.output_tokens
            sums["fast_s"] = call.latency_ms / 1000
        if ok and call.first_token_ms is not None:
            sums |= {"first": 1, "first_ms": call.first_token_ms}
        if call.input_tokens or call.output_tokens:
            sums |= {
                "replied": 1,
                "input_tokens": call.input_tokens,
                "output_tokens": call.output_tokens,
                **({"unpriced": 1} if price is None else {"nano_usd": price}),
            }
        return cls(1, call.at, DecayedSums.seen(HALF_LIFE_S, call.at, sums))

    def __add__(self, other: "CallStatistics") -> "CallStatistics":
        """Both together; `CallStatistics()` is the zero."""
        return CallStatistics(
            self.calls_ever + other.calls_ever,
            max(self.last_seen, other.last_seen),
            self.sums + other.sums,
        )
