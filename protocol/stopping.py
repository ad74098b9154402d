"""When to stop: every reason has a name, and they are checked in one stated order."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from nsed.protocol.efficiency_fatigue import UtilityCurve

__all__ = [
    "CommitType",
    "RoundFacts",
    "StopReason",
    "commit_type",
    "evidence",
    "halt_reason",
    "most_frequent_answer",
]

CommitType = Literal["early", "late", "fragmented"]
ROUNDING = 1e-12
"""Sums that differ by less are equal."""


class StopReason(StrEnum):
    """Why a deliberation ended. The order of members is the order of checks."""

    USER_STOP = "user_stop"
    """The user asked to stop; the best answer so far is returned."""
    DEADLINE = "deadline"
    """The wall-clock limit was reached, or leaves no time for another round."""
    BUDGET = "budget"
    """What is left under the caps cannot carry the next phase."""
    NO_TEAM = "no_team"
    """No team within the limits can play another round: too many experts are gone."""
    NO_BALLOTS = "no_ballots"
    """Too few usable ballots, or none; the answer is a plurality, status degraded."""
    UNANIMOUS = "unanimous"
    """All final answers are equal and every weight on every real ballot is positive."""
    CONFORMITY_CASCADE = "conformity_cascade"
    """Experts moved to the plurality though reviews did not favour it."""
    NO_GAIN = "no_gain"
    """p_v <= p_g: reviewing cannot help, so one round is all."""
    EVIDENCE = "evidence"
    """E(r) reached effort · B."""
    PERSISTENCE = "persistence"
    """Same winner two rounds running, conviction not falling."""
    NO_NOVELTY = "no_novelty"
    """The round brought no answer that was not there before."""
    ROUND_LIMIT = "round_limit"
    """The last allowed round was played."""
    NO_QUORUM = "no_quorum"
    """Too few took part in a phase: an error ended the run, and there is no answer."""


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """What the stopping rules look at, one a round."""

    answers: Mapping[str, str]
    """Answer key each expert proposed this round, by expert."""
    winner: str
    """Answer key of the incumbent after the round."""
    conviction: float
    """In [-1, 1]."""
    support: Mapping[str, float]
    """Net support per answer; an answer nobody voted on is absent."""
    ballots: int
    """How many usable ballots the round was decided on."""
    all_positive: bool
    """Whether every weight on every ballot was above 0."""


def evidence(rounds: Sequence[RoundFacts], curve: UtilityCurve) -> float:
    """E(r) = Σ_{k≤r} max(conviction_k, 0) · max(U'(k), 0)    [authors]."""
    return sum(
        max(facts.conviction, 0.0) * max(curve.slope(k), 0.0)
        for k, facts in enumerate(rounds, start=1)
    )


def halt_reason(
    rounds: Sequence[RoundFacts],
    *,
    round_limit: int,
    effort: float,
    curve: UtilityCurve,
    user_stop: bool = False,
    deadline_passed: bool = False,
    budget_spent: bool = False,
    no_team: bool = False,
) -> StopReason | None:
    """Return the first reason to stop after the last of `rounds`, or None to go on.

    Args:
        rounds: Facts of all rounds so far, at least one.
        round_limit: Most rounds, at least 1.
        effort: Share of the evidence ceiling B to ask for, positive.
        curve: The utility curve.
        user_stop: The user asked to stop.
        deadline_passed: The run's deadline is over.
        budget_spent: The next phase does not fit under the caps.
        no_team: Nobody can be bound for another round.

    Raises:
        ValueError: `rounds` is empty, `round_limit` below 1 or `effort` not positive.

    Source:
        Evidence against B and "reviewing cannot help" [authors]; the other reasons
        and the order of checks [ours].
    """
    if not rounds or round_limit < 1 or not effort > 0:
        msg = (
            "need at least one round, round_limit >= 1 and effort > 0; found "
            f"{len(rounds)} rounds, {round_limit=}, {effort=}"
        )
        raise ValueError(msg)
    now, before = rounds[-1], rounds[-2] if len(rounds) > 1 else None
    ceiling = curve.evidence_ceiling(round_limit)
    checks = {
        StopReason.USER_STOP: user_stop,
        StopReason.DEADLINE: deadline_passed,
        StopReason.BUDGET: budget_spent,
        StopReason.NO_TEAM: no_team,
        StopReason.NO_BALLOTS: now.ballots == 0,
        StopReason.UNANIMOUS: (
            len(now.answers) > 1
            and len(set(now.answers.values())) == 1
            and now.all_positive
        ),
        StopReason.CONFORMITY_CASCADE: before is not None and _cascade(before, now),
        StopReason.NO_GAIN: curve.gain <= 0,
        StopReason.EVIDENCE: evidence(rounds, curve) >= effort * ceiling - ROUNDING,
        StopReason.PERSISTENCE: (
            before is not None
            and before.winner == now.winner
            and now.conviction >= before.conviction - ROUNDING
            and now.conviction > 0
        ),
        StopReason.NO_NOVELTY: before is not None
        and set(now.answers.values())
        <= {a for facts in rounds[:-1] for a in facts.answers.values()},
        StopReason.ROUND_LIMIT: len(rounds) >= round_limit,
    }
    return next((reason for reason in StopReason if checks.get(reason)), None)


def commit_type(rounds: Sequence[RoundFacts]) -> CommitType:
    """Say how the panel came to its answer [ours].

    early: the final answer led from round 1 on, with support. fragmented: the final
    answer has no positive support, or the lead changed hands in the last round.
    late: anything between.
    """
    leaders = [facts.winner for facts in rounds]
    final = leaders[-1]
    if rounds[-1].support.get(final, 0.0) <= 0:
        return "fragmented"
    if set(leaders) == {final}:
        return "early"
    return "late" if leaders[-2] == final else "fragmented"


def most_frequent_answer(rounds: Sequence[RoundFacts]) -> str:
    """Return the answer proposed most often over all rounds [ours].

    Where several are, the winner among them, else the smallest key.
    """
    count = Counter(answer for facts in rounds for answer in facts.answers.values())
    winner = rounds[-1].winner
    return max(sorted(count), key=lambda a: (count[a], a == winner), default=winner)


def _cascade(before: RoundFacts, now: RoundFacts) -> bool:
    """Whether all changes of mind went to the plurality, none to better support."""
    count = Counter(before.answers.values())
    if not count:
        return False
    top = max(count.values())
    popular = {answer for answer, n in count.items() if n == top and n > 1}
    flips = [
        (before.answers[expert], answer)
        for expert, answer in now.answers.items()
        if before.answers.get(expert, answer) != answer
    ]
    return bool(flips) and all(
        new in popular and before.support.get(new, 0.0) <= before.support.get(old, 0.0)
        for old, new in flips
    )
