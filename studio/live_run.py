"""A run at work in a server: what has happened so far, and all who watch it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from nsed.protocol.errors import DegradedError, NsedError, QuorumError
from nsed.run import Run
from nsed.state.events import DeliberationEvent
from nsed.state.run_record import RunRecord

__all__ = ["LiveRun"]

_CANCELLED: Final = "the run was cancelled"


class LiveRun:
    """Plays a run in a task of its own; any number of watchers see every event.

    Attributes:
        run: The run.
        events: What has happened so far, in order.
        record: Of the finished run, or of the failed one; None until then.
        failure: Why there is no answer.
    """

    def __init__(self, run: Run) -> None:
        """Start it; needs a running event loop."""
        self.run = run
        self.events: list[DeliberationEvent] = []
        self.record: RunRecord | None = None
        self.failure: NsedError | None = None
        self.cancelled = False
        self._news = asyncio.Event()
        self._stopping = False
        self._task = asyncio.create_task(self._play(), name=f"nsed run {run.run_id}")

    @property
    def owner(self) -> str:
        """Name of the key it was asked for with; empty: a user of this machine."""
        return self.run.owner

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self._task.done()

    async def watch(
        self, after: int = 0
    ) -> AsyncIterator[tuple[int, DeliberationEvent]]:
        """Tell every event, numbered from 1, the past ones first, until it is over.

        Args:
            after: Number of the last event that the watcher has seen.
        """
        seen = after
        while True:
            news = self._news
            for event in self.events[seen:]:
                seen += 1
                yield seen, event
            if seen >= len(self.events):
                if self.over:
                    return
                await news.wait()

    async def wait(self) -> None:
        """Wait until it is over, however it ends."""
        await asyncio.wait([self._task])

    async def ended(self) -> RunRecord:
        """Wait for the end, and give the record.

        Cancelling whoever waits does not cancel the run.

        Raises:
            NsedError: There is no answer. `record` may have what there is instead.
            CancelledError: The run was cancelled.
        """
        await self.wait()
        if self.failure is not None:
            raise self.failure
        if self.record is None:
            if not self._task.cancelled() and (bug := self._task.exception()):
                raise bug
            raise asyncio.CancelledError(_CANCELLED)
        return self.record

    async def stop(self) -> None:
        """End it with its best answer so far, or with a failure if there is none."""
        if not self.over:
            self._stopping = True
            self._task.cancel()
        await asyncio.wait([self._task])

    async def cancel(self) -> None:
        """Give it up: calls in flight are dropped, nothing more is asked or paid."""
        self.cancelled = self.cancelled or not self.over
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _play(self) -> None:
        try:
            await self._until_it_ends()
        except NsedError as error:
            self.failure = error
            if isinstance(error, QuorumError | DegradedError):
                with suppress(KeyError):  # it had not begun
                    self.record = await self.run.record()
        finally:
            asyncio.get_running_loop().call_soon(self._ring)

    async def _until_it_ends(self) -> None:
        try:
            async for event in self.run.events():
                self.events.append(event)
                self._ring()
            if await self.run.question() is None:
                self.record = await self.run.record()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            self.record = await self.run.conclude()

    def _ring(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
