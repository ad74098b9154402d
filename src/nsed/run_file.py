"""One run's place among those on file: taken, begun, and its end noted."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from nsed.checkpoints import Checkpoints
from nsed.known_run import KnownRun, RunEnd, RunState
from nsed.nodes.asked import spent
from nsed.protocol.errors import ConfigError, NsedError, WeightError
from nsed.run_log import RunCalls
from nsed.state.schema import DeliberationState

__all__ = ["RunFile", "RunTakenError"]


class RunTakenError(ConfigError):
    """Another process is at work at the run."""


@dataclass
class RunFile:
    """What a run does with the file, if it is kept at all."""

    checkpoints: Checkpoints
    run: str
    calls: RunCalls = field(init=False)

    def __post_init__(self) -> None:
        """Open the log of its calls."""
        self.calls = RunCalls(self.checkpoints.log.tables, self.run)

    @asynccontextmanager
    async def at_work(
        self, known: KnownRun, state: Callable[[], Awaitable[DeliberationState]]
    ) -> AsyncIterator[None]:
        """Be the only process at work at this run, and note how it ends.

        Args:
            known: What to put on file if the run is new.
            state: Looks up the run's state.

        Raises:
            RunTakenError: Another process is at work at it.
        """
        log = self.checkpoints.log
        if not await log.tables.hold(self.run):
            raise RunTakenError(f"another process is at work at run {self.run}")
        try:
            await log.begin(known)
            await self.calls.load()
            yield
            now = await state()
            await self.note(now, "finished" if now.get("verdict") else "waiting")
        except NsedError as error:
            if not self.calls.made:  # nothing was asked: there is nothing to keep
                await self.checkpoints.forget(self.run)
            elif not isinstance(error, ConfigError | WeightError):
                await self.note(await state(), "failed", str(error))
            raise
        finally:
            await log.tables.release(self.run)

    async def note(
        self, state: DeliberationState, outcome: RunState, reason: str = ""
    ) -> None:
        """Put on file how far the run came."""
        usage, verdict = spent(state), state.get("verdict")
        end = RunEnd(
            rounds=len(state.get("tallies", {})),
            answer=verdict.answer if verdict else "",
            nano_usd=None if usage.unpriced_calls else usage.nano_usd,
            reason=reason,
        )
        await self.checkpoints.log.note(self.run, outcome, end)
