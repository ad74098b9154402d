"""One run of a graph: its events while it runs, its record at the end."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.base import BaseStore

from nsed.brokers.base import Broker
from nsed.graphs.catalogue import create_graph
from nsed.graphs.checkpointing import record_serializer
from nsed.nodes.failed_verdict import failed_verdict
from nsed.nodes.hiring import Hiring
from nsed.nodes.prompt import PROMPTS
from nsed.protocol.errors import DegradedError, QuorumError
from nsed.protocol.stopping import StopReason
from nsed.state.context import DeliberationConfig
from nsed.state.events import DeliberationEvent
from nsed.state.records import Absence, Phase
from nsed.state.run_record import RunRecord, record_of
from nsed.state.schema import DeliberationState

__all__ = ["VERSION", "Run"]

VERSION = version("nsed")
"""Read once, at import: it reads files."""

_PHASES: Final[Mapping[str, Phase]] = {
    "proposer": "propose",
    "peer_review": "review",
    "synthesizer": "synthesize",
}
"""What is played, by the node that plays it."""
_COLLECTED = ("absences", "ballots", "calls", "proposals")


class Run:
    """A deliberation that can be watched, cut short, and still gives its best answer.

    Iterate `events()` to the end, then ask for `record()`. If the iteration was
    cancelled, `conclude()` ends the run with what there is.
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
    ) -> None:
        """Prepare; nothing is asked yet. Telemetry goes to the store, if any."""
        self.task, self.config, self.graph_name = task, config, graph
        self.run_id = run_id or uuid.uuid4().hex
        self._failure: QuorumError | DegradedError | None = None
        self._graph = create_graph(graph, hire=hire, broker=broker).compile(
            checkpointer=checkpointer or InMemorySaver(serde=record_serializer()),
            store=store,
        )
        self._thread: RunnableConfig = {
            "configurable": {"thread_id": self.run_id},
            "recursion_limit": 8 * config.rounds + 16,
        }

    async def events(self) -> AsyncIterator[DeliberationEvent]:
        """Run, and tell what happens as it happens.

        Raises:
            NsedError: There is no answer; after a `QuorumError` or `DegradedError`
                `record()` has what there is instead.
        """
        try:
            async for event in self._graph.astream(
                {"task": self.task},
                self._thread,
                context=self.config,
                stream_mode="custom",
            ):
                yield cast("DeliberationEvent", event)
        except (QuorumError, DegradedError) as error:
            self._failure = error
            raise

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
        update: dict[str, Any] = {"halt": StopReason.USER_STOP}
        for task in snapshot.tasks:  # finished members of a phase that was cut off
            for channel, value in (task.result or {}).items():
                if channel in _COLLECTED:
                    update[channel] = {**update.get(channel, {}), **value}
        at_work = [_PHASES[node] for node in snapshot.next if node in _PHASES]
        phase = at_work[0] if at_work else None
        if phase is not None:
            asked = list(snapshot.values["attempts"])
            if phase == "synthesize":
                name = self.config.synthesizer
                asked = [name] if name and snapshot.values["tallies"] else []
            update["absences"] = _cut_off(snapshot.values, update, phase, asked)
        if phase == "review" and update.get("ballots"):
            after = "peer_review"  # on to the vote
        else:  # on to the verdict; the baselines count what was proposed
            after = "stopping" if "stopping" in self._graph.nodes else "proposer"
        await self._graph.aupdate_state(self._thread, update, as_node=after)
        await self._graph.ainvoke(None, self._thread, context=self.config)
        return await self.record()

    async def record(self) -> RunRecord:
        """The record of a run that has ended, also of one that failed.

        A run that too few took part in has a verdict without an answer, `failed`; its
        record keeps what came in, who was absent, and the bill.

        Raises:
            KeyError: The run has not come to a verdict.
        """
        snapshot = await self._graph.aget_state(self._thread)
        state = cast("DeliberationState", snapshot.values)
        if self._failure is not None and "verdict" not in state:
            state = {**state, "verdict": failed_verdict(state, self._failure)}
        return record_of(
            state,
            self.config,
            nsed_version=VERSION,
            run_id=self.run_id,
            graph=self.graph_name,
            prompts={
                name: hashlib.sha256(text.encode()).hexdigest()
                for name, text in PROMPTS.items()
            },
        )


def _cut_off(
    state: dict[str, Any], update: dict[str, Any], phase: Phase, asked: Iterable[str]
) -> dict[str, Absence]:
    """Absences of a phase: the ones on file, and whoever was still at work."""
    done: dict[str, Absence] = update.get("absences", {})
    heard = {(call.expert, call.phase) for call in update.get("calls", {}).values()}
    cut = {
        f"r{state['round']}.{phase}.{name}": Absence(
            round=state["round"],
            phase=phase,
            expert=name,
            kind="cancelled",
            reason="the user stopped the run",
        )
        for name in asked
        if (name, phase) not in heard
    }
    return {**cut, **done}
