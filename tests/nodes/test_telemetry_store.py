"""Folding without a lock: whatever happens in between, all is counted once."""

from collections.abc import Coroutine, Generator, Iterable, Iterator
from itertools import combinations
from typing import Any

import pytest
from langgraph.store.base import BaseStore, Op
from langgraph.store.memory import InMemoryStore

from nsed.brokers.decay import DAY_S
from nsed.brokers.observations import CallSeen
from nsed.brokers.telemetry import Telemetry
from nsed.nodes.telemetry import telemetry_by_day
from nsed.nodes.telemetry_store import NAMESPACE, TelemetryStore

NOW = 1.8e9
STEPS = 3
"""A fold of one day: search, put, delete."""


class _Pause:
    def __await__(self) -> Generator[None, None, None]:
        yield


class Stepwise(BaseStore):
    """A store whose user stops before each batch, until it is sent on."""

    def __init__(self, inner: InMemoryStore) -> None:
        self.inner = inner

    def batch(self, ops: Iterable[Op]) -> list[Any]:
        raise NotImplementedError

    async def abatch(self, ops: Iterable[Op]) -> list[Any]:
        await _Pause()
        return self.inner.batch(ops)


def seen(days_ago: float = 5) -> dict[str, Telemetry]:
    at = NOW - days_ago * DAY_S
    call = CallSeen("ada", "proposer", "math", at, "ok", 5, None, 1, 1, 1)
    return telemetry_by_day([call])


def advance(folding: Coroutine[Any, Any, None]) -> bool:
    """Let it do one batch; whether it has come to its end."""
    try:
        folding.send(None)
    except StopIteration:
        return True
    return False


async def calls_in(store: BaseStore) -> int:
    known = await TelemetryStore(store).read(NOW)
    return known.summary("ada", NOW).calls_ever


def orders() -> Iterator[tuple[str, ...]]:
    """Every order of three steps each of A and B, and one write W anywhere."""
    length = 2 * STEPS + 1
    for write in range(length):
        rest = [place for place in range(length) if place != write]
        for first in combinations(rest, STEPS):
            yield tuple(
                "W" if p == write else "A" if p in first else "B" for p in range(length)
            )


def test_all_orders_are_tried() -> None:
    assert len(set(orders())) == 7 * 20


@pytest.mark.parametrize("late", ["a new run", "a run that is there"])
async def test_two_folders_interleaved_lose_and_double_nothing(late: str) -> None:
    for order in orders():
        await two_folders(order, new_run=late == "a new run")


async def two_folders(order: tuple[str, ...], *, new_run: bool) -> None:
    """Let A and B fold and W write in this order, and read after every step."""
    inner = InMemoryStore()
    shared, stepwise = TelemetryStore(inner), TelemetryStore(Stepwise(inner))
    await shared.write("r1", seen())
    await shared.write("r2", seen())
    folding = {"A": stepwise.fold(NOW), "B": stepwise.fold(NOW)}
    for fold in folding.values():
        advance(fold)  # up to its first batch
    expected, at_work = 2, {*folding}

    def step(who: str) -> None:
        if who in at_work and advance(folding[who]):
            at_work.remove(who)

    for who in order:
        if who == "W":
            await shared.write("r3" if new_run else "r1", seen())
            expected += new_run
        step(who)
        assert await calls_in(inner) == expected, order
    while at_work:  # a refolding takes more steps
        step(min(at_work))
        assert await calls_in(inner) == expected, order

    await shared.fold(NOW)
    assert await calls_in(inner) == expected, order
    assert len(await inner.asearch(NAMESPACE, limit=99)) == 1, order


async def test_a_folder_that_dies_between_its_steps_is_made_up_for() -> None:
    for steps in range(STEPS + 1):
        inner = InMemoryStore()
        shared = TelemetryStore(inner)
        for run in ("r1", "r2", "r3"):
            await shared.write(run, seen())
        dying = TelemetryStore(Stepwise(inner)).fold(NOW)
        for _ in range(steps):
            advance(dying)
        dying.close()

        assert await calls_in(inner) == 3
        await shared.fold(NOW)
        assert await calls_in(inner) == 3
        assert len(await inner.asearch(NAMESPACE, limit=99)) == 1


async def test_telemetry_is_never_sent_to_an_embedding_model() -> None:
    def embed(texts: list[str]) -> list[list[float]]:
        raise AssertionError(texts)

    store = InMemoryStore(index={"dims": 2, "embed": embed})

    await TelemetryStore(store).write("r1", seen())

    assert await calls_in(store) == 1
