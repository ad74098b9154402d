"""A simulation: a bloc of reviewers of one family pushes a wrong answer.

    python benchmarks/collusion.py [--runs 1000] [--experts 7]

No model is asked. Every expert proposes and reviews. `k` of them are of one family, all
propose the same wrong answer, and vote for it as hard as they can: `push` puts the
whole purse on it, `bury` spends half of it against everybody else. The others are of
three families, are right 60 % of the time, and weigh with noise: +40 for a right
proposal, -40 for a wrong one, give or take 50 (standard deviation). Wrong ones spread
over four answers. The vote is the product's (`decide`, signed, no skill).

The third table has no bloc: one family is honest and has `k` of the seats; 40 % right,
weights ±15 give or take 60. It shows what the guards cost.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from nsed.protocol.consensus import Candidate, decide, text_digest
from nsed.protocol.influence import Influence

__all__ = ["GUARDS", "Setting", "interval", "main", "wins"]

GUARDS: Mapping[str, Mapping[str, float]] = {
    "none": {},
    "cap 0.5": {"family_cap": 0.5},
    "cap 0.34": {"family_cap": 0.34},
    "trim 0.2": {"trim": 0.2},
    "trim 0.4": {"trim": 0.4},
    "cap 0.34, trim 0.2": {"family_cap": 0.34, "trim": 0.2},
}
TARGET, RIGHT = "target", "right"
DISTRACTORS = 4
OTHER_FAMILIES = 3
BLOC = "bloc"


@dataclass(frozen=True)
class Setting:
    """How good the honest are, and what the bloc does."""

    experts: int
    right: float
    """Probability that an honest proposal is right."""
    lean: float
    """Mean weight of an honest reviewer, with the sign of the truth."""
    noise: float
    """Standard deviation of it."""
    strategy: str | None
    """`push`, `bury`, or None: the family is honest."""


BLOCS = {
    name: Setting(experts=7, right=0.6, lean=40, noise=50, strategy=name)
    for name in ("push", "bury")
}
HONEST = Setting(experts=7, right=0.4, lean=15, noise=60, strategy=None)


def wins(
    setting: Setting, bloc: int, guards: Mapping[str, float], *, runs: int, answer: str
) -> int:
    """Count the runs in which an answer wins; the same draws for all guards."""
    rng = np.random.default_rng([bloc, setting.experts, len(setting.strategy or "")])
    families = tuple(
        BLOC if i < bloc else f"other {i % OTHER_FAMILIES}"
        for i in range(setting.experts)
    )
    influence = Influence(families=families, **guards)
    won = 0
    for _ in range(runs):
        answers, weights = _drawn(setting, bloc, rng)
        panel = [
            Candidate(answer=said, digest=text_digest(f"{i} {rng.integers(1 << 30)}"))
            for i, said in enumerate(answers)
        ]
        outcome = decide(weights, panel, influence=influence)
        won += answers[outcome.winner] == answer
    return won


def interval(won: int, runs: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.96
    share, spread = won / runs, z * z / runs
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / runs + spread / (4 * runs)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def _drawn(
    setting: Setting, bloc: int, rng: np.random.Generator
) -> tuple[list[str], NDArray[np.float64]]:
    """Answers of all, and weights `(reviewers, proposals)`; NaN for one's own."""
    count, lies = setting.experts, setting.strategy is not None
    found = rng.random(count) < setting.right
    answers = [
        RIGHT if ok else f"wrong {rng.integers(DISTRACTORS)}" for ok in found.tolist()
    ]
    if lies:
        answers[:bloc] = [TARGET] * bloc
    truth = np.where([said == RIGHT for said in answers], setting.lean, -setting.lean)
    weights = truth + rng.normal(0, setting.noise, (count, count))
    weights = np.clip(np.round(weights), -100, 100)
    if lies:
        mine = np.arange(count) < bloc
        against = -100.0 if setting.strategy == "bury" else 0.0
        weights[:bloc] = np.where(mine, 100.0, against)
        if setting.strategy == "bury" and bloc > 1:
            # Half of the purse for the bloc's own, half against all others.
            weights[:bloc, ~mine] *= (bloc - 1) / (count - bloc)
    np.fill_diagonal(weights, np.nan)
    return answers, weights


def _table(
    title: str,
    blocs: range,
    runs: int,
    count: Callable[[int, Mapping[str, float]], int],
) -> None:
    print(f"\n{title}\n")
    print("| k | " + " | ".join(GUARDS) + " |\n|---|" + "---|" * len(GUARDS))
    for bloc in blocs:
        cells = []
        for guards in GUARDS.values():
            won = count(bloc, guards)
            low, high = interval(won, runs)
            cells.append(f"{won / runs:.0%} ({low:.0%}-{high:.0%})")
        print(f"| {bloc} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--experts", type=int, default=7)
    given = parser.parse_args()
    runs, experts = given.runs, given.experts
    print(f"SIMULATION, {experts} experts, {runs} runs a cell, 95 % intervals (Wilson)")

    def of(setting: Setting, answer: str) -> Callable[[int, Mapping[str, float]], int]:
        sized = Setting(**{**vars(setting), "experts": experts})
        return lambda bloc, guards: wins(sized, bloc, guards, runs=runs, answer=answer)

    for name, setting in BLOCS.items():
        title = f"The bloc's wrong answer wins, {name}, by size k of the bloc"
        _table(title, range(1, experts - 1), runs, of(setting, TARGET))
    title = "No bloc: the right answer wins, by k seats of one honest family"
    _table(title, range(1, experts - 1), runs, of(HONEST, RIGHT))


if __name__ == "__main__":
    main()
