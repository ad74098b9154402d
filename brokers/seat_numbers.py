"""Limits of single seats in numbers: money, endpoints, context windows, redundancy."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from nsed.brokers.base import BindRequest
from nsed.brokers.catalogue import Listing
from nsed.brokers.correlation import error_correlation
from nsed.brokers.knapsack_problem import NO_LIMIT, Ints, Resource
from nsed.brokers.seat_cost import BALLOT_TOKENS, Lengths, SeatUse, worst_review
from nsed.protocol.usage import Usage

__all__ = ["candidates_shown", "crowds", "matrix", "redundancy", "resources"]


def resources(
    request: BindRequest,
    shape: tuple[int, int],
    use: Mapping[tuple[int, int], SeatUse],
    rounds: int,
    lengths: Lengths,
) -> tuple[Resource, ...]:
    """What is left under each cap, and what a seat takes of it.

    Each cap counts three times, because the ledger sets the worst case of a phase
    aside before it begins. What must fit: all rounds as expected; earlier rounds and
    the worst case of the last one's answers; all but the last reviews and the worst
    case of those.
    """
    caps, spent = request.config.caps, request.spent

    def of(part: str, usage: Usage) -> int:
        return int(getattr(usage, part))

    found = []
    for name, part, cap in (
        ("max_usd", "nano_usd", caps.nano_usd),
        ("max_tokens", "tokens", caps.tokens),
        ("max_calls", "calls", caps.calls),
    ):
        if cap is None:
            continue
        left = max(0, cap - of(part, spent))
        base = matrix(shape, {s: of(part, u.base) for s, u in use.items()})
        slope = matrix(shape, {s: of(part, u.slope) for s, u in use.items()})
        found.append(Resource(name, left, base, slope))
        if not request.worst_calls:
            continue
        config, many = request.config, (rounds - 1, rounds)
        earlier = base * many[0] // many[1], slope * many[0] // many[1]
        answers, reviews, candidates = (
            earlier[0].copy(),
            earlier[0].copy(),
            earlier[1].copy(),
        )
        for m, r in use:
            if r == 0:
                reviews[m, 0] = base[m, 0]
                worst = request.worst_calls.get(config.experts[m].name)
                answers[m, 0] += of(part, worst) if worst else 0
                continue
            review = worst_review(config.experts[m], lengths)
            reviews[m, r] += of(part, review.base)
            candidates[m, r] += of(part, review.slope)
        found.append(Resource(name, left, answers, earlier[1]))
        found.append(Resource(name, left, reviews, candidates))
    return tuple(found)


def crowds(
    request: BindRequest,
    listings: tuple[Listing, ...],
    latency: Mapping[tuple[int, int], float | None],
    shape: tuple[int, int],
) -> Ints | None:
    """How many seats one endpoint carries, if all are done within the phase's limit.

    c calls at a time of at most t seconds each: n calls take ⌈n/c⌉·t at the most.
    """
    limit = request.config.phase_latency_s
    if limit is None:
        return None
    crowd = np.full(shape, NO_LIMIT, dtype=np.int64)
    for (m, r), seconds in latency.items():
        if seconds:
            crowd[m, r] = listings[m].concurrency * int(limit / seconds)
    return crowd


def candidates_shown(
    request: BindRequest,
    listings: tuple[Listing, ...],
    lengths: Lengths,
    shape: tuple[int, int],
) -> Ints:
    """How many proposals fit each reviewer's context window."""
    shown = np.full(shape, NO_LIMIT, dtype=np.int64)
    for m, listing in enumerate(listings):
        fixed = lengths.prompt(listing.name).review + BALLOT_TOKENS
        room = request.config.experts[m].context_tokens - fixed
        shown[m, 1] = max(0, room // (lengths.shown + lengths.mark))
    return shown


def redundancy(
    request: BindRequest,
    listings: tuple[Listing, ...],
    eligible: np.ndarray,
    values: Ints,
) -> tuple[Ints | None, dict[tuple[int, int], int]]:
    """ρ · correlation · the lesser value: of two that err together one is redundant.

    Returns:
        What every pair shares, as an overlap of each expert, and what single pairs
        share beyond that.
    """
    weight = request.config.redundancy
    proposers = np.flatnonzero(eligible[:, 0]).tolist()
    pairs = list(combinations(proposers, 2))
    if not (weight and pairs):
        return None, {}
    found = {
        (m, n): error_correlation(listings[m], listings[n], request.telemetry)
        for m, n in pairs
    }
    least = min(found.values())
    overlap = (weight * least * values[:, 0]).astype(np.int64)
    further = {
        (m, n): int(weight * (rho - least) * min(values[m, 0], values[n, 0]))
        for (m, n), rho in found.items()
    }
    return overlap, {pair: lost for pair, lost in further.items() if lost}


def matrix(shape: tuple[int, int], entries: Mapping[tuple[int, int], int]) -> Ints:
    """A table of numbers, 0 where none is given."""
    filled = np.zeros(shape, dtype=np.int64)
    for seat, value in entries.items():
        filled[seat] = value
    return filled
