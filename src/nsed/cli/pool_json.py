"""The pool as JSON: no address and no key is in it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nsed.cli.pool_member import Member, probes_usage
from nsed.protocol.usage import Usage

__all__ = ["pool_json"]

_FACTS = ("name", "provider", "model", "model_class", "family", "host", "vram_bytes")
_PRICES = ("usd_per_mtok_input", "usd_per_mtok_output", "price_source")
_SEEN = (
    "calls_ever",
    "failure_rate",
    "p95_latency_ms",
    "tokens_per_s",
    "first_token_ms",
    "last_seen",
)


def pool_json(members: Sequence[Member]) -> dict[str, Any]:
    """Everybody, and what the probes cost. Times are Unix seconds; null is unknown."""
    return {
        "experts": [_member(member) for member in members],
        "probes": _cost(probes_usage(members)),
    }


def _member(member: Member) -> dict[str, Any]:
    config, known, standing = member.config, member.known, member.standing
    low, high = known.chance.interval
    return {
        **{key: getattr(config, key) for key in (*_FACTS, *_PRICES)},
        "standing": None
        if standing is None
        else {
            "state": standing.state,
            "kind": standing.kind,
            "reason": standing.reason,
            "latency_ms": standing.latency_ms,
            **_cost(standing.usage),
        },
        "seen": {key: getattr(known.summary, key) for key in _SEEN},
        "chance": {
            "mean": known.chance.mean,
            "low": low,
            "high": high,
            "observed": known.chance.observed,
        },
        "circuit": asdict(known.circuit),
    }


def _cost(usage: Usage) -> dict[str, Any]:
    return {"calls": usage.calls, "tokens": usage.tokens, "usd": usage.usd}
