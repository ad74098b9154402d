"""One completion at work: let in, deliberated, put into form; any number may wait."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Literal

from nsed.nodes.hiring import Hiring
from nsed.protocol.errors import NsedError
from nsed.protocol.usage import Usage
from nsed.state.run_record import RunRecord
from nsed.stop_sequences import cut
from nsed.structured_answer import structured
from nsed.studio.admission import Admission, Caller
from nsed.studio.answer_limit import limit_reached
from nsed.studio.chat_task import ChatTask
from nsed.studio.live_run import LiveRun
from nsed.studio.run_failures import given_up, refusal_of
from nsed.studio.run_service import RunService
from nsed.studio.verdict_summary import VerdictSummary, summary_of

__all__ = ["Completed", "Completion"]


@dataclass(frozen=True)
class Completed:
    """What a client gets."""

    text: str
    usage: Usage
    """Of all calls, those for the form included."""
    summary: VerdictSummary
    finish: Literal["stop", "length"] = "stop"


@dataclass
class Completion:
    """Plays one task in a task of its own, under the limits of whoever asks."""

    asked: ChatTask
    caller: Caller
    service: RunService
    admission: Admission
    created: int = field(default_factory=lambda: int(time.time()))
    live: LiveRun | None = None
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[Completed] = field(init=False)

    def __post_init__(self) -> None:
        """Start it; needs a running event loop."""
        self._task = asyncio.create_task(self._play())
        self._task.add_done_callback(self._over)

    @property
    def id(self) -> str:
        """As clients see it; once it has begun."""
        return f"chatcmpl-{self.live.run.run_id if self.live else ''}"

    @property
    def done(self) -> bool:
        """Whether nothing more will happen."""
        return self._task.done()

    @property
    def broken(self) -> bool:
        """Whether it was given up, or never let in: to ask again may do better."""
        if not self._task.done():
            return False
        if self._task.cancelled():
            return True
        return self._task.exception() is not None and self.live is None

    async def begun(self) -> LiveRun:
        """Wait until something has happened: somebody has a seat.

        Raises:
            RefusedError: It is not let in, or there is no answer.
        """
        await self._begun.wait()
        if self.live is None:
            await self.completed()
            raise AssertionError
        live = self.live
        async for _ in live.watch():
            break
        else:  # over without a word, so it failed
            await self.completed()
        return live

    async def completed(self) -> Completed:
        """Wait for the end. Cancelling whoever waits does not cancel it.

        Raises:
            RefusedError: There is no answer, or it was given up.
        """
        await asyncio.wait([self._task])
        if self._task.cancelled():
            raise given_up()
        return self._task.result()

    async def over(self, *, within_s: float) -> bool:
        """Whether it has ended, or does so within some seconds."""
        await asyncio.wait([self._task], timeout=within_s)
        return self._task.done()

    def give_up(self) -> None:
        """Ask and pay for nothing more."""
        self._task.cancel()

    async def _play(self) -> Completed:
        asked, caller = self.asked, self.caller
        try:
            async with self.admission.enter(
                caller, asked.config, preset=asked.preset
            ) as granted:
                self.live = self.service.begin(
                    asked.task, granted.config, owner=caller.name, granted=granted
                )
                self._begun.set()
                try:
                    record = await self.live.ended()
                except asyncio.CancelledError:
                    await self.live.cancel()
                    raise
                return await self._formed(record, granted.hire(self.service.hire))
        except NsedError as error:
            raise refusal_of(error, self._run_with_a_record()) from error

    async def _formed(self, record: RunRecord, hire: Hiring) -> Completed:
        """The answer in the form that was asked for, cut where it was to end."""
        asked, usage, reasked = self.asked, record.verdict.usage, False
        text = record.verdict.text
        if asked.form is not None:
            found = await structured(record, asked.form, hire=hire)
            found.required()
            text, reasked = found.text, found.reasked
            usage += found.usage
        text, ended = cut(text, asked.stops)
        summary = summary_of(record, usd=usage.usd, calls=usage.calls, reasked=reasked)
        reached = not (ended or reasked) and limit_reached(record)
        return Completed(text, usage, summary, "length" if reached else "stop")

    def _over(self, task: asyncio.Task[Completed]) -> None:
        self._begun.set()
        if not task.cancelled():
            task.exception()  # whoever still waits is told; nobody may be left

    def _run_with_a_record(self) -> str:
        live = self.live
        return live.run.run_id if live is not None and live.record is not None else ""
