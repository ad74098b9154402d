"""Telemetry: what was seen of the experts, as a summary that merges and forgets.

A commutative monoid: `Telemetry()` is the zero, `a + b` is both together in any order
and grouping, so that processes can write on their own and a reader adds up. Merging
is exact but for float rounding. It holds names, counts, times and prices; never a
prompt, an answer or a key.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import inf
from typing import Any, Protocol, Self, TypeVar

from nsed.brokers.call_statistics import CallStatistics
from nsed.brokers.circuit import Circuit, CircuitFacts, circuit
from nsed.brokers.decay import SLOW_HALF_LIFE_S, DecayedSums
from nsed.brokers.observations import (
    AgreementSeen,
    CallSeen,
    Observation,
    OutcomesSeen,
    SupportSeen,
    UnreachableSeen,
)
from nsed.brokers.telemetry_json import tables_from_json, tables_to_json
from nsed.brokers.telemetry_summary import Summary, summarise
from nsed.state.team import Role

__all__ = ["Telemetry"]


class _Adds(Protocol):
    def __add__(self, other: Any) -> Any: ...  # noqa: ANN401 - its own kind


_JOINT = {
    (True, True): "right",
    (True, False): "only_first",
    (False, True): "only_second",
    (False, False): "wrong",
}

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=_Adds)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What is known of all experts."""

    calls: Mapping[tuple[str, str, str], CallStatistics] = field(default_factory=dict)
    """By expert, role and category."""
    learned: Mapping[tuple[str, str], DecayedSums] = field(default_factory=dict)
    """By expert and category: `supported` (a count) and `support`, `agreed` and
    `disagreed`, `right` and `wrong`."""
    joints: Mapping[tuple[str, str, str], DecayedSums] = field(default_factory=dict)
    """By two experts, in order of their names, and category."""
    circuits: Mapping[str, CircuitFacts] = field(default_factory=dict)
    """By expert."""

    @classmethod
    def of(cls, observations: Iterable[Observation]) -> "Telemetry":
        """Sum up single observations.

        Raises:
            ValueError: A time or an amount is not a finite number.
        """
        return cls.total(_seen(observation) for observation in observations)

    @classmethod
    def total(cls, parts: Iterable["Telemetry"]) -> "Telemetry":
        """Add up any number, faster than one by one."""
        calls: dict[tuple[str, str, str], CallStatistics] = {}
        learned: dict[tuple[str, str], DecayedSums] = {}
        joints: dict[tuple[str, str, str], DecayedSums] = {}
        circuits: dict[str, CircuitFacts] = {}
        for part in parts:
            _add(calls, part.calls)
            _add(learned, part.learned)
            _add(joints, part.joints)
            _add(circuits, part.circuits)
        return cls(calls, learned, joints, circuits)

    def __add__(self, other: "Telemetry") -> "Telemetry":
        """Both together."""
        return self.total((self, other))

    @property
    def experts(self) -> tuple[str, ...]:
        """Names of all experts something is known of, in order."""
        named = {key[0] for key in (*self.calls, *self.learned)}
        return tuple(sorted({*named, *self.circuits}))

    def summary(
        self,
        expert: str,
        now: float,
        *,
        role: Role | None = None,
        category: str | None = None,
    ) -> Summary:
        """What is known of an expert.

        Args:
            expert: Its name.
            now: Unix seconds; older observations count less.
            role: Only calls in this role; None for both. Support, agreement and
                grades belong to one role each and are not narrowed.
            category: Only this category; None for all together.
        """
        return summarise(
            (
                found
                for (name, its_role, its_category), found in self.calls.items()
                if name == expert
                and role in (None, its_role)
                and category in (None, its_category)
            ),
            (
                found
                for (name, its_category), found in self.learned.items()
                if name == expert and category in (None, its_category)
            ),
            now,
        )

    def joint(
        self, a: str, b: str, category: str | None = None, *, now: float | None = None
    ) -> tuple[float, float, float, float]:
        """How two experts did on the tasks both were graded on.

        Returns:
            Decayed counts as of `now`, by default of the latest such task: both
            right, only `a` right, only `b` right, both wrong.

        Raises:
            ValueError: `a` and `b` are one expert.
        """
        if a == b:
            msg = f"joint() compares two experts, found {a!r} twice"
            raise ValueError(msg)
        first, second = sorted((a, b))
        both = DecayedSums.total(
            SLOW_HALF_LIFE_S,
            (
                found
                for (*pair, its_category), found in self.joints.items()
                if pair == [first, second] and category in (None, its_category)
            ),
        )
        sums = both.as_of(-inf if now is None else now)
        only = (sums.get("only_first", 0.0), sums.get("only_second", 0.0))
        only_a, only_b = only if a == first else only[::-1]
        return (sums.get("right", 0.0), only_a, only_b, sums.get("wrong", 0.0))

    def circuit(self, expert: str, now: float) -> Circuit:
        """Whether an expert may be asked now (Unix seconds)."""
        return circuit(self.circuits.get(expert, CircuitFacts()), now)

    def as_json(self) -> dict[str, Any]:
        """Plain data with a schema version, for a store."""
        return tables_to_json((self.calls, self.learned, self.joints, self.circuits))

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read it back.

        Raises:
            ValueError: It is not telemetry, or of a version we do not know.
        """
        return cls(*tables_from_json(data))


def _add(total: dict[K, V], part: Mapping[K, V]) -> None:
    for key, value in part.items():
        found = total.get(key)
        total[key] = value if found is None else found + value


def _seen(seen: Observation) -> Telemetry:
    """One observation as telemetry."""
    match seen:
        case CallSeen():
            return Telemetry(
                calls={
                    (seen.expert, seen.role, seen.category): CallStatistics.of(seen)
                },
                circuits={seen.expert: CircuitFacts.seen(seen.at, seen.outcome)},
            )
        case UnreachableSeen():
            facts = CircuitFacts.seen(seen.at, seen.kind)
            return Telemetry(circuits={seen.expert: facts})
        case SupportSeen():
            sums = {"supported": 1.0, "support": seen.net_support}
            return _learned(seen.expert, seen, sums)
        case AgreementSeen():
            sums = {"agreed" if seen.agreed else "disagreed": 1.0}
            return _learned(seen.expert, seen, sums)
        case OutcomesSeen():
            return _graded(seen)


def _learned(
    expert: str,
    seen: SupportSeen | AgreementSeen | OutcomesSeen,
    sums: Mapping[str, float],
) -> Telemetry:
    decayed = DecayedSums.seen(SLOW_HALF_LIFE_S, seen.at, sums)
    return Telemetry(learned={(expert, seen.category): decayed})


def _graded(seen: OutcomesSeen) -> Telemetry:
    each = (
        _learned(expert, seen, {"right" if right else "wrong": 1.0})
        for expert, right in seen.right.items()
    )
    joints = {}
    for (a, a_right), (b, b_right) in combinations(sorted(seen.right.items()), 2):
        name = _JOINT[a_right, b_right]
        sums = DecayedSums.seen(SLOW_HALF_LIFE_S, seen.at, {name: 1.0})
        joints[a, b, seen.category] = sums
    return Telemetry.total((*each, Telemetry(joints=joints)))
