"""At most so many generations at once, whichever event loop or thread asks.

Two models that generate on one core are each slower than one after the other, so the
limit holds over all embedded models together.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

__all__ = ["GenerationSlots", "available_cores"]


def available_cores() -> int:
    """Return how many processors this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


@dataclass(eq=False)
class _Waiter:
    """Someone in the queue. `granted` is guarded by the slots' mutex."""

    loop: asyncio.AbstractEventLoop
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    granted: bool = False


class GenerationSlots:
    """A semaphore that several event loops share; first come, first served."""

    def __init__(self, limit: int | None = None) -> None:
        """Make the slots.

        Args:
            limit: How many; by default one a core.
        """
        self.limit = available_cores() if limit is None else limit
        if self.limit < 1:
            msg = f"at least one generation must be allowed, not {limit}"
            raise ValueError(msg)
        self._free = self.limit
        self._queue: deque[_Waiter] = deque()
        self._mutex = threading.Lock()  # held for a few instructions only

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot, and hold it in the `async with` block."""
        await self._acquire()
        try:
            yield
        finally:
            self._release()

    async def _acquire(self) -> None:
        with self._mutex:
            if self._free:
                self._free -= 1
                return
            waiter = _Waiter(asyncio.get_running_loop())
            self._queue.append(waiter)
        arrived = False
        try:
            await waiter.turn.wait()
            arrived = True
        finally:
            if not arrived:  # cancelled while waiting
                self._leave(waiter)

    def _leave(self, waiter: _Waiter) -> None:
        with self._mutex:
            if waiter in self._queue:
                self._queue.remove(waiter)
            granted = waiter.granted
        if granted:  # the slot came at the same moment: hand it on
            self._release()

    def _release(self) -> None:
        with self._mutex:
            while self._queue:
                waiter = self._queue.popleft()
                try:
                    waiter.loop.call_soon_threadsafe(waiter.turn.set)
                except RuntimeError:  # its loop was closed: nobody is waiting there
                    continue
                waiter.granted = True
                return
            self._free += 1
