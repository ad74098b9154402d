"""Answer support: what each answer got under a voting rule, pooled over proposals."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nsed.protocol.quadratic_voting import credit_shares, net_support, votes_for
from nsed.protocol.voting_rules import borda_count, mean_weight, plurality_share

__all__ = ["RULES", "AnswerSupport", "Rule", "answer_support"]

Rule = Literal["signed", "classic", "mean", "borda", "plurality"]
RULES: tuple[Rule, ...] = ("signed", "classic", "mean", "borda", "plurality")
Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
PLAIN_RULES = {
    "mean": mean_weight,
    "borda": borda_count,
    "plurality": plurality_share,
}


@dataclass(frozen=True, slots=True)
class AnswerSupport:
    """Votes and their means under one rule; NaN always means "not voted on"."""

    votes: Matrix
    """Shape `(reviewers, candidates)`, in [-1, 1]; plain rules: weights / 100."""
    answer_votes: Matrix
    """Shape `(reviewers, answers)`, pooled."""
    net: Vector
    """Per candidate, in [-1, 1]."""
    answer_net: Vector
    """Per answer, in [-1, 1]."""


def answer_support(
    weights: Matrix,
    member: NDArray[np.bool_],
    rule: Rule,
    reviewer_weights: Vector | None = None,
) -> AnswerSupport:
    """Tally ballots under one rule, per candidate and pooled per answer.

    Quadratic rules: a reviewer's credit shares for proposals with one answer are
    added and the root is taken of the sum, so he has the same votes as if he had
    written that sum on a single proposal. Plain rules: the mean of his weights for
    an answer stands for it [ours].

    Args:
        weights: Shape `(reviewers, candidates)`, NaN for "not voted on".
        member: Shape `(candidates, answers)`: which candidate gives which answer.
        rule: The voting rule.
        reviewer_weights: Optional trust in each reviewer, shape `(reviewers,)`.
    """
    if rule in ("signed", "classic"):
        shares = credit_shares(weights, rule=rule)
        votes, pooled = votes_for(shares), votes_for(_summed(shares, member))
        net, answer_net = (net_support(v, reviewer_weights) for v in (votes, pooled))
        return AnswerSupport(votes, pooled, net, answer_net)
    count = PLAIN_RULES[rule]
    seen = _summed(np.where(np.isnan(weights), np.nan, 1.0), member)
    means = _summed(weights, member) / seen
    return AnswerSupport(
        votes=weights / 100.0,
        answer_votes=means / 100.0,
        net=count(weights, reviewer_weights),
        answer_net=count(means, reviewer_weights),
    )


def _summed(values: Matrix, member: NDArray[np.bool_]) -> Matrix:
    """Sum the columns of one answer; NaN where a reviewer saw none of them."""
    seen = ~np.isnan(values) @ member
    return np.where(seen, np.nan_to_num(values) @ member, np.nan)
