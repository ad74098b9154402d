"""Observed steps: before a step runs, what the run saw so far is put on file."""

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Protocol

from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore

from nsed.nodes.telemetry import observations_of, telemetry_by_day
from nsed.nodes.telemetry_store import TelemetryStore
from nsed.state.context import DeliberationConfig
from nsed.state.schema import DeliberationState

__all__ = ["PATIENCE_S", "Observed", "Observing", "run_id"]

Update = dict[str, Any]
Step = Callable[
    [DeliberationState, Runtime[DeliberationConfig]], Update | Awaitable[Update]
]

PATIENCE_S = 5.0
"""How long a store may take, in seconds: the run waits for it."""
_REMEMBERED = 1024
_PROCESS = uuid.uuid4().hex[:12]

_log = logging.getLogger(__name__)


class Observed(Protocol):
    """A node with the names that LangGraph looks for."""

    def __call__(
        self, state: DeliberationState, runtime: Runtime[DeliberationConfig]
    ) -> Awaitable[Update]:
        """File, then run the step."""
        ...


class Observing:
    """Wraps steps of one graph, so that telemetry is on file when they begin.

    A barrier that raises, for want of a quorum, then leaves behind who failed. Without
    a store the step simply runs. A store that fails is warned of, once a run, and
    never ends one; as every write holds all the run saw, the next one mends it. One
    that does not answer in time is let alone for the rest of the run.
    """

    def __init__(self) -> None:
        """Start without any warning given."""
        self._warned: deque[str] = deque(maxlen=_REMEMBERED)
        self._given_up: deque[str] = deque(maxlen=_REMEMBERED)

    def __call__(self, step: Step, *, fold: bool = False) -> Observed:
        """Wrap a step, sync or async.

        Args:
            step: The node as it is.
            fold: Whether to sum up settled days as well; once a run is enough.
        """

        async def observed(
            state: DeliberationState, runtime: Runtime[DeliberationConfig]
        ) -> Update:
            if runtime.store is not None:
                await self._file(state, runtime, runtime.store, fold=fold)
            done = step(state, runtime)
            return await done if isawaitable(done) else done

        return observed

    async def _file(
        self,
        state: DeliberationState,
        runtime: Runtime[DeliberationConfig],
        store: BaseStore,
        *,
        fold: bool,
    ) -> None:
        run = run_id(state, runtime)
        if run in self._given_up:
            return
        by_day = telemetry_by_day(observations_of(state, runtime.context))
        shared = TelemetryStore(store)
        await self._tried(run, shared.write(run, by_day))
        if fold:
            await self._tried(run, shared.fold(time.time()))

    async def _tried(self, run: str, storing: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await storing
        # Nothing but the store's code can fail in there: what it raises is its own.
        except Exception as error:  # noqa: BLE001
            if isinstance(error, TimeoutError):  # the next write would wait as long
                self._given_up.append(run)
            if run not in self._warned:
                self._warned.append(run)
                words = f"{type(error).__name__}: {error}".rstrip(": ")
                _log.warning("the telemetry store failed, the run goes on: %s", words)


def run_id(state: DeliberationState, runtime: Runtime[DeliberationConfig]) -> str:
    """The same for a run and its resumption, and for no other.

    A thread alone would not do: without a lasting checkpointer its id may be used for
    one run after the other.
    """
    info = runtime.execution_info
    thread = info.thread_id if info else None
    return f"{thread or _PROCESS}.{round(1e6 * state['started_at']):x}"
