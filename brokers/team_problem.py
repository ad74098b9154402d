"""From experts, beliefs and prices to the numbers of the knapsack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from nsed.brokers.base import BindRequest
from nsed.brokers.catalogue import Listing, catalogue
from nsed.brokers.expertise import Expertise, expertise
from nsed.brokers.knapsack_problem import Ints, Problem
from nsed.brokers.seat_cost import Lengths, SeatUse, seat_use
from nsed.brokers.seat_numbers import (
    candidates_shown,
    crowds,
    matrix,
    redundancy,
    resources,
)
from nsed.state.team import Role, TaskProfile

__all__ = ["ROLES", "UNITS", "TeamProblem", "pose"]

ROLES: Final[tuple[Role, ...]] = ("proposer", "reviewer")
UNITS: Final = 1_000_000
"""Values are counted in millionths of a nat."""


@dataclass(frozen=True)
class TeamProblem:
    """A knapsack, and what its rows and columns stand for."""

    problem: Problem
    request: BindRequest
    profile: TaskProfile
    rounds: int
    """Planned rounds."""
    lengths: Lengths
    listings: tuple[Listing, ...]
    """One a row."""
    worth: Mapping[tuple[int, int], Expertise]
    use: Mapping[tuple[int, int], SeatUse]
    latency_s: Mapping[tuple[int, int], float | None]
    """p95 of one call; None where nothing was seen yet."""
    shut: Mapping[int, str]
    """Experts who may take no seat whatever it costs, and why."""
    hosts: tuple[str, ...]


def pose(request: BindRequest, profile: TaskProfile, *, rounds: int) -> TeamProblem:
    """Write a choice of team down in numbers.

    Args:
        request: Pool, limits, telemetry, and what is spent already.
        profile: Of the task.
        rounds: How many rounds the team is to be paid for.
    """
    config, now = request.config, request.now
    listings = catalogue(config, profile=profile)
    shut = _shut(listings, request)
    seats = [
        (m, r)
        for m, listing in enumerate(listings)
        for r, role in enumerate(ROLES)
        if role in listing.roles and m not in shut
    ]
    lengths = Lengths(profile, config, request.prompts)
    worth, use, latency = {}, {}, {}
    for m, r in seats:
        listing, role = listings[m], ROLES[r]
        worth[m, r] = expertise(
            listing,
            role,
            category=profile.category,
            telemetry=request.telemetry,
            now=now,
            wrong_answers=config.plausible_wrong_answers,
            explore=config.seed if config.explore else None,
            verify=config.verify,
        )
        seen = request.telemetry.summary(listing.identity, now, role=role)
        here = request.telemetry.summary(
            listing.identity, now, role=role, category=profile.category
        )
        use[m, r] = seat_use(
            config.experts[m],
            role,
            lengths=lengths,
            rounds=rounds,
            seen_output=here.output_tokens or seen.output_tokens,
            has_memory=request.round > 1,
        )
        p95 = seen.p95_latency_ms
        latency[m, r] = None if p95 is None else p95 / 1000
    hosts = tuple(sorted(config.hosts))
    shape = (len(listings), len(ROLES))
    values = matrix(
        shape,
        {
            # Where nothing is paid even a little dissent is worth a seat.
            s: max(not use[s].base.nano_usd, round(w.value * UNITS))
            for s, w in worth.items()
        },
    )
    eligible = matrix(shape, dict.fromkeys(seats, 1)) > 0
    authors = np.flatnonzero(eligible[:, 0])
    if len(authors) == 1:  # nobody reads his own
        eligible[authors[0], 1] = False
    overlap, penalty = redundancy(request, listings, eligible, values)
    many = eligible.sum(axis=0).tolist()
    problem = Problem(
        values=values,
        eligible=eligible,
        least=tuple(
            min(least, n)
            for least, n in zip(
                (config.least_proposers, config.least_reviewers), many, strict=True
            )
        ),
        most=tuple(
            n if most is None else most
            for most, n in zip(
                (config.most_proposers, config.most_reviewers), many, strict=True
            )
        ),
        resources=resources(request, shape, use, rounds, lengths),
        memory=np.array([x.vram_bytes or 0 for x in listings], dtype=np.int64),
        host=np.array([_index(x.host, hosts) for x in listings], dtype=np.int64),
        host_capacity=tuple(config.hosts[h] for h in hosts),
        endpoint=_numbered([x.server_key for x in listings]),
        crowd=crowds(request, listings, latency, shape),
        shown=candidates_shown(request, listings, lengths, shape),
        family=_numbered([x.family for x in listings]),
        min_families=config.min_families,
        reads_others=True,
        pins=frozenset(m for m, x in enumerate(listings) if x.name in config.pins),
        overlap=overlap,
        penalty=penalty,
        price=matrix(shape, {s: u.base.nano_usd // 1000 for s, u in use.items()}),
    )
    return TeamProblem(
        problem=problem,
        request=request,
        profile=profile,
        rounds=rounds,
        lengths=lengths,
        listings=listings,
        worth=worth,
        use=use,
        latency_s=latency,
        shut=shut,
        hosts=hosts,
    )


def _shut(listings: tuple[Listing, ...], request: BindRequest) -> dict[int, str]:
    """Who may take no seat at all: by the configuration, or because he is gone."""
    shut = {}
    for m, listing in enumerate(listings):
        circuit = request.telemetry.circuit(listing.identity, request.now)
        if listing.why_not:
            shut[m] = listing.why_not
        elif cause := request.unreachable.get(listing.name):
            shut[m] = f"gone: {cause}"
        elif circuit.state == "open":
            left = max(0.0, (circuit.until or request.now) - request.now)
            shut[m] = (
                f"its circuit is open ({circuit.cause}); it is tried again in "
                f"{left:.0f} s"
            )
    return shut


def _numbered(names: list[str]) -> Ints:
    """Numbers for names, by their order in the alphabet."""
    ranked = {name: i for i, name in enumerate(sorted(set(names)))}
    return np.array([ranked[name] for name in names], dtype=np.int64)


def _index(host: str | None, hosts: tuple[str, ...]) -> int:
    return hosts.index(host) if host in hosts else -1
