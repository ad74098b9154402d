"""The forecast: what a team is expected to use, and what the rounds should bring."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nsed.brokers.seat_cost import SeatUse, seat_use
from nsed.brokers.team_problem import ROLES, TeamProblem
from nsed.protocol.usage import NANO_USD, Usage, total_usage
from nsed.state.team import Forecast

__all__ = ["forecast_of"]


def forecast_of(posed: TeamProblem, seats: Iterable[tuple[int, int]]) -> Forecast:
    """Add up the seats over all planned rounds, at least and at most."""
    chosen = list(seats)
    expected = _sum(posed, chosen, posed.use)
    least = _sum(posed, chosen, _uses(posed, chosen, rounds=1, longest=False))
    most = _sum(posed, chosen, _uses(posed, chosen, rounds=posed.rounds, longest=True))
    return Forecast(
        rounds=posed.rounds,
        calls=expected.calls,
        input_tokens=expected.input_tokens,
        output_tokens=expected.output_tokens,
        usd=_usd(expected),
        usd_least=_usd(least),
        usd_most=_capped(posed, _usd(most)),
        seconds=_seconds(posed, chosen),
        utility=tuple(
            posed.request.config.curve.utility(t) for t in range(1, posed.rounds + 1)
        ),
    )


def _uses(
    posed: TeamProblem, seats: list[tuple[int, int]], *, rounds: int, longest: bool
) -> dict[tuple[int, int], SeatUse]:
    lengths = replace(posed.lengths, longest=longest)
    return {
        (m, r): seat_use(
            posed.request.config.experts[m],
            ROLES[r],
            lengths=lengths,
            rounds=rounds,
            has_memory=posed.request.round > 1,
        )
        for m, r in seats
    }


def _sum(
    posed: TeamProblem,
    seats: list[tuple[int, int]],
    use: Mapping[tuple[int, int], SeatUse],
) -> Usage:
    writes = {m for m, r in seats if r == posed.problem.counted}
    parts = []
    for m, r in seats:
        seat = use[m, r]
        parts.append(seat.base)
        if r != posed.problem.counted:
            parts += [seat.slope] * (len(writes) - (m in writes))
    return total_usage(parts)


def _capped(posed: TeamProblem, usd: float | None) -> float | None:
    """No run spends more than its cap leaves."""
    cap = posed.request.config.caps.nano_usd
    if usd is None or cap is None:
        return usd
    return min(usd, max(0, cap - posed.request.spent.nano_usd) / NANO_USD)


def _usd(usage: Usage) -> float | None:
    return None if usage.unpriced_calls else usage.nano_usd / NANO_USD


def _seconds(posed: TeamProblem, seats: list[tuple[int, int]]) -> float | None:
    """A phase lasts as long as its slowest seat; unknown ones are left out."""
    phases = [
        max(known)
        for r in range(len(ROLES))
        if (known := [s for m, q in seats if q == r and (s := posed.latency_s[m, q])])
    ]
    return posed.rounds * sum(phases) if phases else None
