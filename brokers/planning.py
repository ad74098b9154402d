"""How many rounds to pay for, and with whom: the team and the rounds together.

A cap may carry a small team for all rounds or a larger one for fewer. Each number of
rounds is its own knapsack; what counts is its value times the utility U(t) of so many
rounds [ours].
"""

from nsed.brokers.base import BindRequest
from nsed.brokers.clashes import joint_change, minimal_clash, smallest_changes
from nsed.brokers.knapsack import EFFORT, Solution, solve
from nsed.brokers.limit_words import change_in_words, limit_name
from nsed.brokers.team_problem import ROLES, TeamProblem, pose
from nsed.protocol.errors import InfeasibleTeam
from nsed.state.team import TaskProfile

__all__ = ["plan"]

LEAST_UTILITY = 1e-6


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
    if not one.found:
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
    together = () if changes else joint_change(posed.problem)
    seats = posed.problem.eligible.sum(axis=0).tolist()
    facts = [
        f"{posed.listings[m].name} cannot sit: {why}" for m, why in posed.shut.items()
    ]
    facts += [
        f"nobody may be a {role}" for role, n in zip(ROLES, seats, strict=True) if not n
    ]
    return InfeasibleTeam(
        [limit_name(limit, posed) for limit in clash] or ["the effort of the solver"],
        [change_in_words(change, posed) for change in changes],
        facts,
        together=[change_in_words(change, posed) for change in together],
    )
