"""The runs of one server: begun, watched, found again; each seen by its owner only."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.base import BaseStore

from nsed.brokers.base import Broker
from nsed.checkpoints import Checkpoints
from nsed.config.settings import Settings
from nsed.graphs.checkpointing import record_serializer
from nsed.known_run import KnownRun
from nsed.models.hire import Hire
from nsed.run import Run
from nsed.run_file import RunTakenError
from nsed.state.context import DeliberationConfig
from nsed.state.human import HumanDecision
from nsed.state.run_record import RunRecord
from nsed.studio.event_log import EventLog
from nsed.studio.failed_record import failed_record
from nsed.studio.granted import Granted
from nsed.studio.live_run import LiveRun
from nsed.studio.run_errors import WrongStateError
from nsed.studio.run_history import RunHistory
from nsed.trail.known_heads import KnownHeads

__all__ = ["RunService"]


def _memory() -> InMemorySaver:
    return InMemorySaver(serde=record_serializer())


@dataclass
class RunService:
    """What all doors of one server share: experts, storage, and the runs at work.

    An owner is the name of a key; the empty one is a user of this machine, who has no
    key and may see only what was asked for without one.
    """

    settings: Settings
    hire: Hire
    store: BaseStore | None = None
    checkpoints: Checkpoints | None = None
    broker: Broker | None = None
    trails: KnownHeads | None = None
    """Where trails of runs were seen; None: nowhere."""
    most_remembered: int = 256
    """How many runs that are not at work stay in memory; older ones are read from
    disk, or forgotten where none are kept."""
    closed: bool = False
    """Whether the server ends: no run begins any more."""
    _runs: OrderedDict[str, LiveRun] = field(default_factory=OrderedDict)
    _memory: InMemorySaver = field(default_factory=_memory)

    @property
    def saver(self) -> BaseCheckpointSaver[Any]:
        """Where the state of runs is, after every step."""
        return self.checkpoints.saver if self.checkpoints else self._memory

    @property
    def history(self) -> RunHistory:
        """The steps of runs, to be looked at."""
        return RunHistory(self.saver)

    def begin(
        self,
        task: str,
        config: DeliberationConfig,
        *,
        owner: str = "",
        graph: str = "deliberation",
        run_id: str | None = None,
        granted: Granted | None = None,
    ) -> LiveRun:
        """Begin a run; it goes on whether or not somebody watches.

        Args:
            task: What is asked.
            config: Experts and knobs.
            owner: Name of the key it is asked for with.
            graph: Which graph runs.
            run_id: Its name; by default a new one.
            granted: The leave that `Admission.enter` gave for it.

        Raises:
            WrongStateError: The server ends.
        """
        run = self._run(task, config, owner, graph, run_id=run_id, granted=granted)
        return self._started(run, None, EventLog(), granted)

    def go_on(
        self,
        known: KnownRun,
        config: DeliberationConfig,
        *,
        decision: HumanDecision | None = None,
        granted: Granted | None = None,
        log: EventLog | None = None,
    ) -> LiveRun:
        """Go on with a run that is not at work; its events are numbered on.

        Args:
            known: The run.
            config: Its settings, with the caps of this moment.
            decision: What its owner decided, if it waits for that.
            granted: The leave that `Admission.enter` gave for it.
            log: Of a run that has told nothing yet, an empty one.

        Raises:
            WrongStateError: It is at work, or the server ends.
        """
        before = self._runs.get(known.id)
        if before is not None and not before.over:
            raise WrongStateError("the run is at work")
        run = self._run(
            known.task,
            config,
            known.owner,
            known.graph,
            run_id=known.id,
            forked_from=known.forked_from,
            granted=granted,
        )
        if decision is not None:
            run.decide(decision)
        if log is None:
            log = before.log if before else EventLog(first=int(1000 * time.time()))
        return self._started(run, known, log, granted)

    async def fork(self, known: KnownRun, child: KnownRun, *, from_round: int) -> None:
        """Put a new run on file that begins as another one stood before a round.

        Raises:
            ConfigError: The old run has not come so far.
        """
        await self._on_file(known).fork(child, from_round=from_round)

    def live(self, run_id: str, owner: str) -> LiveRun | None:
        """A run that this process has begun and remembers; None if there is none."""
        live = self._runs.get(run_id)
        if live is None or live.owner != owner:
            return None
        # One that another process was faster with is that process's.
        return None if isinstance(live.failure, RunTakenError) else live

    async def known(self, run_id: str, owner: str) -> KnownRun | None:
        """A run that is on file, finished or not; None if there is none."""
        if self.checkpoints is None:
            return None
        known = await self.checkpoints.log.get(run_id)
        return known if known is not None and known.owner == owner else None

    async def record(self, run_id: str, owner: str) -> RunRecord | None:
        """The record of a run, finished or as far as it is; None if there is none."""
        live = self.live(run_id, owner)
        if live is not None:
            return live.record or await live.run.record_so_far()
        known = await self.known(run_id, owner)
        if known is None:
            return None
        if known.state == "failed":
            values = (await self.history.at(known)).values
            return failed_record(known, values)
        return await self._on_file(known).record_so_far()

    async def runs(self, owner: str, most: int = 50) -> list[KnownRun]:
        """The latest runs of an owner, the newest first."""
        found = {
            live.known.id: live.known
            for live in self._runs.values()
            if live.owner == owner
        }
        if self.checkpoints is not None:
            on_file = await self.checkpoints.log.known(most, owner=owner)
            found |= {known.id: known for known in on_file}
        return sorted(found.values(), key=lambda known: -known.begun_at)[:most]

    async def aclose(self) -> None:
        """Give up all runs at work; those on file can be resumed. None begins now."""
        self.closed = True
        await asyncio.gather(*(live.cancel() for live in self._runs.values()))

    def _run(
        self,
        task: str,
        config: DeliberationConfig,
        owner: str,
        graph: str,
        *,
        run_id: str | None,
        forked_from: str = "",
        granted: Granted | None = None,
    ) -> Run:
        return Run(
            task,
            config,
            hire=granted.hire(self.hire) if granted else self.hire,
            broker=self.broker,
            graph=graph,
            store=self.store,
            checkpoints=self.checkpoints,
            checkpointer=None if self.checkpoints else self._memory,
            run_id=run_id,
            forked_from=forked_from,
            owner=owner,
        )

    def _started(
        self, run: Run, known: KnownRun | None, log: EventLog, granted: Granted | None
    ) -> LiveRun:
        if self.closed:
            raise WrongStateError("this server is about to end")
        live = LiveRun(run, known=known, log=log)
        if granted:
            granted.run = live
        self._runs[run.run_id] = live
        self._runs.move_to_end(run.run_id)
        self._forget_old()
        return live

    def _on_file(self, known: KnownRun) -> Run:
        return self._run(
            known.task,
            known.config,
            known.owner,
            known.graph,
            run_id=known.id,
            forked_from=known.forked_from,
        )

    def _forget_old(self) -> None:
        over = [run_id for run_id, live in self._runs.items() if live.over]
        for run_id in over[: max(0, len(self._runs) - self.most_remembered)]:
            del self._runs[run_id]
            self._memory.delete_thread(run_id)
