"""A deliberation as a stream of typed events; the last one carries the record."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Literal

from langchain_core.runnables import RunnableConfig
from langgraph.store.base import BaseStore
from typing_extensions import TypedDict

from nsed.brokers.base import Broker
from nsed.budget import Budget
from nsed.checkpoints import Checkpoints
from nsed.models.hire import Hire
from nsed.nodes.hiring import Hiring
from nsed.pool import Pool
from nsed.private_loop import private_loop
from nsed.protocol.errors import ConfigError, DegradedError, QuorumError
from nsed.run import Run
from nsed.staffing import staffed
from nsed.state.context import DeliberationConfig
from nsed.state.events import DeliberationEvent
from nsed.state.human import Deciding
from nsed.state.run_record import RunRecord

__all__ = ["Event", "RunFinished", "astream", "stream"]


class RunFinished(TypedDict):
    """The last event of a run."""

    event: Literal["finished"]
    record: RunRecord
    """With a verdict; of a run that failed, one that says so."""


Event = DeliberationEvent | RunFinished
"""One thing that happened; `event` tells which."""


async def astream(
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
) -> AsyncGenerator[Event, None]:
    """Deliberate, and tell what happens as it happens.

    Leaving the iteration cancels the run. A run that too few took part in yields its
    record, too, and then raises.

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
            LangChain has them. Those of a surrounding chain, tool or graph hold
            without it.

    Yields:
        `DeliberationEvent`s, then one `RunFinished`.

    Raises:
        ConfigError: Settings are wrong or contradict each other, and nothing was
            asked; or the run waits for the user, and nobody decides.
        NsedError: No answer could be had; the message says why and what to change.
    """
    staff = staffed(config, pool, budget)
    if hire is not None and staff.models:
        raise ConfigError(
            "hire: cannot be given together with chat models in the pool; pass them "
            "to it: Hire(models={name: model})"
        )
    if staff.config.human_review and decide is None and checkpoints is None:
        raise ConfigError(
            "human_review is on, and nobody decides; pass decide=, or checkpoints= to "
            "go on later, or take the graph: nsed.create_deliberation()"
        )
    mine = None if hire else Hire(models=staff.models)
    run = Run(
        task,
        staff.config,
        hire=hire or mine or Hire(),
        broker=broker,
        graph=graph,
        store=store,
        checkpoints=checkpoints,
        decide=decide,
        runnable_config=runnable_config,
    )
    try:
        async with aclosing(run.events()) as events:
            async for event in events:
                yield event
        if await run.question() is not None:
            raise ConfigError(
                f"the run {run.run_id} waits for the user, and nobody decides; go on "
                "with nsed.Run(..., run_id=..., checkpoints=...), or pass decide="
            )
        yield RunFinished(event="finished", record=await run.record())
    except (QuorumError, DegradedError):
        yield RunFinished(event="finished", record=await run.record())
        raise
    finally:
        if mine is not None:
            await mine.aclose()


def stream(
    task: str,
    config: DeliberationConfig | None = None,
    *,
    pool: Pool | None = None,
    budget: Budget | float | None = None,
    graph: str = "deliberation",
    broker: Broker | None = None,
    store: BaseStore | None = None,
    runnable_config: RunnableConfig | None = None,
) -> Iterator[Event]:
    """Do what `astream` does, from synchronous code, inside a running loop too."""
    return private_loop.iterate(
        lambda: astream(
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
