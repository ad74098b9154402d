"""An asynchronous stream for synchronous callers, inside a running loop or not."""

import asyncio
import contextvars
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from typing import TypeVar

__all__ = ["in_a_thread"]

T = TypeVar("T")


class _End:
    """The end of the stream, with the error it ended in, if any."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def in_a_thread(make: Callable[[], AsyncGenerator[T, None]]) -> Iterator[T]:
    """Iterate an asynchronous generator on a loop of its own, in a thread of its own.

    The thread sees the caller's context variables. A caller that stops iterating
    cancels the generator and waits for it to clean up.

    Args:
        make: Makes the generator; called in the thread.
    """
    items: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    stop: list[Callable[[], object]] = []
    started = threading.Event()

    async def drain() -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is not None:
            stop.append(lambda: loop.call_soon_threadsafe(task.cancel))
        started.set()
        stream = make()
        try:
            async for item in stream:
                items.put(item)
        finally:
            await stream.aclose()

    def run() -> None:
        error: BaseException | None = None
        try:
            asyncio.run(drain())
        except BaseException as found:  # noqa: BLE001 - raised again by the caller
            error = found
        finally:
            started.set()
            items.put(_End(error))

    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(run,), name="nsed chat"
    )
    thread.start()
    started.wait()
    try:
        while not isinstance(item := items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        if thread.is_alive() and stop:
            with suppress(RuntimeError):  # the loop has just ended by itself
                stop[0]()
        thread.join()
