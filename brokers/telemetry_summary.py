"""A summary: what the telemetry says of one expert at one moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nsed.brokers.call_statistics import BUCKET, FAILED, CallStatistics
from nsed.brokers.decay import SLOW_HALF_LIFE_S, DecayedSums
from nsed.brokers.latency_histogram import quantile
from nsed.protocol.usage import NANO_USD

__all__ = ["Summary", "summarise"]

_FORGOTTEN = 1e-3
"""Weight below which a call without a known price no longer hides the price: ten
half-lives."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of an expert; None where nothing is.

    Weights are decayed counts: a call counts 1 when it ends and half of that a
    half-life later.
    """

    calls: float = 0.0
    """Weight of the calls."""
    calls_ever: int = 0
    """How many there were, undecayed."""
    ewma_latency_ms: float | None = None
    """Mean latency, weighted by how recent a call is: an exponential moving average
    over time, not over calls, so that it does not depend on the order of merging.
    Successes and timeouts count."""
    p95_latency_ms: float | None = None
    """Within 3.9 %, over the same calls with the same weights."""
    tokens_per_s: float | None = None
    """Output tokens a second of successful calls, prompt time included."""
    first_token_ms: float | None = None
    """Mean time to the first token, of the calls where it is known."""
    failure_rate: float | None = None
    """Share of the calls that failed."""
    failures: Mapping[str, float] = field(default_factory=dict)
    """The same by kind of failure."""
    input_tokens: float | None = None
    """Mean of a call, over those that used any tokens."""
    output_tokens: float | None = None
    """As above."""
    usd: float | None = None
    """As above; None while the price of any of them is unknown."""
    net_support: float | None = None
    """Mean net support its proposals won, in [-1, 1]."""
    net_support_weight: float = 0.0
    """Weight of those proposals."""
    agreed: float = 0.0
    """Weight of its ballots that put the final winner's answer first."""
    disagreed: float = 0.0
    """Weight of its ballots that did not."""
    right: float = 0.0
    """Weight of its graded answers that were right."""
    wrong: float = 0.0
    """Weight of its graded answers that were wrong."""
    last_seen: float | None = None
    """Unix time at which its latest call ended."""


def summarise(
    calls: Iterable[CallStatistics], learned: Iterable[DecayedSums], now: float
) -> Summary:
    """Pool what is known, as of `now` (Unix seconds)."""
    pooled = sum(calls, CallStatistics())
    seen = pooled.sums.as_of(now)
    known = DecayedSums.total(SLOW_HALF_LIFE_S, learned).as_of(now)
    count, replied = seen.get("calls", 0.0), seen.get("replied", 0.0)
    failures = {
        name.removeprefix(FAILED): weight / count
        for name, weight in sorted(seen.items())
        if name.startswith(FAILED) and count
    }
    buckets = {
        int(name.removeprefix(BUCKET)): weight
        for name, weight in seen.items()
        if name.startswith(BUCKET)
    }
    usd = _ratio(seen, "nano_usd", replied)
    if usd is not None and seen.get("unpriced", 0.0) >= _FORGOTTEN:
        usd = None
    return Summary(
        calls=count,
        calls_ever=pooled.calls_ever,
        ewma_latency_ms=_ratio(seen, "timed_ms", seen.get("timed", 0.0)),
        p95_latency_ms=quantile(buckets, 0.95),
        tokens_per_s=_ratio(seen, "fast_tokens", seen.get("fast_s", 0.0)),
        first_token_ms=_ratio(seen, "first_ms", seen.get("first", 0.0)),
        failure_rate=sum(failures.values()) if count else None,
        failures=failures,
        input_tokens=_ratio(seen, "input_tokens", replied),
        output_tokens=_ratio(seen, "output_tokens", replied),
        usd=None if usd is None else usd / NANO_USD,
        net_support=_ratio(known, "support", known.get("supported", 0.0)),
        net_support_weight=known.get("supported", 0.0),
        agreed=known.get("agreed", 0.0),
        disagreed=known.get("disagreed", 0.0),
        right=known.get("right", 0.0),
        wrong=known.get("wrong", 0.0),
        last_seen=pooled.last_seen if pooled.calls_ever else None,
    )


def _ratio(sums: Mapping[str, float], name: str, weight: float) -> float | None:
    return sums.get(name, 0.0) / weight if weight > 0 else None
