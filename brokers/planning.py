"""How many rounds to pay for, and with whom: the team and the rounds together.

A cap may carry a small team for all rounds or a larger one for fewer. Each number of
rounds is its own knapsack; what counts is its value times the utility U(t) of so many
rounds [ours].
"""

from bisect import bisect_left
from dataclasses import replace
from math import ceil

from nsed.brokers.base import BindRequest
from nsed.brokers.clashes import joint_change, minimal_clash, smallest_changes
from nsed.brokers.knapsack import EFFORT, Solution, solve
from nsed.brokers.limit_words import change_in_words, limit_name
from nsed.brokers.team_problem import ROLES, TeamProblem, pose
from nsed.protocol.errors import InfeasibleTeam
from nsed.state.team import TaskProfile

__all__ = ["plan"]

LEAST_UTILITY = 1e-6
MOST_WAVES = 9
"""How many calls after one another at one endpoint are looked into, and one."""


def plan(
    request: BindRequest, profile: TaskProfile, *, effort: float = EFFORT
) -> tuple[TeamProblem, Solution]:
    """Choose team and rounds.

    Args:
        request: Who may be chosen, and the limits.
        profile: Of the task.
        effort: Most work for all numbers of rounds together.

    Raises:
        InfeasibleTeam: Not even one round has a team within the limits.
    """
    rounds_left = request.config.rounds - request.round + 1
    tried: dict[int, tuple[TeamProblem, Solution]] = {}

    def at(rounds: int) -> Solution:
        if rounds not in tried:
            posed = pose(request, profile, rounds=rounds)
            tried[rounds] = (posed, solve(posed.problem, effort=effort / rounds_left))
        return tried[rounds][1]

    most, one = at(rounds_left), at(1)
    if not one.found or not one.seats:
        raise _infeasible(tried[1][0])
    if not (most.found and most.value == one.value):  # money is short
        for rounds in range(2, rounds_left):
            at(rounds)
    curve = request.config.curve

    def worth(rounds: int) -> tuple[float, int]:
        utility = max(curve.utility(rounds), LEAST_UTILITY)
        return (tried[rounds][1].value * utility, rounds)

    best = max((n for n, (_, found) in tried.items() if found.found), key=worth)
    if most.found and most.value == one.value:
        best = rounds_left  # as good a team for all rounds
    return tried[best]


def _infeasible(posed: TeamProblem) -> InfeasibleTeam:
    """Say which limits clash, what would help, and who cannot sit in any case."""
    clash = minimal_clash(posed.problem)
    changes = smallest_changes(posed.problem, clash)
    if not posed.problem.eligible[:, posed.problem.counted].any():
        clash, changes = (), ()
    together = () if changes else joint_change(posed.problem)
    seats = posed.problem.eligible.sum(axis=0).tolist()
    facts = [
        f"{posed.listings[m].name} cannot sit: {why}" for m, why in posed.shut.items()
    ]
    facts += [
        f"nobody may be a {role}" for role, n in zip(ROLES, seats, strict=True) if not n
    ]
    words = [change_in_words(change, posed) for change in changes]
    if any(change.limit.kind == "latency" for change in changes):
        words = [_latency_needed(posed, word) for word in words]
    return InfeasibleTeam(
        [limit_name(limit, posed) for limit in clash] or ["nobody may be a proposer"],
        words,
        facts,
        together=[change_in_words(change, posed) for change in together],
    )


def _latency_needed(posed: TeamProblem, words: str) -> str:
    """Put the smallest limit that would do into words that ask to raise it."""
    limit = posed.request.config.phase_latency_s
    if limit is None or "phase_latency_s" not in words:
        return words

    def enough(seconds: float) -> bool:
        config = posed.request.config.model_copy(update={"phase_latency_s": seconds})
        request = replace(posed.request, config=config)
        slower = pose(request, posed.profile, rounds=posed.rounds)
        return solve(slower.problem, effort=1.0).found

    # A limit matters only where it is a multiple of some expert's p95.
    times = sorted(
        {s * n for s in posed.latency_s.values() if s for n in range(1, MOST_WAVES)}
    )
    longer = [seconds for seconds in times if seconds > limit]
    n = bisect_left(longer, x=True, key=enough)
    if n == len(longer):
        return words
    return f"raise phase_latency_s from {limit:g} to {ceil(longer[n] * 100) / 100:g}"
