"""Recorded answers of real models, as arrays: questions in rows, models in columns."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TOKENS", "Recorded", "halves", "load"]

TOKENS = 1000
"""Where no cost and no length is recorded, a call is priced as so many tokens."""

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Recorded:
    """What every model did on every question."""

    name: str
    models: tuple[str, ...]
    categories: tuple[str, ...]
    """One a question, in the order of the file."""
    right: NDArray[np.bool_]
    """Shape `(questions, models)`."""
    usd: NDArray[np.float64]
    """What the call cost, same shape."""
    answers: NDArray[np.str_]
    """Normalised answers, same shape; empty where none is recorded."""
    real_cost: bool
    """Whether `usd` was recorded; else it is list price times `TOKENS`."""

    def take(self, rows: Rows, *, name: str | None = None) -> "Recorded":
        """Only some questions."""
        return Recorded(
            name=name or self.name,
            models=self.models,
            categories=tuple(self.categories[i] for i in rows),
            right=self.right[rows],
            usd=self.usd[rows],
            answers=self.answers[rows],
            real_cost=self.real_cost,
        )

    def answered(self, *, name: str) -> "Recorded":
        """Only the questions to which every model's answer is recorded."""
        return self.take(np.flatnonzero((self.answers != "").all(axis=1)), name=name)

    def of(self, category: str) -> NDArray[np.bool_]:
        """Which questions are of a category."""
        return np.array([c == category for c in self.categories], dtype=np.bool_)


def load(folder: Path, name: str) -> Recorded:
    """Read `recorded_<name>.jsonl` with its questions and, for prices, `models.jsonl`.

    Raises:
        FileNotFoundError: One of the files is not there.
        ValueError: Some model did not answer some question, or has no price.
    """
    questions = _lines(folder / f"recorded_{name}_questions.jsonl")
    calls = _lines(folder / f"recorded_{name}.jsonl")
    real = all("cost_usd" in call for call in calls)
    prices = {} if real else _usd_a_call(_lines(folder / "models.jsonl"))
    models = tuple(sorted({call["model"] for call in calls}))
    row = {question["id"]: i for i, question in enumerate(questions)}
    column = {model: i for i, model in enumerate(models)}
    shape = (len(row), len(column))
    right, usd = np.zeros(shape, np.bool_), np.full(shape, np.nan)
    answers = np.full(shape, "", dtype="U64")
    for call in calls:
        at = (row[call["qid"]], column[call["model"]])
        right[at] = call["correct"]
        usd[at] = call["cost_usd"] if real else prices.get(call["model"], np.nan)
        answers[at] = call.get("answer") or ""
    if np.isnan(usd).any():
        msg = f"{name}: {int(np.isnan(usd).sum())} answers are missing or unpriced"
        raise ValueError(msg)
    categories = tuple(question["category"] for question in questions)
    return Recorded(name, models, categories, right, usd, answers, real)


def halves(categories: Sequence[str], *, stratified: bool) -> tuple[Rows, Rows]:
    """Rows to learn from and rows to test on, both in the order of the file.

    Args:
        categories: One a question.
        stratified: The first half of each category instead of the first half of all.
    """
    groups: Iterable[list[int]] = [list(range(len(categories)))]
    if stratified:
        by_category: dict[str, list[int]] = {}
        for i, category in enumerate(categories):
            by_category.setdefault(category, []).append(i)
        groups = by_category.values()
    learn = {i for group in groups for i in group[: len(group) // 2]}
    rows = range(len(categories))
    return (
        np.array([i for i in rows if i in learn], dtype=np.intp),
        np.array([i for i in rows if i not in learn], dtype=np.intp),
    )


def _usd_a_call(models: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """List prices are the same for input and output here; checked, not assumed."""
    return {
        m["model"]: m["usd_per_mtok_in"] * TOKENS / 1e6
        for m in models
        if "usd_per_mtok_in" in m and m["usd_per_mtok_in"] == m["usd_per_mtok_out"]
    }


def _lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
