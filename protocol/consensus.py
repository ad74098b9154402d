"""Consensus: from one round's weights to answers, scores, a winner and conviction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nsed.protocol.quadratic_voting import credit_shares, net_support, votes_for
from nsed.protocol.voting_rules import borda_count, mean_weight, plurality_share

__all__ = [
    "RULES",
    "Candidate",
    "Consensus",
    "Rule",
    "conviction",
    "decide",
    "plurality",
    "skill_evidence",
    "text_digest",
]

Rule = Literal["signed", "classic", "mean", "borda", "plurality"]
RULES: tuple[Rule, ...] = ("signed", "classic", "mean", "borda", "plurality")
Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the vote needs to know of a proposal: never who wrote it."""

    answer: str
    """Key that equal answers share; a proposal without one has a key of its own."""
    digest: str
    """SHA-256 of the text, the last tie-break."""
    evidence: float = 0.0
    """Evidence its author brings, in nats; see `skill_evidence`."""


@dataclass(frozen=True, slots=True)
class Consensus:
    """One round, decided. Vectors follow `candidates` or `answers`."""

    votes: NDArray[np.float64]
    """Shape `(reviewers, candidates)`, NaN for "not voted on"."""
    net_support: Vector
    """Per candidate, in [-1, 1]; NaN where nobody voted."""
    answers: tuple[str, ...]
    """The distinct answers, in order of first candidate."""
    answer_net_support: Vector
    """Per answer, pooled, in [-1, 1]; NaN where nobody voted."""
    scores: Vector
    """Per answer: evidence + kappa · net support (missing support counts as 0)."""
    winner: int
    """Index of the winning candidate, after the incumbent's margin."""
    conviction: float
    """The winning answer's share of all net support, in [-1, 1]."""
    winners_by_rule: dict[str, int]
    """Which candidate each rule would pick from the same ballots, unaided."""


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text as 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def skill_evidence(skill: float | None, *, wrong_answers: float = 1.0) -> float:
    """Evidence an expert's word gives for its own answer, in nats.

    max(0, log(skill / (1 - skill)) + log(wrong_answers)): the log-odds of being
    right, against the chance that errors spread over `wrong_answers` alternatives.
    Never negative: that a weak expert says so is no evidence against an answer.
    0 where the skill is unknown, which leaves the pure vote [ours].

    Raises:
        ValueError: `skill` is not strictly between 0 and 1.
    """
    if skill is None:
        return 0.0
    if not 0 < skill < 1 or wrong_answers < 1:
        msg = f"need 0 < skill < 1 <= wrong_answers, found {skill}, {wrong_answers}"
        raise ValueError(msg)
    return max(0.0, log(skill / (1 - skill)) + log(wrong_answers))


