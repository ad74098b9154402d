"""A deliberation as a LangChain Runnable: in a chain, a graph, a server."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from langchain_core.runnables import RunnableConfig
from pydantic import ConfigDict, Field, SkipValidation

from nsed.asked_task import Asked, ChatInput, TaskInput, task_in
from nsed.async_runnable import AsyncRunnable
from nsed.brokers.base import Broker
from nsed.budget import Budget
from nsed.call_settings import adjusted
from nsed.nodes.hiring import Hiring
from nsed.pool import Pool
from nsed.protocol.errors import ConfigError
from nsed.run_settings import OWN
from nsed.shared_hire import SharedHire
from nsed.staffing import staffed
from nsed.state.context import DeliberationConfig
from nsed.state.run_record import RunRecord
from nsed.streaming import Event, astream

__all__ = ["DeliberationRunnable", "as_runnable"]


class DeliberationRunnable(AsyncRunnable[Asked, RunRecord]):
    """Takes a task or a chat, and gives the record of its deliberation.

    `invoke`, `batch` and their async kin give records. `stream` and `astream` give
    events, the last of which carries the record; in a chain the next link gets the
    record alone, streamed or not. Callbacks, tags, metadata, `run_name`, `run_id` and
    `max_concurrency` of a `RunnableConfig` go to the graph.

    The knobs below the context may be opened to callers, as in
    `.configurable_fields(rounds=ConfigurableField("rounds"))`; they lower what the
    context allows, and never raise it.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    name: str | None = "nsed"
    """What it is called."""
    context: DeliberationConfig = Field(default_factory=DeliberationConfig)
    """Experts and knobs."""
    rounds: int | None = None
    """Most rounds."""
    seed: int | None = None
    """Decides labels, orders and assignments."""
    max_usd: float | None = None
    """Cap in US dollars."""
    deadline_s: float | None = None
    """Wall-clock seconds of the run."""
    graph: str = "deliberation"
    """Which graph runs."""
    experts: SharedHire = Field(default_factory=SharedHire, repr=False, exclude=True)
    """Makes the experts."""
    broker: SkipValidation[Broker | None] = Field(
        default=None, repr=False, exclude=True
    )
    """Chooses the team; by default the one that the context names."""

    @property
    def InputType(self) -> Any:  # noqa: ANN401, N802 - LangChain's name
        """What may be asked, for schemas."""
        return str | TaskInput | ChatInput

    @property
    def OutputType(self) -> type[RunRecord]:  # noqa: N802 - LangChain's name
        """What comes of it."""
        return RunRecord

    def settings(self) -> DeliberationConfig:
        """The context with the knobs that were set.

        Raises:
            ConfigError: One of them is out of its range.
        """
        context = adjusted(
            self.context,
            seed=self.seed,
            max_usd=self.max_usd,
            deadline_s=self.deadline_s,
        )
        if self.rounds is None:
            return context
        if not 1 <= self.rounds <= context.rounds:
            raise ConfigError(
                f"rounds: expected 1 to {context.rounds}, found {self.rounds}"
            )
        return context.model_copy(update={"rounds": self.rounds})

    async def ainvoke(
        self,
        input: Asked,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **more: Any,  # noqa: ANN401
    ) -> RunRecord:
        """Deliberate and return the record.

        Raises:
            NsedError: No answer could be had; the message says why.
        """
        async with aclosing(self.astream(input, config, **more)) as events:
            async for event in events:
                if event["event"] == "finished":
                    record = event["record"]
        return record

    async def astream(  # type: ignore[override]  # as LangGraph's graphs do
        self,
        input: Asked,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **more: Any,  # noqa: ANN401
    ) -> AsyncGenerator[Event, None]:
        """Yield events; the last one carries the record.

        Raises:
            NsedError: No answer could be had; the message says why.
        """
        if more:
            msg = f"{self.name} takes no argument {next(iter(more))!r}"
            raise TypeError(msg)
        task, context = task_in(input), self.settings()
        given: Any = config or {}
        passed: Any = {key: given[key] for key in given if key not in OWN}
        async with self.experts.hired() as hire:
            events = astream(
                task,
                context,
                graph=self.graph,
                hire=hire,
                broker=self.broker,
                runnable_config=passed,
            )
            async with aclosing(events):
                async for event in events:
                    yield event


def as_runnable(
    config: DeliberationConfig | None = None,
    *,
    pool: Pool | None = None,
    budget: Budget | float | None = None,
    graph: str = "deliberation",
    hire: Hiring | None = None,
    broker: Broker | None = None,
    name: str = "nsed",
) -> DeliberationRunnable:
    """Make a Runnable: a task or a chat in, the record of a deliberation out.

    Args:
        config: Experts and knobs, see `nsed.adeliberate`.
        pool: Who takes part.
        budget: Most of each run: US dollars, or a `Budget`.
        graph: Which graph runs: `deliberation` or a baseline.
        hire: Makes experts, and is never closed; by default one for calls at the
            same time, closed when they are done.
        broker: Chooses the team.
        name: What it is called.

    Raises:
        ConfigError: Settings are wrong or contradict each other.
    """
    staff = staffed(config, pool, budget)
    if hire is not None and staff.models:
        raise ConfigError(
            "hire: cannot be given together with chat models in the pool; pass them "
            "to it: Hire(models={name: model})"
        )
    return DeliberationRunnable(
        name=name,
        context=staff.config,
        graph=graph,
        experts=SharedHire(hire, models=staff.models),
        broker=broker,
    )
