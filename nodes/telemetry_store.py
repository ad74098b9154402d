"""Telemetry on file, in any LangGraph store, shared by processes without a lock.

Every item has one writer: a run writes `<UTC day>.<run>` with what it saw that day,
anew after every phase, so that a repeat or a resume changes nothing. A reader adds up.

Days that ended two days ago are folded: their items are summed into one whose key is
named after the runs it holds, and then deleted. Every item says which runs it holds,
and a reader passes over what a larger one holds already, so a fold that is half done,
or done twice at once, loses and doubles nothing. (Nobody deletes a run that no written
item holds; so what is held on a day only grows, and of two folds one holds the other.)
What a run adds to a day after that day was folded is left out.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any, cast

from langgraph.store.base import BaseStore, PutOp, SearchItem, SearchOp

from nsed.brokers.decay import DAY_S, SLOW_HALF_LIFE_S
from nsed.brokers.telemetry import Telemetry

__all__ = ["NAMESPACE", "TelemetryStore"]

NAMESPACE = ("nsed", "telemetry")
SETTLED_DAYS = 2
"""A day may be folded when it ended so many days ago: its runs are over by then."""
KEPT_DAYS = ceil(10 * SLOW_HALF_LIFE_S / DAY_S)
"""After ten half-lives a thousandth is left: such days are deleted."""
_MOST_ITEMS = 1_000_000
_BATCH = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TelemetryStore:
    """Reads and writes telemetry. What the store raises is not caught here."""

    store: BaseStore

    async def write(self, run: str, by_day: Mapping[str, Telemetry]) -> None:
        """File what a run saw; the last write of a run and day counts.

        Args:
            run: Whoever else uses this id overwrites it.
            by_day: By UTC day, `YYYY-MM-DD`.
        """
        await self._put(
            {f"{day}.{run}": _value([run], found) for day, found in by_day.items()}
        )

    async def read(self, now: float, *, without: str | None = None) -> Telemetry:
        """Add up everything on file; days later than tomorrow are some wrong clock's.

        What cannot be read, such as a later version's, is passed over with a warning.

        Args:
            now: Unix seconds.
            without: Leave this run out: who reads is in it, and knows more of it. Not
                possible for the part of a run that is folded already.
        """
        today = _day_of(now)
        return Telemetry.total(
            item.telemetry
            for day, items in (await self._days()).items()
            if -1 <= _age(day, today) <= KEPT_DAYS
            for item in _held_once(items)
            if item.runs != {without}
        )

    async def fold(self, now: float) -> None:
        """Sum up settled days and delete forgotten ones; safe at any time, by anybody.

        Args:
            now: Unix seconds.
        """
        today = _day_of(now)
        for day, items in (await self._days()).items():
            age = _age(day, today)
            kept = _held_once(items) if age <= KEPT_DAYS else []
            if SETTLED_DAYS < age <= KEPT_DAYS and len(kept) > 1:
                whole = await self._sum_up(day, kept)
                await self._delete(item.key for item in items if item.key != whole)
            elif age > SETTLED_DAYS:
                left = {item.key for item in items} - {item.key for item in kept}
                await self._delete(sorted(left))

    async def _sum_up(self, day: str, items: list["_Item"]) -> str:
        """Write one item that holds all of them, and return its key."""
        runs = sorted(run for item in items for run in item.runs)
        digest = hashlib.sha256("\x1f".join(runs).encode()).hexdigest()
        key = f"{day}.sum.{digest[:16]}"
        whole = Telemetry.total(item.telemetry for item in items)
        await self._put({key: _value(runs, whole)})
        return key

    async def _days(self) -> dict[str, list["_Item"]]:
        """All items by day, as of one moment."""
        (found,) = await self.store.abatch([SearchOp(NAMESPACE, limit=_MOST_ITEMS)])
        days: dict[str, list[_Item]] = {}
        problems: list[str] = []
        for one in cast("list[SearchItem]", found):
            if tuple(one.namespace) != NAMESPACE:  # below ours, somebody else's
                continue
            try:
                telemetry = Telemetry.from_json(one.value.get("telemetry"))
                item = _Item(one.key, frozenset(one.value["runs"]), telemetry)
            except (KeyError, TypeError, ValueError) as error:
                problems.append(f"{one.key}: {error}")
                continue
            days.setdefault(item.key.partition(".")[0], []).append(item)
        if problems:
            _log.warning(
                "telemetry: %d items cannot be read: %s", len(problems), problems[0]
            )
        return dict(sorted(days.items()))

    async def _put(self, values: Mapping[str, dict[str, Any] | None]) -> None:
        # Never indexed: a store with embeddings would send it to a model.
        await self.store.abatch(
            [PutOp(NAMESPACE, key, value, index=False) for key, value in values.items()]
        )

    async def _delete(self, keys: Iterable[str]) -> None:
        gone = list(keys)
        for start in range(0, len(gone), _BATCH):
            await self._put(dict.fromkeys(gone[start : start + _BATCH]))


@dataclass(frozen=True, slots=True)
class _Item:
    key: str
    runs: frozenset[str]
    telemetry: Telemetry


def _held_once(items: Iterable[_Item]) -> list[_Item]:
    """The items of a day without those that a larger one holds."""
    chosen: list[_Item] = []
    held: set[str] = set()
    for item in sorted(items, key=lambda i: (-len(i.runs), i.key)):
        if held.isdisjoint(item.runs):
            chosen.append(item)
            held.update(item.runs)
    return chosen


def _value(runs: list[str], telemetry: Telemetry) -> dict[str, Any]:
    return {"runs": runs, "telemetry": telemetry.as_json()}


def _day_of(now: float) -> date:
    return datetime.fromtimestamp(now, UTC).date()


def _age(day: str, today: date) -> int:
    """Days since; a day that is none is as old as can be."""
    try:
        return (today - date.fromisoformat(day)) // timedelta(days=1)
    except ValueError:
        return (today - date.min) // timedelta(days=1)
