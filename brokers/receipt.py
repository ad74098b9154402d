"""The receipt: what the broker chose, why, and what would have let others in."""

from dataclasses import replace

from nsed.brokers.clashes import Limit, minimal_clash, smallest_changes
from nsed.brokers.correlation import effective_number, mean_correlation
from nsed.brokers.forecast import forecast_of
from nsed.brokers.knapsack import NO_LIMIT, Solution, Use, solve, use_of
from nsed.brokers.limit_words import change_in_words, limit_name, unit_of
from nsed.brokers.team_problem import ROLES, UNITS, TeamProblem
from nsed.protocol.usage import NANO_USD
from nsed.state.team import LeftOut, LimitUse, Receipt, SeatReason

__all__ = ["receipt_of"]

EXAMINED = (6, 24)
"""How many experts left out are looked into during a run, and in a plan."""
LARGE = 100
"""From so many possible seats on only a few are looked into."""
ASIDE = ("", " (set aside for answers)", " (set aside for reviews)")
"""What the same cap is held against; see `seat_numbers.resources`."""
EFFORT = 0.2
"""Most work for each of them, in the solver's deterministic time."""


def receipt_of(posed: TeamProblem, found: Solution) -> Receipt:
    """Account for a choice."""
    problem = posed.problem
    total = sum(int(problem.values[seat]) for seat in found.seats)
    proposers = [posed.listings[m] for m, r in found.seats if r == problem.counted]
    correlation = mean_correlation(proposers, posed.request.telemetry)
    use = use_of(problem, found.seats)
    return Receipt(
        status="optimal" if found.status == "optimal" else "feasible",
        objective=found.value / UNITS,
        bound=found.bound / UNITS,
        gap=found.gap,
        redundancy=(total - found.value) / UNITS,
        chosen=tuple(_reason(posed, m, r, use, found.seats) for m, r in found.seats),
        limits=tuple(_limits(posed, found, use)),
        left_out=tuple(_left_out(posed, found)),
        correlation=correlation,
        n_eff=effective_number(len(proposers), correlation),
        forecast=forecast_of(posed, found.seats),
        notes=tuple(_notes(posed, found)),
    )


def _reason(
    posed: TeamProblem, m: int, r: int, use: Use, seats: tuple[tuple[int, int], ...]
) -> SeatReason:
    listing, worth = posed.listings[m], posed.worth[m, r]
    problem, seat = posed.problem, posed.use[m, r]
    own = (m, problem.counted) in seats
    read = use.seats[problem.counted] - own if r != problem.counted else 0
    low, high = worth.chance.interval
    values = problem.values[:, r][problem.eligible[:, r]]
    rank = 1 + int((values > problem.values[m, r]).sum())
    why = f"{_ordinal(rank)} of {len(values)} by value"
    if m in problem.pins:
        why = f"pinned; {why}"
    return SeatReason(
        expert=listing.name,
        role=ROLES[r],
        value=int(problem.values[m, r]) / UNITS,
        chance=worth.chance.mean,
        low=low,
        high=high,
        observed=worth.chance.observed,
        usd=(seat.base.nano_usd + read * seat.slope.nano_usd) / NANO_USD
        if seat.priced
        else None,
        latency_s=posed.latency_s[m, r],
        why=why,
    )


def _limits(posed: TeamProblem, found: Solution, use: Use) -> list[LimitUse]:
    """Each limit, how much of it is used and what is left."""
    problem, config = posed.problem, posed.request.config
    rows = []
    for r, seats in enumerate(use.seats):
        for kind, allowed in (("least", problem.least[r]), ("most", problem.most[r])):
            name = limit_name(Limit("least" if kind == "least" else "most", r), posed)
            rows.append((name, "seats", 1.0, seats, allowed, kind == "least"))
    for i, used in enumerate(use.resources):
        limit = Limit("resource", i)
        unit, scale = unit_of(limit, posed)
        capacity = problem.resources[i].capacity
        name = limit_name(limit, posed)
        again = sum(name == row[0].partition(" (")[0] for row in rows)
        name += ASIDE[again]
        rows.append((name, unit, scale, used, capacity, False))
    for h, used in enumerate(use.hosts):
        limit = Limit("memory", h)
        unit, scale = unit_of(limit, posed)
        capacity = problem.host_capacity[h]
        rows.append((limit_name(limit, posed), unit, scale, used, capacity, False))
    if problem.min_families > 1:
        rows.append(
            ("min_families", "families", 1.0, use.families, problem.min_families, True)
        )
    table = [
        LimitUse(
            limit=name,
            unit=unit,
            used=used / scale,
            allowed=allowed / scale,
            slack=(used - allowed if is_least else allowed - used) / scale,
        )
        for name, unit, scale, used, allowed, is_least in rows
    ]
    if config.phase_latency_s is not None:
        slowest = max((posed.latency_s[s] or 0.0 for s in found.seats), default=0.0)
        allowed_s = config.phase_latency_s
        slack = allowed_s - slowest
        table.append(
            LimitUse(
                limit="phase_latency_s",
                unit="s",
                used=slowest,
                allowed=allowed_s,
                slack=slack,
            )
        )
    return table


