"""One event loop for all synchronous doors, in a thread of its own.

It lives as long as the process: chat models keep HTTP clients that belong to the loop
they were first used on, and would fail on the next one.
"""

import asyncio
import contextvars
import os
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar

__all__ = ["PrivateLoop", "private_loop"]

T = TypeVar("T")


class PrivateLoop:
    """A loop in a daemon thread, started on first use."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self.forget()

    def run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine to its end, with the caller's context variables.

        Blocks the calling thread, a running event loop in it included. An interrupt
        of the caller cancels the coroutine, and waits for it to end.
        """
        work = self._prepared(make)
        try:
            work.begin()
            return work.result.result()
        finally:
            work.stop()

    def iterate(self, make: Callable[[], AsyncIterator[T]]) -> Iterator[T]:
        """Iterate an async generator; closing the iterator closes it, and waits."""
        items: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()

        async def pump() -> None:
            source = make()
            try:
                async for value in source:
                    items.put((value,))
            finally:
                if isinstance(source, AsyncGenerator):
                    await source.aclose()

        work = self._prepared(pump)
        work.result.add_done_callback(lambda _: items.put(None))
        try:
            work.begin()
            while (item := items.get()) is not None:
                yield item[0]
            work.result.result()
        finally:
            work.stop()

    def forget(self) -> None:
        """Start anew: in a child process the thread is gone."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._within: PrivateLoop | None = None
        self._starting = threading.Lock()

    def _prepared(self, make: Callable[[], Coroutine[Any, Any, T]]) -> "_Work[T]":
        if self._loop is not None and _running_loop() is self._loop:
            # Blocked from inside: what is waited for needs another loop.
            self._within = self._within or PrivateLoop()
            return self._within._prepared(make)  # noqa: SLF001 - one of its own kind
        return _Work(make, self._started())

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._loop.run_forever, name="nsed", daemon=True
                ).start()
            return self._loop


class _Work(Generic[T]):
    """A coroutine for another thread's loop."""

    def __init__(
        self,
        make: Callable[[], Coroutine[Any, Any, T]],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.result: Future[T] = Future()
        self._make, self._loop = make, loop
        self._task: asyncio.Task[T] | None = None

    def begin(self) -> None:
        """Have it run, with the caller's context variables."""
        here = contextvars.copy_context()
        self._loop.call_soon_threadsafe(self._begin, context=here)

    def stop(self) -> None:
        """Cancel it if it has not ended, and wait until it has."""
        if not self.result.done():
            self._loop.call_soon_threadsafe(self._cancel)
            self.result.exception()

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._make())
        self._task.add_done_callback(self._ended)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        elif not self.result.done():  # interrupted before it could begin
            self.result.set_exception(asyncio.CancelledError())

    def _ended(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self.result.set_exception(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            self.result.set_exception(error)
        else:
            self.result.set_result(task.result())


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


private_loop: Final = PrivateLoop()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=private_loop.forget)
