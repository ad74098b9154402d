"""Expertise: what a seat is expected to bring, from a prior and what was seen [ours].

Chances are Beta beliefs: the prior counts as so many observations, and evidence adds
to it, faded by time. A category starts from what is known of the expert in general.
A seat's value is the evidence that its word is expected to carry in the vote:

    proposer  P(answers) · p · max(0, log-odds(p) + log K)     p: its answer is right
    reviewer  P(answers) · q · max(0, log-odds(q))             q: it backs the winner

in nats, K plausible wrong answers, as `protocol/consensus.py` counts it.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from nsed.brokers.catalogue import Listing
from nsed.brokers.telemetry import Telemetry
from nsed.brokers.telemetry_summary import Summary
from nsed.protocol.consensus import skill_evidence
from nsed.state.team import Role

__all__ = ["Belief", "Expertise", "expertise"]

PRIOR_WEIGHT = 8.0
"""A configured skill counts as so many graded answers."""
UNKNOWN = (0.5, 2.0)
"""Chance and weight of an expert nobody said anything about."""
TAGGED = 0.6
"""The same chance where one of its tags is the task's category."""
CATEGORY_WEIGHT = 8.0
"""What is known in general counts as so many graded answers of the category."""
SUPPORT_WEIGHT = 0.25
"""A proposal's net support counts as so much of a grade: peers may all be wrong."""
AGREEMENT_WEIGHT = 4.0
"""The prior of a reviewer counts as so many ballots."""
ANSWERS = (9.5, 0.5)
"""Prior of answering at all: so many replies, so many failures."""
MIDDLE_90 = (0.05, 0.95)
DRAWS = 2001
LEAST_P = 1e-3


@dataclass(frozen=True, slots=True)
class Belief:
    """A Beta belief about a chance."""

    yes: float
    no: float
    observed: float
    """Weight of the observations in it; the rest is prior."""

    @property
    def mean(self) -> float:
        """Expected chance."""
        return self.yes / (self.yes + self.no)

    @property
    def interval(self) -> tuple[float, float]:
        """Middle 90 %, by 2,001 draws of a fixed seed."""
        draws = np.random.default_rng(0).beta(self.yes, self.no, DRAWS)
        low, high = np.quantile(draws, MIDDLE_90)
        return float(low), float(high)

    def draw(self, *seed: object) -> float:
        """One draw, decided by `seed`, for Thompson sampling."""
        digest = hashlib.sha256("\x1f".join(map(str, seed)).encode()).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        return float(rng.beta(self.yes, self.no))


@dataclass(frozen=True, slots=True)
class Expertise:
    """What one expert is worth in one role."""

    chance: Belief
    answers: float
    """P(it gives a usable reply)."""
    value: float
    """In nats, not negative."""


def expertise(
    listing: Listing,
    role: Role,
    *,
    category: str,
    telemetry: Telemetry,
    now: float,
    wrong_answers: float = 10.0,
    explore: int | None = None,
    verify: float = 0.8,
) -> Expertise:
    """Judge an expert for a role.

    Args:
        listing: The expert.
        role: What it would do.
        category: Of the task.
        telemetry: What was seen so far.
        now: Unix seconds.
        wrong_answers: K, over how many wrong answers errors spread; at least 1.
        explore: Seed of Thompson sampling: the chance is then drawn from the belief.
            None takes its mean.
        verify: p_v of the utility curve: that a verdict on a proposal is right.
    """
    seen = telemetry.summary(listing.identity, now)
    here = telemetry.summary(listing.identity, now, category=category)
    belief = _right(listing, category, seen, here)
    if role == "reviewer":
        belief = _agrees(belief, here, seen, verify)
    p = belief.mean
    if explore is not None:
        p = belief.draw(explore, listing.name, role, category)
    answers = _answers(telemetry.summary(listing.identity, now, role=role))
    p = min(max(p, LEAST_P), 1 - LEAST_P)
    spread = wrong_answers if role == "proposer" else 1.0
    return Expertise(
        chance=belief,
        answers=answers,
        value=answers * p * skill_evidence(p, wrong_answers=spread),
    )


def _right(listing: Listing, category: str, seen: Summary, here: Summary) -> Belief:
    """Chance that its unaided answer is right."""
    if listing.prior is not None:
        prior, weight = listing.prior, PRIOR_WEIGHT
    else:
        prior, weight = UNKNOWN
        prior = TAGGED if category in listing.tags else prior
    general = _updated(prior, weight, seen)
    return _updated(general.mean, CATEGORY_WEIGHT, here) if seen != here else general


def _updated(prior: float, weight: float, seen: Summary) -> Belief:
    won, supported = seen.net_support or 0.0, seen.net_support_weight
    good = seen.right + SUPPORT_WEIGHT * supported * (1 + won) / 2
    bad = seen.wrong + SUPPORT_WEIGHT * supported * (1 - won) / 2
    return Belief(weight * prior + good, weight * (1 - prior) + bad, good + bad)


def _agrees(right: Belief, here: Summary, seen: Summary, verify: float) -> Belief:
    """Chance that its ballot backs the final winner.

    The prior lies half way between its own skill and p_v: to check is easier than to
    solve, and a solver is better at it.
    """
    known = here if here.agreed + here.disagreed else seen
    prior = (right.mean + verify) / 2
    return Belief(
        AGREEMENT_WEIGHT * prior + known.agreed,
        AGREEMENT_WEIGHT * (1 - prior) + known.disagreed,
        known.agreed + known.disagreed,
    )


def _answers(seen: Summary) -> float:
    replies, failures = ANSWERS
    failed = seen.calls * (seen.failure_rate or 0.0)
    return (replies + seen.calls - failed) / (replies + failures + seen.calls)
