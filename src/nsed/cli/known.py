"""What is known of one expert: its calls so far, how good it is thought to be."""

from collections.abc import Iterable
from dataclasses import dataclass

from nsed.brokers.catalogue import catalogue
from nsed.brokers.circuit import Circuit
from nsed.brokers.decay import SLOW_HALF_LIFE_S, DecayedSums
from nsed.brokers.expertise import Belief, expertise
from nsed.brokers.telemetry import Telemetry
from nsed.brokers.telemetry_summary import Summary
from nsed.state.context import DeliberationConfig
from nsed.state.team import TaskProfile

__all__ = ["Known", "known_of"]

_ANY = "general"
_NO_TASK = TaskProfile(
    category=_ANY, input_tokens=0, answer_tokens=0, critique_tokens=0
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """One expert, as of one moment."""

    summary: Summary
    chance: Belief
    """That its unaided answer is right, in all categories together."""
    circuit: Circuit


def known_of(
    config: DeliberationConfig, telemetry: Telemetry, now: float
) -> dict[str, Known]:
    """Sum up what is known, by the experts' names."""
    # One category for all, so that beliefs are general and not of one kind of task.
    pooled = Telemetry(learned=_in_general(telemetry))
    listings = catalogue(config, profile=_NO_TASK)
    return {
        listing.name: Known(
            summary=telemetry.summary(listing.identity, now),
            chance=expertise(
                listing, "proposer", category=_ANY, telemetry=pooled, now=now
            ).chance,
            circuit=telemetry.circuit(listing.identity, now),
        )
        for listing in listings
    }


def _in_general(telemetry: Telemetry) -> dict[tuple[str, str], DecayedSums]:
    found: dict[str, list[DecayedSums]] = {}
    for (expert, _), sums in telemetry.learned.items():
        found.setdefault(expert, []).append(sums)
    return {(expert, _ANY): _total(parts) for expert, parts in found.items()}


def _total(parts: Iterable[DecayedSums]) -> DecayedSums:
    return DecayedSums.total(SLOW_HALF_LIFE_S, parts)
