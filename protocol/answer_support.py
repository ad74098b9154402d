"""Answer support: what each answer got under a voting rule, pooled over proposals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nsed.protocol.influence import EQUAL, Influence
from nsed.protocol.quadratic_voting import credit_shares, net_support, votes_for
from nsed.protocol.voting_rules import borda_count, mean_weight, plurality_share

__all__ = ["RULES", "TIE_DIGITS", "AnswerSupport", "Rule", "answer_support"]

Rule = Literal["signed", "classic", "mean", "borda", "plurality"]
RULES: tuple[Rule, ...] = ("signed", "classic", "mean", "borda", "plurality")
Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
TIE_DIGITS = 12
"""Scores that agree to this many decimals tie: the rest is rounding noise."""
PLAIN_RULES = {
    "mean": mean_weight,
    "borda": borda_count,
    "plurality": plurality_share,
}


@dataclass(frozen=True, slots=True)
class AnswerSupport:
    """Votes and their means under one rule; NaN always means "not voted on"."""

    member: NDArray[np.bool_]
    """Shape `(candidates, answers)`: which candidate gives which answer."""
    votes: Matrix
    """Shape `(reviewers, candidates)`, in [-1, 1]; plain rules: weights / 100."""
    answer_votes: Matrix
    """Shape `(reviewers, answers)`, pooled."""
    net: Vector
    """Per candidate, in [-1, 1]."""
    answer_net: Vector
    """Per answer, in [-1, 1]."""

    def speakers(self, digests: Sequence[str]) -> list[int]:
        """Best supported candidate of each answer; ties as in `best_answer`."""
        lows, net = _lowest(self.votes), np.nan_to_num(self.net)
        return [
            _best(net, lows, digests, np.flatnonzero(column))
            for column in self.member.T
        ]

    def best_answer(self, scores: Vector, digests: Sequence[str]) -> int:
        """Highest score, then higher lowest vote, then smaller digest [ours].

        Args:
            scores: One per answer.
            digests: SHA-256 of each candidate's text.
        """
        spoken = [digests[speaker] for speaker in self.speakers(digests)]
        lows = _lowest(self.answer_votes)
        return _best(scores, lows, spoken, range(len(spoken)))

    def winner(self, digests: Sequence[str]) -> int:
        """Candidate that wins by net support alone."""
        speakers = self.speakers(digests)
        spoken = [digests[speaker] for speaker in speakers]
        net, lows = np.nan_to_num(self.answer_net), _lowest(self.answer_votes)
        return speakers[_best(net, lows, spoken, range(len(spoken)))]


def answer_support(
    weights: Matrix,
    member: NDArray[np.bool_],
    rule: Rule,
    influence: Influence = EQUAL,
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
        influence: How much say each reviewer has.
    """
    if rule in ("signed", "classic"):
        shares = credit_shares(weights, rule=rule)
        votes, pooled = votes_for(shares), votes_for(_summed(shares, member))
        net, answer_net = (net_support(v, influence) for v in (votes, pooled))
        return AnswerSupport(member, votes, pooled, net, answer_net)
    count = PLAIN_RULES[rule]
    seen = _summed(np.where(np.isnan(weights), np.nan, 1.0), member)
    means = _summed(weights, member) / seen
    return AnswerSupport(
        member=member,
        votes=weights / 100.0,
        answer_votes=means / 100.0,
        net=count(weights, influence),
        answer_net=count(means, influence),
    )


def _summed(values: Matrix, member: NDArray[np.bool_]) -> Matrix:
    """Sum the columns of one answer; NaN where a reviewer saw none of them."""
    seen = ~np.isnan(values) @ member
    return np.where(seen, np.nan_to_num(values) @ member, np.nan)


def _lowest(votes: Matrix) -> list[float]:
    """Lowest vote each column got; -1 where it got none."""
    low = np.where(np.isnan(votes), np.inf, votes).min(axis=0, initial=np.inf)
    return np.where(np.isinf(low), -1.0, low).tolist()  # type: ignore[no-any-return]


def _best(
    scores: Vector, lows: Sequence[float], digests: Sequence[str], among: Iterable[int]
) -> int:
    def rank(i: int) -> tuple[float, float, str]:
        return -round(scores[i], TIE_DIGITS), -round(lows[i], TIE_DIGITS), digests[i]

    return int(min(among, key=rank))
