"""The runs of one server: begun, watched, found again; each seen by its owner only."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from langgraph.store.base import BaseStore

from nsed.brokers.base import Broker
from nsed.checkpoints import Checkpoints
from nsed.config.settings import Settings
from nsed.known_run import KnownRun
from nsed.models.hire import Hire
from nsed.protocol.errors import ConfigError
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.run_record import RunRecord
from nsed.studio.granted import Granted
from nsed.studio.live_run import LiveRun
from nsed.studio.refusal import RefusedError

__all__ = ["RunService"]


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
    most_remembered: int = 256
    """How many runs that are over stay in memory; older ones are read from disk."""
    _closed: bool = False
    _runs: OrderedDict[str, LiveRun] = field(default_factory=OrderedDict)

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

        With leave granted by `Admission.enter`, its calls are counted, and it is
        settled when it is over.

        Raises:
            RefusedError: The server is about to end.
        """
        if self._closed:
            raise RefusedError(503, "this server is about to end", code="shutting_down")
        run = Run(
            task,
            config,
            hire=granted.hire(self.hire) if granted else self.hire,
            broker=self.broker,
            graph=graph,
            store=self.store,
            checkpoints=self.checkpoints,
            run_id=run_id,
            owner=owner,
        )
        live = LiveRun(run)
        if granted:
            granted.run = live
        self._runs[run.run_id] = live
        self._forget_old()
        return live

    def live(self, run_id: str, owner: str) -> LiveRun | None:
        """A run that this process has begun and remembers; None if there is none."""
        live = self._runs.get(run_id)
        return live if live is not None and live.owner == owner else None

    async def known(self, run_id: str, owner: str) -> KnownRun | None:
        """A run that is on file, finished or not; None if there is none."""
        if self.checkpoints is None:
            return None
        try:
            known = await self.checkpoints.log.find(run_id)
        except ConfigError:
            return None
        return known if known.id == run_id and known.owner == owner else None

    async def record(self, run_id: str, owner: str) -> RunRecord | None:
        """The record of a run, finished or as far as it is; None if there is none."""
        live = self.live(run_id, owner)
        if live is not None:
            return live.record or await live.run.record_so_far()
        known = await self.known(run_id, owner)
        if known is None:
            return None
        return await self._on_file(known).record_so_far()

    async def runs(self, owner: str, most: int = 50) -> list[KnownRun]:
        """The latest runs of an owner, the newest first."""
        if self.checkpoints is None:
            mine = [live for live in self._runs.values() if live.owner == owner]
            return [live.run.known() for live in reversed(mine)][:most]
        return [
            known
            for known in await self.checkpoints.log.known()
            if known.owner == owner
        ][:most]

    async def aclose(self) -> None:
        """Give up all runs at work; those on file can be resumed. None begins now."""
        self._closed = True
        await asyncio.gather(*(live.cancel() for live in self._runs.values()))

    def _on_file(self, known: KnownRun) -> Run:
        return Run(
            known.task,
            known.config,
            hire=self.hire,
            graph=known.graph,
            run_id=known.id,
            checkpoints=self.checkpoints,
            forked_from=known.forked_from,
            owner=known.owner,
        )

    def _forget_old(self) -> None:
        over = [run_id for run_id, live in self._runs.items() if live.over]
        for run_id in over[: max(0, len(self._runs) - self.most_remembered)]:
            del self._runs[run_id]
