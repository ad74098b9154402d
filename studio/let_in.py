"""One run behind a door: let in, begun, and given up when nobody waits any more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nsed.state.context import DeliberationConfig
from nsed.studio.admission import Admission, Caller
from nsed.studio.live_run import LiveRun
from nsed.studio.run_service import RunService

__all__ = ["let_in"]


@asynccontextmanager
async def let_in(
    service: RunService,
    admission: Admission,
    caller: Caller,
    task: str,
    config: DeliberationConfig,
    *,
    preset: str | None = None,
) -> AsyncIterator[LiveRun]:
    """Begin a run that lasts no longer than this context.

    Args:
        service: Begins it.
        admission: Lets it in.
        caller: Who asks, and owns it.
        task: What is asked.
        config: Its settings, before the caps of the caller's key.
        preset: By which they were chosen; None: none.
    """
    async with admission.enter(caller, config, preset=preset) as granted:
        live = service.begin(task, granted.config, owner=caller.name, granted=granted)
        try:
            yield live
        finally:
            await live.cancel()
