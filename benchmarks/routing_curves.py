"""Accuracy against USD: every rule at every budget, and how sure the difference is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray
from routing_choice import Picks, Training
from routing_data import Recorded

__all__ = ["Curves", "Outcome", "Point", "budgets_for", "measure"]

Floats = NDArray[np.float64]
RESAMPLES = 2000
SEED = 0
MIDDLE_95 = (2.5, 97.5)


@dataclass(frozen=True)
class Outcome:
    """What one rule made of the test questions."""

    right: Floats
    """Chance that each question was answered right; 0 or 1 but for `random`."""
    usd: Floats
    """What each question cost."""
    picks: Picks = field(default_factory=dict)
    """Who answered, by category; empty where no rule by category is behind it."""


@dataclass(frozen=True)
class Point:
    """All rules at one budget."""

    budget: float
    """USD a question, on the cost expected from the training questions."""
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True)
class Curves:
    """A set of questions, measured."""

    name: str
    training: Training
    test: Recorded
    points: tuple[Point, ...]
    resampled: Floats
    """How often a resample has each test question, over their number; shape
    `(resamples, questions)`."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Of the test questions, in the order of the alphabet."""
        return tuple(sorted(set(self.test.categories)))

    @property
    def unseen(self) -> tuple[str, ...]:
        """Categories of the test that no training question had."""
        return tuple(sorted({*self.categories} - {*self.training.seen.categories}))

    def interval(self, values: Floats) -> tuple[float, float]:
        """95 % interval of a mean over the test questions, by bootstrap."""
        low, high = np.percentile(self.resampled @ values, MIDDLE_95)
        return float(low), float(high)

    def gain(self, point: Point, one: str, other: str) -> tuple[float, float, float]:
        """Accuracy of one rule less another's on the same questions: mean, interval."""
        more = point.outcomes[one].right - point.outcomes[other].right
        return (float(more.mean()), *self.interval(more))


def budgets_for(training: Training, *, steps: int, seats: int = 1) -> list[float]:
    """Budgets in equal ratios, to three digits, upwards.

    From the least that pays one model in every category, to what pays the dearest
    ones, as many as there are seats, in any.
    """
    each = [training.usd(category) for category in training.categories]
    least = float(training.dearest.min())
    most = max(float(np.sort(usd)[-seats:].sum()) for usd in each)
    return [_rounded_up(b) for b in np.geomspace(least, most, steps).tolist()]


def measure(
    name: str, training: Training, test: Recorded, *, steps: int, seats: int = 1
) -> Curves:
    """Run every rule at every budget.

    Args:
        name: Of the result.
        training: What is known.
        test: Other questions to the same models.
        steps: How many budgets.
        seats: Largest team of the further broker that pools answers; 1: leave it out.
    """
    n = len(test.categories)
    drawn = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    budgets = budgets_for(training, steps=steps, seats=seats)
    points = tuple(
        Point(budget, _outcomes(training, test, budget, seats)) for budget in budgets
    )
    return Curves(name, training, test, points, drawn / n)


def _outcomes(
    training: Training, test: Recorded, budget: float, seats: int
) -> dict[str, Outcome]:
    def by_category(choose: Callable[[str], tuple[int, ...]]) -> Outcome:
        picks = {
            category: choose(category) for category in sorted(set(test.categories))
        }
        return _played(training, test, picks)

    shared = training.shared(budget)
    rules: dict[str, Callable[[str], tuple[int, ...]]] = {
        "broker": lambda c: training.broker(budget, c, seats=1),
        "best single": lambda _: training.best(training.fits(budget)),
        "broker, shared": lambda c: (
            shared.get(c) or training.broker(budget, c, seats=1)
        ),
        "best single, capped": lambda _: training.best(
            training.fits_everywhere(budget)
        ),
        "greedy": lambda c: training.greedy(budget, c, seats=1),
        "best by category": lambda c: training.best(training.fits(budget, c), c),
    }
    if seats > 1:
        rules["broker, team"] = lambda c: training.broker(budget, c, seats=seats)
        rules["greedy, team"] = lambda c: training.greedy(budget, c, seats=seats)
    found = {rule: by_category(choose) for rule, choose in rules.items()}
    fitting = [training.fits(budget, category).tolist() for category in test.categories]
    return found | {
        "random": _random(test, fitting),
        "oracle": _oracle(test, fitting),
    }


def _played(training: Training, test: Recorded, picks: Picks) -> Outcome:
    """Ask the chosen models; a team's answers are pooled, its costs added up."""
    right, usd = np.zeros(len(test.categories)), np.zeros(len(test.categories))
    speaker: dict[tuple[str, ...], int] = {}
    for i, category in enumerate(test.categories):
        team = picks[category]
        usd[i] = test.usd[i, list(team)].sum()
        said = tuple(str(test.answers[i, m]) for m in team)
        if len(team) == 1:
            right[i] = test.right[i, team[0]]
            continue
        if (category, *said) not in speaker:
            answers = dict(zip(team, said, strict=True))
            speaker[category, *said] = training.pooled(category, answers)
        right[i] = test.right[i, speaker[category, *said]]
    return Outcome(right, usd, picks)


def _random(test: Recorded, fitting: Sequence[list[int]]) -> Outcome:
    """Expectation over a uniformly random model among those that fit."""
    rows = list(enumerate(fitting))
    return Outcome(
        np.array([test.right[i, models].mean() for i, models in rows]),
        np.array([test.usd[i, models].mean() for i, models in rows]),
    )


def _oracle(test: Recorded, fitting: Sequence[list[int]]) -> Outcome:
    """The cheapest right model among those that fit; the cheapest where none is."""
    right, usd = np.zeros(len(fitting)), np.zeros(len(fitting))
    for i, models in enumerate(fitting):
        able = [m for m in models if test.right[i, m]]
        right[i] = bool(able)
        usd[i] = test.usd[i, able or models].min()
    return Outcome(right, usd)


def _rounded_up(usd: float) -> float:
    """To three digits, and above the number itself: a mean must fit, not just touch."""
    digits = 2 - floor(log10(usd))
    return float(ceil(usd * (1 + 1e-6) * 10.0**digits) / 10.0**digits)
