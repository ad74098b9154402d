"""One run of a graph: its events while it runs, its record at the end."""

import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing, nullcontext
from importlib.metadata import version
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.base import BaseStore
from langgraph.types import StateSnapshot

from nsed.brokers.base import Broker
from nsed.checkpoints import Checkpoints
from nsed.cut_short import gathered, going_on, question_in, stopped
from nsed.forking import fork
from nsed.graphs.catalogue import create_graph
from nsed.graphs.checkpointing import record_serializer
from nsed.known_run import KnownRun
from nsed.nodes.failed_verdict import failed_verdict
from nsed.nodes.hiring import Hiring
from nsed.nodes.prompt import prompt_hashes
from nsed.protocol.errors import DegradedError, QuorumError
from nsed.run_file import RunFile
from nsed.run_settings import run_settings
from nsed.state.context import DeliberationConfig
from nsed.state.events import DeliberationEvent
from nsed.state.human import Deciding, HumanDecision, HumanQuestion
from nsed.state.run_record import RunRecord, record_of
from nsed.state.schema import DeliberationState

__all__ = ["VERSION", "Run"]

VERSION = version("nsed")  # once, at import: it reads files


class Run:
    """A deliberation that can be watched, cut short, and still gives its best answer.

    Iterate `events()` to the end, then ask for `record()`. If the iteration was
    cancelled, `conclude()` ends the run with what there is. If its process ended, a
    `Run` of the same id, with the same checkpoints, goes on where it was.
    """

    def __init__(
        self,
        task: str,
        config: DeliberationConfig,
        *,
        hire: Hiring,
        broker: Broker | None = None,
        graph: str = "deliberation",
        checkpointer: BaseCheckpointSaver[Any] | None = None,
        run_id: str | None = None,
        store: BaseStore | None = None,
        checkpoints: Checkpoints | None = None,
        forked_from: str = "",
        owner: str = "",
        decide: Deciding | None = None,
        runnable_config: RunnableConfig | None = None,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            task: What the experts are asked.
            config: Experts and knobs.
            hire: Makes experts.
            broker: Chooses the team.
            graph: Which graph runs.
            checkpointer: Keeps the state after every step; by default in memory.
            run_id: Its name. One that the checkpoints know goes on where it was.
            store: Where telemetry of the experts is kept, if anywhere.
            checkpoints: Keeps run and calls, in the place of a checkpointer.
            forked_from: Where it was taken over from another run.
            owner: Name of the key it is asked for with, if any.
            decide: Answers for the user after every round, with `human_review` on. By
                default the run stops and waits; see `question` and `decide`.
            runnable_config: LangChain's callbacks, tags, name and so on of the graph.
        """
        self.task, self.config, self.graph_name = task, config, graph
        self.run_id = run_id or uuid.uuid4().hex
        self.forked_from, self.owner = forked_from, owner
        self._failure: QuorumError | DegradedError | None = None
        self._decide = decide
        self._decision: HumanDecision | None = None
        self._file: RunFile | None = None
        if checkpoints is not None:
            self._file = RunFile(checkpoints, self.run_id)
            checkpointer = checkpoints.saver
        calls = self._file.calls if self._file else None
        wired = create_graph(graph, hire=hire, broker=broker, calls=calls)
        self._graph = wired.compile(
            checkpointer=checkpointer or InMemorySaver(serde=record_serializer()),
            store=store,
            name=graph,
        )
        self._thread = run_settings(runnable_config, self.run_id, config.rounds)

    async def events(self) -> AsyncGenerator[DeliberationEvent, None]:
        """Run, or go on with what is on file, and tell what happens as it happens.

        Raises:
            ConfigError: Another process is at work at this run.
            NsedError: There is no answer; after a `QuorumError` or `DegradedError`
                `record()` has what there is instead.
        """
        at_work = self._file and self._file.at_work(self.known(), self._state)
        async with at_work or nullcontext(), aclosing(self._until_it_ends()) as told:
            try:
                async for event in told:
                    yield event
            except (QuorumError, DegradedError) as error:
                self._failure = error
                raise

    async def _until_it_ends(self) -> AsyncGenerator[DeliberationEvent, None]:
        """Ask and decide, and ask again, until there is a verdict or nobody decides."""
        snapshot = await self._graph.aget_state(self._thread)
        while "verdict" not in snapshot.values:
            question = question_in(snapshot)
            if question and self._decide and self._decision is None:
                self._decision = await self._decide(question)
            if question and self._decision is None:
                return
            playing: Any = self._graph.astream(
                self._next_input(snapshot, asked=question is not None),
                self._called_with(),
                context=self.config,
                stream_mode="custom",
                durability="sync",
            )
            async with aclosing(playing) as events:
                async for event in events:
                    yield event
            snapshot = await self._graph.aget_state(self._thread)
            if question_in(snapshot) is None:
                return

    def _called_with(self) -> RunnableConfig:
        """What the graph is called with; a trace's own id is for the first call."""
        first = self._thread.copy()
        self._thread.pop("run_id", None)
        return first

    def _next_input(self, snapshot: StateSnapshot, *, asked: bool) -> Any:  # noqa: ANN401
        """What LangGraph is given: the task, or what is needed to go on."""
        if snapshot.created_at is None:
            return {"task": self.task}
        last_call_at = self._file.calls.last_at if self._file else 0.0
        decision, self._decision = self._decision, None
        return going_on(snapshot, decision if asked else None, last_call_at)

    async def question(self) -> HumanQuestion | None:
        """What the run waits for the user to decide, or None: it waits for nothing."""
        return question_in(await self._graph.aget_state(self._thread))

    def decide(self, decision: HumanDecision) -> None:
        """Decide; then iterate `events()` again. What is wrong is asked for again."""
        self._decision = decision

    def known(self) -> KnownRun:
        """What is on file of it when it begins."""
        return KnownRun(
            id=self.run_id,
            begun_at=time.time(),
            version=VERSION,
            graph=self.graph_name,
            task=self.task,
            settings=self.config.model_dump(mode="json"),
            forked_from=self.forked_from,
            owner=self.owner,
        )

    async def _state(self) -> DeliberationState:
        snapshot = await self._graph.aget_state(self._thread)
        return cast("DeliberationState", snapshot.values)

    async def conclude(self) -> RunRecord:
        """End a cancelled run with its best answer so far.

        Votes that are in are counted; whoever was cut off is absent.

        Raises:
            QuorumError: Nobody had answered yet.
        """
        snapshot = await self._graph.aget_state(self._thread)
        if "verdict" in snapshot.values:
            return await self.record()
        if "round" not in snapshot.values:
            raise QuorumError(
                "propose", present=0, required=1, causes=["the user stopped the run"]
            )
        update, after = stopped(snapshot, self.config, self._graph.nodes)
        await self._graph.aupdate_state(self._thread, update, as_node=after)
        await self._graph.ainvoke(None, self._called_with(), context=self.config)
        if self._file:
            await self._file.note(await self._state(), "finished")
        return await self.record()

    async def record(self) -> RunRecord:
        """The record of a run that has ended, also of one that failed.

        A run that too few took part in has a verdict without an answer, `failed`; its
        record keeps what came in, who was absent, and the bill.

        Raises:
            KeyError: The run has not come to a verdict.
        """
        state = await self._state()
        if self._failure is not None and "verdict" not in state:
            state = {**state, "verdict": failed_verdict(state, self._failure)}
        return self._record(state, finished=True)

    async def record_so_far(self) -> RunRecord:
        """The record of a run, finished or not, with all that has come in."""
        snapshot = await self._graph.aget_state(self._thread)
        values: dict[str, Any] = {"task": self.task, **snapshot.values}
        for channel, found in gathered(snapshot).items():
            values[channel] = {**values.get(channel, {}), **found}
        state = cast("DeliberationState", values)
        return self._record(state, finished="verdict" in state)

    def _record(self, state: DeliberationState, *, finished: bool) -> RunRecord:
        return record_of(
            state,
            self.config,
            nsed_version=VERSION,
            run_id=self.run_id,
            graph=self.graph_name,
            forked_from=self.forked_from,
            prompts=prompt_hashes(),
            finished=finished,
        )

    async def fork(self, known: KnownRun, *, from_round: int) -> None:
        """Begin another run where this one stood before a round. Asks nobody.

        Args:
            known: The new run, with its own id and settings.
            from_round: The first round that it plays itself.

        Raises:
            ConfigError: This run has not come so far.
        """
        await fork(self._graph, self.run_id, known, from_round=from_round)
        if self._file:
            await self._file.checkpoints.log.begin(known)
