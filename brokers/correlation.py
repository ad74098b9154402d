"""Error correlation: how often two experts are wrong about the same tasks.

Learned from tasks both were graded on (the phi coefficient), shrunk towards a prior by
family. Correlated experts repeat each other: n of them are worth n/(1+(n-1)ρ)
independent ones (Kish's effective sample size).
"""

from collections.abc import Sequence
from itertools import combinations
from math import sqrt

from nsed.brokers.catalogue import Listing
from nsed.brokers.telemetry import Telemetry

__all__ = ["effective_number", "error_correlation", "mean_correlation"]

SAME_FAMILY = 0.42
OTHER_FAMILY = 0.36
"""Priors: mean phi over pairs of models in eight recorded answer sets (GSM8K, MATH,
CRUX, MMLU-Pro, Reasoning Gym, LiveCodeBench, RouterBench, LLMRouter); per set 0.30 to
0.54 within a family and 0.30 to 0.44 across."""
PRIOR_TASKS = 50.0
"""The prior counts as so many common tasks."""


def error_correlation(
    a: Listing, b: Listing, telemetry: Telemetry, *, category: str | None = None
) -> float:
    """Correlation of the errors of two different experts, in [0, 1].

    Negative ones count as 0: a pair that happened to complement each other so far
    earns no bonus.
    """
    prior = SAME_FAMILY if a.family == b.family else OTHER_FAMILY
    both, only_a, only_b, neither = telemetry.joint(a.identity, b.identity, category)
    seen = both + only_a + only_b + neither
    right_a, right_b = both + only_a, both + only_b
    spread = right_a * right_b * (seen - right_a) * (seen - right_b)
    if spread <= 0:  # one of them is always or never right: nothing can be learned
        return prior
    phi = (both * neither - only_a * only_b) / sqrt(spread)
    pooled = (seen * phi + PRIOR_TASKS * prior) / (seen + PRIOR_TASKS)
    return min(1.0, max(0.0, pooled))


def mean_correlation(team: Sequence[Listing], telemetry: Telemetry) -> float:
    """Mean over all pairs of a team; 0 for fewer than two."""
    pairs = [error_correlation(a, b, telemetry) for a, b in combinations(team, 2)]
    return sum(pairs) / len(pairs) if pairs else 0.0


def effective_number(experts: int, correlation: float) -> float:
    """n_eff = n/(1+(n-1)ρ): how many independent experts they are worth."""
    return experts / (1 + (experts - 1) * correlation) if experts else 0.0