def _left_out(posed: TeamProblem, found: Solution) -> list[LeftOut]:
    sitting = {m for m, _ in found.seats}
    shut = [
        LeftOut(
            expert=posed.listings[m].name,
            why=why.partition("; ")[0],
            change=why.partition("; ")[2],
        )
        for m, why in posed.shut.items()
    ]
    best = posed.problem.values.max(axis=1)
    others = [
        m
        for m in sorted(
            range(len(best)), key=lambda m: (-best[m], posed.listings[m].name)
        )
        if m not in sitting and m not in posed.shut
    ]
    most = EXAMINED[posed.request.thorough]
    if int(posed.problem.eligible.sum()) > LARGE:
        most //= 8
    examined = [_let_in(posed, found, m) for m in others[:most]]
    return [
        *examined,
        *(
            LeftOut(
                expert=posed.listings[m].name,
                why="others are worth more within the limits",
                change="not looked into: pin it, and a plan says what it costs",
            )
            for m in others[most:]
        ),
        *shut,
    ]


def _let_in(posed: TeamProblem, found: Solution, m: int) -> LeftOut:
    """Solve again with an expert pinned: what is lost, or which limit breaks."""
    name = posed.listings[m].name
    pinned = replace(posed.problem, pins=posed.problem.pins | {m})
    if not pinned.eligible[m].any():
        return LeftOut(expert=name, why="it may take no role", change="")
    with_it = solve(pinned, effort=EFFORT)
    if with_it.found:
        lost = (found.value - with_it.value) / UNITS
        out = {n for n, _ in found.seats} - {n for n, _ in with_it.seats}
        gone = ", ".join(sorted(posed.listings[n].name for n in out))
        instead = f" instead of {gone}" if gone else ""
        why = "as good as those chosen" if lost <= 0 else "others are worth more"
        return LeftOut(
            expert=name,
            why=why,
            change=f"pin it: it sits{instead}, {max(lost, 0.0):.3f} nats less in "
            f"{posed.rounds} rounds",
            value_lost=max(lost, 0.0),
        )
    clash = tuple(c for c in minimal_clash(pinned) if c != Limit("pin", m))
    changes = [c for c in smallest_changes(pinned, clash) if c.limit in clash]
    broken = ", ".join(limit_name(limit, posed) for limit in clash)
    return LeftOut(
        expert=name,
        why=f"a team with it breaks {broken}"
        if broken
        else "no team with it was found",
        change=change_in_words(changes[0], posed) if changes else "",
        limit_broken=limit_name(changes[0].limit, posed) if changes else broken or None,
    )


def _notes(posed: TeamProblem, found: Solution) -> list[str]:
    """What the reader should know before he trusts the numbers."""
    config, notes = posed.request.config, []
    left = config.rounds - posed.request.round + 1
    if posed.rounds < left:
        notes.append(f"the limits carry {posed.rounds} of {left} rounds")
    for r, role in enumerate(ROLES):
        least = (config.least_proposers, config.least_reviewers)[r]
        if posed.problem.least[r] < least:
            notes.append(
                f"only {posed.problem.least[r]} instead of least_{role}s = {least}: "
                f"nobody else may be a {role}"
            )
    names = {m: posed.listings[m].name for m, _ in found.seats}
    unpriced = [n for m, n in names.items() if "price" in posed.listings[m].unknown]
    if unpriced:
        notes.append(f"price unknown: {', '.join(unpriced)}")
    unseen = [
        n
        for m, n in names.items()
        if all(posed.latency_s.get((m, r)) is None for r in range(len(ROLES)))
    ]
    if unseen and config.phase_latency_s is not None:
        notes.append(
            f"latency not known yet, taken as within the limit: {', '.join(unseen)}"
        )
    shown = posed.problem.shown
    if shown is not None and any(
        shown[s] < NO_LIMIT and shown[s] == 0 for s in found.seats
    ):
        notes.append("a reviewer's context window holds no candidate")
    if found.status == "feasible":
        notes.append(
            f"not proven best: at most {100 * found.gap:.2f} % could be gained"
        )
    return notes


def _ordinal(n: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{'th' if n % 100 in (11, 12, 13) else ending}"
