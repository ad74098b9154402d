"""Telemetry as plain JSON data, with a schema version, and back; junk is an error."""

from collections.abc import Mapping
from math import inf, isfinite
from typing import Any, Final

from nsed.brokers.call_statistics import BUCKET, CallStatistics
from nsed.brokers.circuit import CircuitFacts
from nsed.brokers.decay import HALF_LIFE_S, SLOW_HALF_LIFE_S, DecayedSums

__all__ = ["SCHEMA_VERSION", "Tables", "tables_from_json", "tables_to_json"]

SCHEMA_VERSION: Final = 1

Tables = tuple[
    Mapping[tuple[str, str, str], CallStatistics],
    Mapping[tuple[str, str], DecayedSums],
    Mapping[tuple[str, str, str], DecayedSums],
    Mapping[str, CircuitFacts],
]
"""Calls, learned, joints and circuits, as `Telemetry` has them."""


def tables_to_json(tables: Tables) -> dict[str, Any]:
    """Write one row a key, in order of the keys."""
    calls, learned, joints, circuits = tables
    return {
        "schema_version": SCHEMA_VERSION,
        "calls": [
            [*key, c.calls_ever, c.last_seen, c.sums.at, dict(c.sums.sums)]
            for key, c in sorted(calls.items())
        ],
        "learned": [[*key, s.at, dict(s.sums)] for key, s in sorted(learned.items())],
        "joints": [[*key, s.at, dict(s.sums)] for key, s in sorted(joints.items())],
        "circuits": [
            [
                expert,
                None if facts.last_success_at == -inf else facts.last_success_at,
                [list(failure) for failure in facts.failures],
            ]
            for expert, facts in sorted(circuits.items())
        ],
    }


def tables_from_json(data: object) -> Tables:
    """Read it back.

    Raises:
        ValueError: It is not telemetry, or of a version we do not know.
    """
    found = data.get("schema_version") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or found != SCHEMA_VERSION:
        msg = f"need telemetry of schema version {SCHEMA_VERSION}, found {found!r}"
        raise ValueError(msg)
    try:
        return (
            {
                (_text(expert), _text(role), _text(category)): CallStatistics(
                    _count(ever), _number(last), _sums(HALF_LIFE_S, at, sums)
                )
                for expert, role, category, ever, last, at, sums in data["calls"]
            },
            {
                (_text(expert), _text(category)): _sums(SLOW_HALF_LIFE_S, at, sums)
                for expert, category, at, sums in data["learned"]
            },
            {
                (_text(a), _text(b), _text(category)): _sums(SLOW_HALF_LIFE_S, at, sums)
                for a, b, category, at, sums in data["joints"]
            },
            {
                _text(expert): CircuitFacts(
                    -inf if success is None else _number(success),
                    tuple((_number(at), _text(kind)) for at, kind in failures),
                )
                for expert, success, failures in data["circuits"]
            },
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = f"this is not telemetry: {error!r}"
        raise ValueError(msg) from error


def _sums(half_life_s: float, at: object, sums: Mapping[str, object]) -> DecayedSums:
    named = {_text(name): _number(value) for name, value in sums.items()}
    for name in named:
        if name.startswith(BUCKET):
            int(name.removeprefix(BUCKET))  # or it is no bucket
    return DecayedSums(half_life_s, _number(at), named)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"expected a text, found {value!r}")


def _number(value: object) -> float:
    if isinstance(value, int | float) and isfinite(value):
        return float(value)
    raise TypeError(f"expected a finite number, found {value!r}")


def _count(value: object) -> int:
    if isinstance(value, int) and value >= 0:
        return value
    raise TypeError(f"expected a count, found {value!r}")
