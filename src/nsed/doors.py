"""The two plain doors: one call, one record."""

from contextlib import aclosing

from langchain_core.runnables import RunnableConfig
from langgraph.store.base import BaseStore

from nsed.brokers.base import Broker
from nsed.budget import Budget
from nsed.checkpoints import Checkpoints
from nsed.nodes.hiring import Hiring
from nsed.pool import Pool
from nsed.private_loop import private_loop
from nsed.state.context import DeliberationConfig
from nsed.state.human import Deciding
from nsed.state.run_record import RunRecord
from nsed.streaming import astream

__all__ = ["adeliberate", "deliberate"]


async def adeliberate(
    task: str,
    config: DeliberationConfig | None = None,
    *,
    pool: Pool | None = None,
    budget: Budget | float | None = None,
    graph: str = "deliberation",
    hire: Hiring | None = None,
    broker: Broker | None = None,
    store: BaseStore | None = None,
    checkpoints: Checkpoints | None = None,
    decide: Deciding | None = None,
    runnable_config: RunnableConfig | None = None,
) -> RunRecord:
    """Deliberate on a task and return the record; its `verdict` has the answer.

    Args:
        task: What the experts are asked.
        config: Experts and knobs; by default three small models on this machine,
            whose weights `nsed models pull` fetches.
        pool: Who takes part: names of the configuration's experts, `provider:model`,
            `ExpertConfig`s, LangChain chat models, or a dict of these by name.
        budget: Most US dollars of the run, or a `Budget`.
        graph: Which graph runs: `deliberation` or a baseline.
        hire: Makes experts; by default one that is closed again at the end.
        broker: Chooses the team.
        store: Where telemetry of the experts is kept; by default nowhere.
        checkpoints: Where the run is kept; by default nowhere.
        decide: Answers for the user after every round, with `human_review` on.
        runnable_config: Callbacks, tags, metadata, run name and concurrency, as
            LangChain has them.

    Raises:
        ConfigError: Settings are wrong or contradict each other, and nothing was
            asked; or the run waits for the user, and nobody decides.
        NsedError: No answer could be had; the message says why and what to change.
    """
    stream = astream(
        task,
        config,
        pool=pool,
        budget=budget,
        graph=graph,
        hire=hire,
        broker=broker,
        store=store,
        checkpoints=checkpoints,
        decide=decide,
        runnable_config=runnable_config,
    )
    record: RunRecord | None = None
    async with aclosing(stream) as events:
        async for event in events:
            if event["event"] == "finished":
                record = event["record"]
    assert record is not None  # noqa: S101 - the last event, or an error
    return record


def deliberate(
    task: str,
    config: DeliberationConfig | None = None,
    *,
    pool: Pool | None = None,
    budget: Budget | float | None = None,
    graph: str = "deliberation",
    broker: Broker | None = None,
    store: BaseStore | None = None,
    runnable_config: RunnableConfig | None = None,
) -> RunRecord:
    """Do what `adeliberate` does, from synchronous code.

    The run is on a loop in another thread, so this works inside a running event loop
    too (a notebook), and blocks until it is done.
    """
    return private_loop.run(
        lambda: adeliberate(
            task,
            config,
            pool=pool,
            budget=budget,
            graph=graph,
            broker=broker,
            store=store,
            runnable_config=runnable_config,
        )
    )
