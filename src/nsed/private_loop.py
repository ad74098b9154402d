"""One event loop for all synchronous doors, in a thread of its own.

It lives as long as the process: chat models keep HTTP clients that belong to the loop
they were first used on, and would fail on the next one.
"""

import asyncio
import os
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import aclosing, suppress
from typing import Any, Final, Generic, TypeVar

__all__ = ["PrivateLoop", "private_loop"]

T = TypeVar("T")


class PrivateLoop:
    """A loop in a daemon thread, started on first use."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()

    def run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine to its end, with the caller's context variables.

        Blocks the calling thread, a running event loop in it included. An interrupt
        of the caller cancels the coroutine, and waits for it to end.
        """
        return _result(asyncio.run_coroutine_threadsafe(make(), self._started()))

    def iterate(self, make: Callable[[], AsyncGenerator[T, None]]) -> Iterator[T]:
        """Iterate an async generator; closing the iterator closes it, and waits."""
        items: queue.SimpleQueue[_Item[T] | None] = queue.SimpleQueue()

        async def pump() -> None:
            try:
                async with aclosing(make()) as source:
                    async for value in source:
                        items.put(_Item(value))
            finally:
                items.put(None)

        pumping = asyncio.run_coroutine_threadsafe(pump(), self._started())
        try:
            while (item := items.get()) is not None:
                yield item.value
            pumping.result()
        finally:
            if not pumping.done():
                pumping.cancel()
                while items.get() is not None:
                    pass

    def forget(self) -> None:
        """Start anew: in a child process the thread is gone."""
        self._loop, self._starting = None, threading.Lock()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._loop.run_forever, name="nsed", daemon=True
                ).start()
            return self._loop


class _Item(Generic[T]):
    """A value in the queue; None in its place is the end."""

    def __init__(self, value: T) -> None:
        self.value = value


def _result(future: "Future[T]") -> T:
    try:
        return future.result()
    except BaseException:
        if not future.done():
            future.cancel()
            with suppress(BaseException):
                future.result()
        raise


private_loop: Final = PrivateLoop()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=private_loop.forget)
