"""No more generations at once than slots, over all threads and event loops."""

import asyncio
import os
import threading

import pytest

from nsed.models.generation_slots import GenerationSlots, available_cores


class Meter:
    """Counts who is inside at once."""

    def __init__(self) -> None:
        self.inside = self.most = self.total = 0
        self._mutex = threading.Lock()

    def __enter__(self) -> None:
        with self._mutex:
            self.inside += 1
            self.total += 1
            self.most = max(self.most, self.inside)

    def __exit__(self, *_: object) -> None:
        with self._mutex:
            self.inside -= 1


def test_one_a_core_unless_told_otherwise() -> None:
    assert GenerationSlots().limit == available_cores()
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


def test_none_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        GenerationSlots(0)


def test_the_limit_holds_over_several_event_loops() -> None:
    slots, meter = GenerationSlots(2), Meter()

    async def generate() -> None:
        async with slots.slot():
            with meter:
                await asyncio.sleep(0.002)

    async def many() -> None:
        await asyncio.gather(*(generate() for _ in range(20)))

    threads = [threading.Thread(target=asyncio.run, args=(many(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert meter.total == 80
    assert meter.most == 2


async def test_first_come_first_served() -> None:
    slots, order = GenerationSlots(1), list[int]()

    async def generate(number: int) -> None:
        async with slots.slot():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(generate(number) for number in range(5)))

    assert order == [0, 1, 2, 3, 4]


async def test_who_gives_up_waiting_takes_no_slot() -> None:
    slots = GenerationSlots(1)

    async def generate() -> None:
        async with slots.slot():
            pass

    async with slots.slot():
        waiting = asyncio.create_task(generate())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    await asyncio.wait_for(generate(), timeout=5)


async def test_a_slot_that_comes_too_late_is_handed_on() -> None:
    """The slot is granted and the task cancelled before it could wake up."""
    slots = GenerationSlots(1)
    got_it: list[str] = []

    async def generate(name: str) -> None:
        async with slots.slot():
            got_it.append(name)

    async with slots.slot():
        late = asyncio.create_task(generate("late"))
        next_one = asyncio.create_task(generate("next"))
        await asyncio.sleep(0)
    late.cancel()

    await asyncio.wait_for(next_one, timeout=5)
    with pytest.raises(asyncio.CancelledError):
        await late
    assert got_it == ["next"]


async def test_a_failed_generation_gives_its_slot_back() -> None:
    slots = GenerationSlots(1)
    with pytest.raises(RuntimeError, match="boom"):
        async with slots.slot():
            raise RuntimeError("boom")

    async with asyncio.timeout(5), slots.slot():
        pass


async def test_a_loop_that_was_closed_holds_nobody_up() -> None:
    slots = GenerationSlots(1)

    async def generate() -> None:
        async with slots.slot():
            pass

    async with slots.slot():
        gone = asyncio.new_event_loop()
        waiting = generate()
        await asyncio.to_thread(_leave_waiting, gone, waiting)
        gone.close()

    async with asyncio.timeout(5), slots.slot():
        pass
    waiting.close()


def _leave_waiting(
    loop: asyncio.AbstractEventLoop, waiting: "asyncio._CoroutineLike[None]"
) -> None:
    """Run the loop just long enough for the coroutine to stand in the queue."""

    async def step() -> None:
        waiting.send(None)

    loop.run_until_complete(step())
