"""Does the broker, learning from half of the questions, beat the best single model?

    python benchmarks/broker_routing.py --plot routing.png --json routing.json

On recorded answers of real models, with a budget in USD. A seat's cost is the mean of
the recorded calls of that model in that category, over the training questions; where
no cost is recorded (LLMRouter) a call is priced as 1,000 tokens at list price. Values
are learned from the training questions; all accuracies and costs are of the others.

The rules, and the budget each keeps, always on what training lets expect:

    broker               the knapsack, one seat; cap on every question
    broker, shared       the same solver over all categories at once; cap on the mean
    best single          most accurate in training, one for all; cap on the mean
    best single, capped  the same, within the cap in every category
    greedy               greedy filling of the broker's problem; cap on every question
    best by category     most accurate in training, unshrunk; cap on every question
    random               mean over all models that fit; cap on every question
    oracle               cheapest right one that fits: out of reach, knows the answers
    broker, team         up to three seats, answers pooled by log-odds of skill
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from routing_choice import Training
from routing_curves import Curves, Outcome, measure
from routing_data import Recorded, halves, load
from routing_report import PAIRS, head, notes, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["main", "measured"]

DATA = Path(__file__).parents[2] / "shared/data"
SETS = ("routerbench", "llmrouter")
SEATS = 3
LOOKS = {
    "oracle": ("oracle (out of reach)", "0.6", ":", 1.2),
    "random": ("random", "tab:brown", ":", 1.2),
    "best single": ("best single, cap on the mean", "tab:orange", "-", 1.6),
    "best single, capped": ("best single, cap everywhere", "tab:orange", "--", 1.6),
    "best by category": ("best by category, unshrunk", "tab:purple", ":", 1.6),
    "broker, shared": ("broker, one budget for all", "tab:green", "--", 1.6),
    "broker, team": ("broker, up to 3 seats", "tab:red", "-", 1.6),
    "broker": ("broker, one seat (= greedy)", "tab:blue", "-", 2.2),
}
"""Label, colour, line and width of each rule, in the order of drawing."""


def measured(
    recorded: Recorded, *, steps: int, stratified: bool = True, seats: int = 1
) -> Curves:
    """Learn from one half of the questions and measure on the other."""
    learn, test = halves(recorded.categories, stratified=stratified)
    how = "first half of each category" if stratified else "first half of the file"
    return measure(
        f"{recorded.name}, learned from the {how}",
        Training(recorded.take(learn)),
        recorded.take(test),
        steps=steps,
        seats=seats,
    )


def all_curves(folder: Path, *, steps: int) -> Iterator[Curves]:
    """The main results, then teams, then the plain split of each file."""
    sets = [load(folder, name) for name in SETS]
    for recorded in sets:
        yield measured(recorded, steps=steps)
    letters = sets[0].answered(name="routerbench, questions with letters (ARC)")
    yield measured(letters, steps=steps, seats=SEATS)
    for recorded in sets:
        yield measured(recorded, steps=steps, stratified=False)


def as_json(curves: Curves) -> dict[str, Any]:
    """All numbers, as plain data; USD a question."""
    names = curves.training.models

    def rule(outcome: Outcome) -> dict[str, Any]:
        return {
            "accuracy": float(outcome.right.mean()),
            "interval": curves.interval(outcome.right),
            "usd": float(outcome.usd.mean()),
            "picks": {c: [names[m] for m in t] for c, t in outcome.picks.items()},
        }

    return {
        "name": curves.name,
        "questions": {
            "training": len(curves.training.seen.categories),
            "test": len(curves.test.categories),
        },
        "points": [
            {
                "budget": point.budget,
                "rules": {name: rule(o) for name, o in point.outcomes.items()},
                "gains": {
                    f"{one} - {other}": curves.gain(point, one, other)
                    for one, other in PAIRS
                    if {one, other} <= set(point.outcomes)
                },
            }
            for point in curves.points
        ],
    }


def draw(found: Sequence[Curves], path: Path) -> None:
    """Accuracy by budget above, by what was spent below; a column a set."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only where it is drawn

    figure = Figure(figsize=(5.6 * len(found), 9.6), layout="constrained")
    grid = figure.subplots(2, len(found), squeeze=False)
    for column, curves in enumerate(found):
        above, below = grid[0][column], grid[1][column]
        _by_budget(above, curves)
        _by_spending(below, curves)
        above.set_title(curves.name.replace(", learned", "\nlearned"), fontsize=10)
        cost = "recorded cost"
        if not curves.test.real_cost:
            cost = "list price of 1,000 tokens a call"
        above.set_xlabel(f"budget, USD per 1,000 questions ({cost})")
        below.set_xlabel(f"spent, USD per 1,000 questions ({cost})")
        for axes in (above, below):
            axes.set_xscale("log")
            axes.set_ylabel("% right on the test half")
            axes.grid(alpha=0.3, which="both")
    known = {
        label: line
        for axes in figure.axes
        for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        known.values(), known.keys(), fontsize=9, loc="outside lower center", ncols=5
    )
    figure.savefig(path, dpi=110)


