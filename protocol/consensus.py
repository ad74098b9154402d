"""Consensus: from one round's weights to answers, scores, a winner and conviction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np
from numpy.typing import NDArray

from nsed.protocol.answer_support import RULES, TIE_DIGITS, Rule, answer_support
from nsed.protocol.influence import EQUAL, Influence

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
    answer_votes: NDArray[np.float64]
    """Shape `(reviewers, answers)`, pooled, NaN for "not voted on"."""
    answer_net_support: Vector
    """Per answer, pooled, in [-1, 1]; NaN where nobody voted."""
    scores: Vector
    """Per answer: evidence + kappa · net support (missing support counts as 0)."""
    winner: int
    """Index of the winning candidate, after the incumbent's margin."""
    conviction: float
    """The winning answer's share of all net support, in [-1, 1]."""
    winners_by_rule: dict[str, int]
    """Which candidate each rule would pick from the same ballots, unaided by
    evidence or incumbency."""


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
        ValueError: `skill` is not strictly between 0 and 1, or `wrong_answers` is
            below 1 or infinite.
    """
    if skill is None:
        return 0.0
    if not 0 < skill < 1 <= wrong_answers < inf:
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
    influence: Influence = EQUAL,
) -> Consensus:
    """Tally one round.

    Support is pooled per answer before the winner is chosen, see `answer_support`.
    Then `score(a) = Σ evidence + kappa · ns(a)`; the highest wins; ties go to the
    answer with the higher lowest (pooled) vote, then to the smaller digest, never to
    a name or a position. An incumbent's answer keeps its place unless another
    scores higher, and by at least `margin` (in units of net support). Within the
    answer the best supported candidate speaks [ours].

    Args:
        weights: Shape `(reviewers, candidates)`, finite, NaN for "not voted on".
        candidates: One per column, at least one.
        rule: Which rule's support decides; all five are computed and stored.
        kappa: Weight of the vote against the authors' evidence, not negative.
        incumbent: Column of the best proposal so far, if it stands.
        margin: Lead in net support a challenger needs, not negative.
        influence: How much say each reviewer has; its guards hold under every rule.

    Raises:
        ValueError: Shapes disagree, an argument is out of range, or nobody voted
            (see `plurality`).
    """
    columns = len(candidates)
    if weights.shape[1:] != (columns,) or not candidates:
        msg = f"{columns} candidates, but weights of shape {weights.shape}"
        raise ValueError(msg)
    if not (kappa >= 0 and margin >= 0 and (incumbent or 0) in range(columns)):
        msg = f"out of range: kappa={kappa}, margin={margin}, incumbent={incumbent}"
        raise ValueError(msg)
    answers = tuple(dict.fromkeys(c.answer for c in candidates))
    member = np.array([[c.answer == a for a in answers] for c in candidates])
    support = {r: answer_support(weights, member, r, influence) for r in RULES}
    ruling = support[rule]
    if np.isnan(support["mean"].answer_net).all():
        msg = "no ballot holds a vote; decide by plurality of equal answers instead"
        raise ValueError(msg)
    digests = [c.digest for c in candidates]
    scores = np.array([c.evidence for c in candidates]) @ member
    scores += kappa * np.nan_to_num(ruling.answer_net)
    best = ruling.best_answer(scores, digests)
    if incumbent is not None:
        held = int(member[incumbent].argmax())
        lead = round(scores[best] - scores[held], TIE_DIGITS)
        if lead <= 0 or lead < kappa * margin:
            best = held
    return Consensus(
        votes=ruling.votes,
        net_support=ruling.net,
        answers=answers,
        answer_votes=ruling.answer_votes,
        answer_net_support=ruling.answer_net,
        scores=scores,
        winner=ruling.speakers(digests)[best],
        conviction=conviction(ruling.answer_net, best),
        winners_by_rule={r: s.winner(digests) for r, s in support.items()},
    )


def conviction(support: Vector, winner: int) -> float:
    """Winner's share of all net support: ns_w / Σ|ns|, 0 if the sum is 0 [authors].

    NaN counts as 0, and so does rounding noise: votes that cancel convince nobody.
    """
    known = np.nan_to_num(support).round(TIE_DIGITS)
    total = float(np.abs(known).sum())
    return float(known[winner]) / total if total else 0.0


def plurality(candidates: Sequence[Candidate]) -> int:
    """Pick by the number of equal answers; for rounds without a single ballot.

    Ties go to the answer with more evidence, then to the smallest digest [ours].
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
