"""What is known of the experts now: from earlier runs, and from this one."""

import asyncio
import logging

from langgraph.runtime import Runtime

from nsed.brokers.telemetry import Telemetry
from nsed.nodes.observed import PATIENCE_S, run_id
from nsed.nodes.telemetry import observations_of
from nsed.nodes.telemetry_store import TelemetryStore
from nsed.state.context import DeliberationConfig
from nsed.state.schema import DeliberationState

__all__ = ["telemetry_so_far"]

_log = logging.getLogger(__name__)


async def telemetry_so_far(
    state: DeliberationState, runtime: Runtime[DeliberationConfig], now: float
) -> Telemetry:
    """Add up what the store holds of other runs, and what this run's state shows.

    Without a store, or with one that fails, this run alone counts.
    """
    mine = Telemetry.of(observations_of(state, runtime.context))
    if runtime.store is None:
        return mine
    run = run_id(state, runtime)
    try:
        async with asyncio.timeout(PATIENCE_S):
            others = await TelemetryStore(runtime.store).read(now, without=run)
    # Nothing but the store's code can fail in there: what it raises is its own.
    except Exception as error:  # noqa: BLE001
        words = f"{type(error).__name__}: {error}"
        _log.warning("the telemetry store cannot be read, the run goes on: %s", words)
        return mine
    return mine + others
