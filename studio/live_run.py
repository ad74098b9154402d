"""A run at work in a server: what has happened so far, and all who watch it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from traceback import extract_tb
from typing import Final, Literal

from nsed.known_run import KnownRun
from nsed.protocol.errors import (
    ConfigError,
    DegradedError,
    NsedError,
    QuorumError,
    WeightError,
)
from nsed.run import Run
from nsed.state.events import DeliberationEvent
from nsed.state.human import HumanQuestion
from nsed.state.run_record import RunRecord
from nsed.studio.event_log import EventLog

__all__ = ["LiveRun", "LiveState"]

LiveState = Literal["running", "waiting", "finished", "failed", "cancelled"]

_CANCELLED: Final = "the run was cancelled"
_GIVEN_UP: Final = "it was given up"
_TOO_EARLY: Final = "it was stopped before anybody had answered"
_BUG: Final = "something went wrong in the server; its log says what"

_log = logging.getLogger(__name__)


class LiveRun:
    """Plays a run in a task of its own; any number of watchers see every event.

    Attributes:
        run: The run.
        known: What is on file of it, or would be.
        log: What has happened so far, in order.
        record: Of the finished run, or of the failed one; None until then.
        question: What it waits for the user to decide.
        failure: Why there is no answer.
        bug: What went wrong that never should.
    """

    def __init__(
        self, run: Run, *, known: KnownRun | None = None, log: EventLog | None = None
    ) -> None:
        """Start it; needs a running event loop.

        Args:
            run: The run.
            known: What is on file of it, if it goes on.
            log: What it has told before, if it goes on.
        """
        self.run, self.known = run, known or run.known()
        self.log = EventLog() if log is None else log
        self.record: RunRecord | None = None
        self.question: HumanQuestion | None = None
        self.failure: NsedError | None = None
        self.bug: Exception | None = None
        self.cancelled = False
        self._news = asyncio.Event()
        self._stopping = False
        self._task = asyncio.create_task(self._play(), name=f"nsed run {run.run_id}")
        # Also where it is cancelled before its first step, which then never runs.
        self._task.add_done_callback(lambda _: self._ring())

    @property
    def owner(self) -> str:
        """Name of the key it was asked for with; empty: a user of this machine."""
        return self.run.owner

    @property
    def over(self) -> bool:
        """Whether nothing more will happen, unless it is taken up again."""
        return self._task.done()

    @property
    def events(self) -> list[DeliberationEvent]:
        """What has happened so far, in order."""
        return [*self.log]

    @property
    def state(self) -> LiveState:
        """How it stands."""
        if not self.over:
            return "running"
        if self.record is not None and self.failure is None:
            return "finished"
        if self.question is not None:
            return "waiting"
        broke = self.failure is not None or self.bug is not None
        return "failed" if broke and not self.cancelled else "cancelled"

    @property
    def reason(self) -> str:
        """Why it stands so, in words for whoever asked; empty where that is plain."""
        words = {
            "waiting": f"it waits for a decision after round {self._round}",
            "failed": _BUG if self.bug else str(self.failure),
            "cancelled": _TOO_EARLY if self.failure else _GIVEN_UP,
        }
        return words.get(self.state, "")

    @property
    def resumable(self) -> bool:
        """Whether it can be taken up where it is, though it has no end on file."""
        mended = isinstance(self.failure, ConfigError | WeightError)
        open_ = self.state == "cancelled" or self.bug is not None or mended
        return self.over and open_

    @property
    def _round(self) -> int:
        return self.question.round if self.question else 0

    async def watch(
        self, after: int = 0
    ) -> AsyncIterator[tuple[int, DeliberationEvent]]:
        """Tell every event, numbered from 1, the past ones first, until it is over.

        Whoever falls so far behind that events are gone goes on with those there are.

        Args:
            after: Number of the last event that the watcher has seen. One that was
                never given stands for none.
        """
        seen = after if after <= self.log.last else 0
        while True:
            news, over = self._news, self.over
            told = self.log.after(seen)
            for number, event in told:
                seen = number
                yield number, event
            if not told:
                if over:
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
            CancelledError: The run was cancelled, or waits for a decision.
        """
        await self.wait()
        if self.bug is not None:
            raise self.bug
        if self.failure is not None:
            raise self.failure
        if self.record is None:
            raise asyncio.CancelledError(_CANCELLED)
        return self.record

    async def stop(self) -> None:
        """End it with its best answer so far, or with a failure if there is none."""
        if not self.over and not self._stopping:
            self._stopping = True
            self._task.cancel()
        await self.wait()

    async def cancel(self) -> None:
        """Give it up: calls in flight are dropped, nothing more is asked or paid."""
        self.cancelled = self.cancelled or not self.over
        self._task.cancel()
        await self.wait()

    async def _play(self) -> None:
        try:
            await self._until_it_ends()
        except NsedError as error:
            self.failure = error
            if isinstance(error, QuorumError | DegradedError):
                with suppress(KeyError):  # it had not begun
                    self.record = await self.run.record()
        except Exception as error:  # noqa: BLE001 - told to nobody, and noted
            self.bug = error
            _log.error("run %s: %s", self.run.run_id, _whence(error))

    async def _until_it_ends(self) -> None:
        try:
            async for event in self.run.events():
                self.log.append(event)
                self._ring()
            question = await self.run.question()
            if question is None:
                self.record = await self.run.record()
            self.question = question
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            try:
                self.record = await self.run.conclude()
            except QuorumError:
                self.cancelled = True  # on file it is still open
                raise

    def _ring(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _whence(error: Exception) -> str:
    """Its kind and where it came from; not its words, which may quote a prompt."""
    last = extract_tb(error.__traceback__)[-1:]
    where = "".join(f" in {one.name}, line {one.lineno}" for one in last)
    return f"{type(error).__name__}{where}"