def _by_budget(axes: "Axes", curves: Curves) -> None:
    budgets = [1000 * point.budget for point in curves.points]
    budgets.append(budgets[-1] * 1.25)  # so that the last step has a width
    for rule, (label, colour, line, width) in LOOKS.items():
        if rule not in curves.points[0].outcomes:
            continue
        outcomes = [point.outcomes[rule] for point in curves.points]
        outcomes.append(outcomes[-1])
        right = [100 * o.right.mean() for o in outcomes]
        axes.step(budgets, right, line, where="post", c=colour, lw=width, label=label)
        if rule in ("broker", "broker, team"):
            ends = [curves.interval(o.right) for o in outcomes]
            low, high = zip(*((100 * a, 100 * b) for a, b in ends), strict=True)
            axes.fill_between(
                budgets, low, high, step="post", color=colour, alpha=0.12, lw=0
            )


def _by_spending(axes: "Axes", curves: Curves) -> None:
    """Each rule where its money went, and every model alone as a cross."""
    for rule, (label, colour, line, width) in LOOKS.items():
        if rule not in curves.points[0].outcomes or rule.startswith("best single"):
            continue
        outcomes = [point.outcomes[rule] for point in curves.points]
        spots = sorted({(1000 * o.usd.mean(), 100 * o.right.mean()) for o in outcomes})
        usd, right = zip(*spots, strict=True)
        axes.plot(usd, right, line, c=colour, lw=width, label=label, marker=".")
    usd, right = 1000 * curves.test.usd.mean(axis=0), curves.test.right.mean(axis=0)
    axes.plot(usd, 100 * right, "x", c="tab:orange", ms=7, label="one model for all")
    for name, x, y in zip(curves.test.models, usd, 100 * right, strict=True):
        short = name.rpartition("/")[2]
        axes.annotate(short, (x, y), (4, -7), textcoords="offset points", fontsize=6)
    axes.margins(x=0.2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables; draw and write what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--budgets", type=int, default=14)
    parser.add_argument("--plot", type=Path, help="PNG of the sets with a main table")
    parser.add_argument("--json", type=Path, help="all numbers")
    args = parser.parse_args(arguments)
    if not (args.data / f"recorded_{SETS[0]}.jsonl").exists():
        print(f"nothing to measure: no recorded answers in {args.data}; give --data")
        return
    found = []
    for curves in all_curves(args.data, steps=args.budgets):
        found.append(curves)
        print("\n".join([*head(curves), *table(curves), "", *notes(curves)]))
    if args.json:
        text = json.dumps([as_json(curves) for curves in found], indent=1)
        args.json.write_text(text, encoding="utf-8")
    if args.plot:
        draw(found[:SEATS], args.plot)


if __name__ == "__main__":
    main()
