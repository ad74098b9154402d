"""The loop behind the synchronous doors."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import AsyncIterator

import pytest

from nsed.private_loop import PrivateLoop


def test_all_calls_share_one_loop() -> None:
    async def mine() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    loop = PrivateLoop()

    assert loop.run(mine) is loop.run(mine)
    assert loop.run(mine) is not PrivateLoop().run(mine)


def test_calls_from_many_threads_are_at_work_at_the_same_time() -> None:
    loop, barrier = PrivateLoop(), asyncio.Barrier(4)

    async def meet() -> int:
        return await barrier.wait()

    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(loop.run(meet))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [0, 1, 2, 3]


@pytest.mark.blocks_the_loop
def test_a_call_from_inside_the_loop_has_another_one() -> None:
    loop = PrivateLoop()

    async def inner() -> str:
        return "8"

    async def outer() -> str:
        return loop.run(inner) + loop.run(inner)

    assert loop.run(outer) == "88"


def test_an_error_is_the_callers_and_a_cancellation_too() -> None:
    async def fail() -> None:
        raise KeyError("x")

    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(KeyError):
        PrivateLoop().run(fail)
    with pytest.raises(asyncio.CancelledError):
        PrivateLoop().run(cancelled)


def test_an_interrupt_cancels_the_work_and_waits_for_its_end() -> None:
    ended, caller = [], threading.main_thread().ident

    def waits() -> bool:
        frames = traceback.walk_stack(sys._current_frames()[caller or 0])
        return "wait" in {frame.f_code.co_name for frame, _ in frames}

    async def long() -> None:
        # An interrupt of anything else would be the test runner's.
        while not waits():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    # Whatever ran here before may have left another handler.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            PrivateLoop().run(long)
    finally:
        signal.signal(signal.SIGINT, before)

    assert ended


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_child_process_has_a_loop_of_its_own() -> None:
    """In a process of its own: the test runner has threads that a fork would lose."""
    code = (
        "import os\n"
        "from nsed.private_loop import private_loop\n"
        "async def eight(): return 8\n"
        "assert private_loop.run(eight) == 8\n"
        "if child := os.fork():\n"
        "    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "os._exit(private_loop.run(eight) - 8)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=False)

    assert ran.returncode == 0


def test_an_iteration_that_is_left_is_closed() -> None:
    closed = []

    async def count() -> AsyncIterator[int]:
        try:
            for n in range(100):
                yield n
                await asyncio.sleep(0)
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    for n in PrivateLoop().iterate(count):
        if n == 3:
            break

    assert closed