def decide(
    weights: NDArray[np.float64],
    candidates: Sequence[Candidate],
    *,
    rule: Rule = "signed",
    kappa: float = 1.0,
    incumbent: int | None = None,
    margin: float = 0.0,
    reviewer_weights: Vector | None = None,
) -> Consensus:
    """Tally one round.

    Support is pooled per answer before the winner is chosen: a reviewer's credit
    shares for proposals with one answer are added, and the root is taken of the
    sum, so agreeing proposals neither split nor multiply a vote [ours]. Then
    `score(a) = Σ evidence + kappa · ns(a)`; the highest wins; ties go to the answer
    with the higher lowest vote, then to the smaller digest, never to a name or a
    position. An incumbent's answer keeps its place unless beaten by `margin` (in
    units of net support). Within the answer the best supported candidate speaks.

    Args:
        weights: Shape `(reviewers, candidates)`, NaN for "not voted on".
        candidates: One per column, at least one.
        rule: Which rule's support decides; all five are computed and stored.
        kappa: Weight of the vote against the authors' evidence, not negative.
        incumbent: Column of the best proposal so far, if it stands.
        margin: Lead in net support a challenger needs.
        reviewer_weights: Optional trust in each reviewer, shape `(reviewers,)`.

    Raises:
        ValueError: Shapes disagree, or nobody voted (see `plurality`).
    """
    if weights.ndim != 2 or weights.shape[1] != len(candidates) or not candidates:
        msg = f"{len(candidates)} candidates, but weights of shape {weights.shape}"
        raise ValueError(msg)
    if np.isnan(weights).all():
        msg = "no ballot holds a vote; decide by plurality of equal answers instead"
        raise ValueError(msg)
    answers = tuple(dict.fromkeys(c.answer for c in candidates))
    member = np.array([[c.answer == a for a in answers] for c in candidates])
    tables = {r: _support(weights, member, r, reviewer_weights) for r in RULES}
    evidence = np.array([c.evidence for c in candidates]) @ member
    digests = [c.digest for c in candidates]

    def pick(of_rule: Rule, prior: Vector) -> tuple[Vector, int]:
        votes, single, pooled = tables[of_rule]
        scores = prior + kappa * np.nan_to_num(pooled)
        lows = _lowest(votes)
        speaker = {
            a: _best(np.nan_to_num(single), lows, digests, np.flatnonzero(member[:, a]))
            for a in range(len(answers))
        }
        best = _best(
            scores,
            [max(lows[i] for i in np.flatnonzero(m)) for m in member.T],
            [digests[speaker[a]] for a in range(len(answers))],
            range(len(answers)),
        )
        return scores, speaker[best]

    scores, winner = pick(rule, evidence)
    if incumbent is not None:
        held, won = (int(np.argmax(member[i])) for i in (incumbent, winner))
        if held != won and scores[won] - scores[held] < kappa * margin:
            winner = incumbent
    votes, single, pooled = tables[rule]
    return Consensus(
        votes=votes,
        net_support=single,
        answers=answers,
        answer_net_support=pooled,
        scores=scores,
        winner=winner,
        conviction=conviction(pooled, int(np.argmax(member[winner]))),
        winners_by_rule={r: pick(r, np.zeros(len(answers)))[1] for r in RULES},
    )


def conviction(support: Vector, winner: int) -> float:
    """Winner's share of all net support: ns_w / Σ|ns|, 0 if the sum is 0 [authors]."""
    known = np.nan_to_num(support)
    total = float(np.abs(known).sum())
    return float(known[winner]) / total if total else 0.0


def plurality(candidates: Sequence[Candidate]) -> int:
    """Pick by the number of equal answers; for rounds without a single ballot.

    Ties go to the answer with more evidence, then to the smallest digest.
    """
    answers = [c.answer for c in candidates]
    return min(
        range(len(candidates)),
        key=lambda i: (
            -answers.count(answers[i]),
            -sum(c.evidence for c in candidates if c.answer == answers[i]),
            candidates[i].digest,
        ),
    )


def _support(
    weights: NDArray[np.float64],
    member: NDArray[np.bool_],
    rule: Rule,
    trust: Vector | None,
) -> tuple[NDArray[np.float64], Vector, Vector]:
    """Votes `(reviewers, candidates)`, support per candidate and per answer."""
    if rule in ("signed", "classic"):
        shares = credit_shares(weights, rule=rule)
        votes, pooled = votes_for(shares), votes_for(_per_answer(shares, member))
        return votes, net_support(votes, trust), net_support(pooled, trust)
    count = {"mean": mean_weight, "borda": borda_count, "plurality": plurality_share}
    seen = _per_answer((~np.isnan(weights)).astype(float), member)
    means = _per_answer(weights, member) / np.where(seen > 0, seen, np.nan)
    return weights / 100.0, count[rule](weights), count[rule](means)


def _per_answer(
    values: NDArray[np.float64], member: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Sum columns of one answer; NaN where a reviewer saw none of them."""
    seen = (~np.isnan(values)).astype(float) @ member
    return np.where(seen > 0, np.nan_to_num(values) @ member, np.nan)


def _lowest(votes: NDArray[np.float64]) -> list[float]:
    """Lowest vote each candidate got; -1 where it got none."""
    return [float(np.nanmin(c)) if (~np.isnan(c)).any() else -1.0 for c in votes.T]


def _best(
    scores: Vector, lows: Sequence[float], digests: Sequence[str], among: Sequence[int]
) -> int:
    """Highest score, then higher lowest vote, then smaller digest."""
    keys = {i: (-round(scores[i], 12), -round(lows[i], 12), digests[i]) for i in among}
    return min(keys, key=lambda i: keys[i])
