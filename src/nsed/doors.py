"""The two plain doors: one call, one record."""

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor

from langgraph.store.base import BaseStore

from nsed.brokers.base import Broker
from nsed.checkpoints import Checkpoints
from nsed.models.hire import Hire
from nsed.nodes.hiring import Hiring
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.human import Deciding
from nsed.state.run_record import RunRecord

__all__ = ["adeliberate", "deliberate"]


async def adeliberate(
    task: str,
    config: DeliberationConfig | None = None,
    *,
    hire: Hiring | None = None,
    broker: Broker | None = None,
    store: BaseStore | None = None,
    checkpoints: Checkpoints | None = None,
    decide: Deciding | None = None,
) -> RunRecord:
    """Deliberate on a task and return the record; its `verdict` has the answer.

    Args:
        task: What the experts are asked.
        config: Experts and knobs; by default three small models on this machine,
            whose weights `nsed models pull` fetches.
        hire: Makes experts; by default one that is closed again at the end.
        broker: Chooses the team.
        store: Where telemetry of the experts is kept; by default nowhere.
        checkpoints: Where the run is kept; by default nowhere.
        decide: Answers for the user after every round, with `human_review` on.

    Raises:
        KeyError: It waits for the user, and nobody decides.
        NsedError: No answer could be had; the message says why and what to change.
    """
    mine = None if hire else Hire()
    run = Run(
        task,
        config or DeliberationConfig(),
        hire=hire or mine or Hire(),
        broker=broker,
        store=store,
        checkpoints=checkpoints,
        decide=decide,
    )
    try:
        async for _ in run.events():
            pass
        return await run.record()
    finally:
        if mine is not None:
            await mine.aclose()


def deliberate(
    task: str,
    config: DeliberationConfig | None = None,
    *,
    broker: Broker | None = None,
    store: BaseStore | None = None,
) -> RunRecord:
    """Do what `adeliberate` does, from synchronous code.

    Works inside a running event loop too (a notebook): the run then has a thread and
    a loop of its own, and this call blocks until it is done.
    """

    def alone() -> RunRecord:
        return asyncio.run(adeliberate(task, config, broker=broker, store=store))

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return alone()
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(contextvars.copy_context().run, alone).result()
