"""A deadline that may be moved while it runs."""

import asyncio

import pytest
from virtual_loop import run_virtually

from nsed.models.time_limit import TimeLimit


def now() -> float:
    return asyncio.get_running_loop().time()


async def cut_at(limit: TimeLimit, *moves: tuple[float, float | None]) -> float:
    """Work for a day; move the limit at some times, and say when it cut us off."""
    loop = asyncio.get_running_loop()
    for at, to in moves:
        loop.call_at(at, limit.move, to, "moved")
    try:
        async with limit:
            await asyncio.sleep(86_400)
    except TimeoutError:
        return now()
    return -1


def test_it_cuts_off_when_it_is_reached() -> None:
    assert run_virtually(cut_at(TimeLimit(30))) == 30


def test_it_can_be_brought_forward_put_off_and_lifted() -> None:
    assert run_virtually(cut_at(TimeLimit(30), (5, 10))) == 10
    assert run_virtually(cut_at(TimeLimit(30), (5, 90))) == 90
    assert run_virtually(cut_at(TimeLimit(30), (5, None))) == -1


def test_a_time_that_is_over_cuts_off_at_once() -> None:
    assert run_virtually(cut_at(TimeLimit(30), (5, 1))) == 5


def test_what_has_expired_stays_so_and_keeps_its_reason() -> None:
    async def over(limit: TimeLimit) -> None:
        async with limit:
            try:
                await asyncio.sleep(99)
            finally:
                limit.move(500, "too late")

    async def late() -> tuple[bool, str]:
        limit = TimeLimit(30, "in time")
        with pytest.raises(TimeoutError):
            await over(limit)
        return limit.expired, limit.why

    assert run_virtually(late()) == (True, "in time")


def test_what_is_left_is_never_negative() -> None:
    async def left() -> list[float | None]:
        return [TimeLimit(5).left_s, TimeLimit(-5).left_s, TimeLimit().left_s]

    assert run_virtually(left()) == [5, 0, None]
