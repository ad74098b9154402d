"""The result in words: a Markdown table, and where and why the broker is below."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from routing_choice import Training
from routing_curves import Curves, Outcome, Point

__all__ = ["PAIRS", "head", "notes", "table"]

PAIRS = (
    ("broker", "best single"),
    ("broker", "best single, capped"),
    ("broker, shared", "best single"),
    ("broker", "best by category"),
    ("broker, team", "broker"),
    ("broker, team", "greedy, team"),
)
"""What is compared with what, over the same questions."""
ROUNDING = 1e-9


def head(curves: Curves) -> Iterator[str]:
    """What was measured, and how to read the table."""
    seen, test = curves.training.seen, curves.test
    cost = "as recorded" if seen.real_cost else "list price of 1,000 tokens a call"
    yield f"\n## {curves.name}\n"
    yield (
        f"{len(seen.categories)} questions to learn from, {len(test.categories)} to "
        f"test on, {len(seen.models)} models, {len(curves.categories)} categories. "
        f"Cells: % right (USD spent per 1,000 questions, {cost}). Budgets in USD per "
        "1,000 questions; (n) is how many they are. Differences in points, with 95 % "
        "intervals by paired bootstrap."
    )
    if curves.unseen:
        n = sum(category in curves.unseen for category in test.categories)
        yield (
            f"\nNever seen in training: {', '.join(curves.unseen)} ({n} of the test "
            "questions). There the general belief and the general mean cost decide."
        )
    yield ""


def table(curves: Curves) -> Iterator[str]:
    """Lines of Markdown; budgets without a change share one, equal rules a column."""
    columns = _same_everywhere(curves)
    pairs = [pair for pair in _pairs(curves) if not _equal(curves, *pair)]
    heads = [" = ".join(rules) for rules in columns]
    yield "| budget | " + " | ".join([*heads, *(f"{a} − {b}" for a, b in pairs)]) + " |"
    yield "|---" * (1 + len(columns) + len(pairs)) + "|"
    rules = list(curves.points[0].outcomes)
    for _, group in groupby(curves.points, key=lambda p: _happened(p, *rules)):
        points = list(group)
        outcomes = [points[0].outcomes[rules[0]] for rules in columns]
        cells = [f"{_budgets(points)} ({len(points)})"]
        cells += [
            f"{100 * o.right.mean():.1f} ({_usd(o.usd.mean())})" for o in outcomes
        ]
        cells += [_in_points(*curves.gain(points[0], *pair)) for pair in pairs]
        yield "| " + " | ".join(cells) + " |"


def notes(curves: Curves) -> Iterator[str]:
    """For every comparison: where it is on or above, where below, and why."""
    for one, other in _pairs(curves):
        gains = [(p, curves.gain(p, one, other)) for p in curves.points]
        below = [p for p, (mean, _, _) in gains if mean < -ROUNDING]
        yield (
            f"- **{one} against {other}**: on or above at {len(gains) - len(below)} of "
            f"{len(gains)} budgets (interval above 0 at "
            f"{sum(low > ROUNDING for _, (_, low, _) in gains)}, below 0 at "
            f"{sum(high < -ROUNDING for _, (_, _, high) in gains)})."
        )
        for _, group in groupby(below, key=lambda p: _happened(p, one, other)):
            points = list(group)
            mine, theirs = (points[0].outcomes[rule] for rule in (one, other))
            yield (
                f"  - At {_budgets(points)}: "
                f"{_in_points(*curves.gain(points[0], one, other))}, for "
                f"{_usd(mine.usd.mean())} instead of {_usd(theirs.usd.mean())} USD. "
                + "; ".join(_why(curves, points[0], mine, theirs))
            )
    over = {
        rule: sum(p.outcomes[rule].usd.mean() > p.budget for p in curves.points)
        for rule in curves.points[0].outcomes
    }
    told = ", ".join(f"{rule} {n}" for rule, n in over.items() if n)
    yield f"- Spent more than the budget on average, at so many: {told or 'nobody'}."


def _why(curves: Curves, point: Point, mine: Outcome, theirs: Outcome) -> Iterator[str]:
    """The categories that lose, who sat there, and what training said of them."""
    training = curves.training
    for category in curves.categories:
        here = curves.test.of(category)
        lost = float((theirs.right - mine.right)[here].sum()) / len(here)
        if lost <= ROUNDING:
            continue
        usd = float(training.usd(category)[list(theirs.picks[category])].sum())
        over = f", {_usd(usd)} there and so over the cap" if usd > point.budget else ""
        yield (
            f"{category} {-100 * lost:+.1f}: {_team(training, mine, category, here)} "
            f"instead of {_team(training, theirs, category, here)}{over}"
        )


def _team(
    training: Training, outcome: Outcome, category: str, here: NDArray[np.bool_]
) -> str:
    team = outcome.picks[category]
    names = " + ".join(training.models[m].rpartition("/")[2] for m in team)
    learned = " / ".join(f"{100 * training.accuracy(category)[m]:.1f}" for m in team)
    return f"{names} (learned {learned}, got {100 * outcome.right[here].mean():.1f})"


def _pairs(curves: Curves) -> list[tuple[str, str]]:
    return [pair for pair in PAIRS if set(pair) <= set(curves.points[0].outcomes)]


def _equal(curves: Curves, one: str, other: str) -> bool:
    return all(_happened(p, one) == _happened(p, other) for p in curves.points)


def _same_everywhere(curves: Curves) -> list[list[str]]:
    """Rules in groups that did the same at every budget."""
    groups: list[list[str]] = []
    for rule in curves.points[0].outcomes:
        found = next((g for g in groups if _equal(curves, g[0], rule)), None)
        if found is None:
            groups.append([rule])
        else:
            found.append(rule)
    return groups


def _happened(point: Point, *rules: str) -> bytes:
    outcomes = (point.outcomes[rule] for rule in rules)
    return b"".join(o.right.tobytes() + o.usd.tobytes() for o in outcomes)


def _budgets(points: list[Point]) -> str:
    return " – ".join(dict.fromkeys(_usd(p.budget) for p in (points[0], points[-1])))


def _usd(usd: float) -> str:
    """Of 1,000 questions."""
    return f"{1000 * usd:.3g}"


def _in_points(mean: float, low: float, high: float) -> str:
    return f"{100 * mean:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
