"""Time travel: a new run that begins where another one stood before a round."""

import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Protocol, cast

from langchain_core.runnables import RunnableConfig
from langgraph.types import StateSnapshot

from nsed.known_run import KnownRun
from nsed.nodes.asked import paused_s
from nsed.protocol.errors import ConfigError
from nsed.state.schema import DeliberationState

__all__ = ["fork"]

_LEFT_BEHIND = ("verdict", "pauses", "halt")


class _Graph(Protocol):
    def aget_state_history(
        self, config: RunnableConfig
    ) -> AsyncIterator[StateSnapshot]: ...

    async def aupdate_state(
        self, config: RunnableConfig, values: dict[str, Any], as_node: str
    ) -> RunnableConfig: ...


async def fork(graph: _Graph, run: str, known: KnownRun, *, from_round: int) -> None:
    """Copy the state of a run as it was before a round into the thread of a new one.

    The new run has as much time behind it as the old one had then. The first round
    needs no state: that run simply begins.

    Args:
        graph: Compiled, with the checkpointer that holds the run.
        run: The old run, which stays as it is.
        known: The new run.
        from_round: The first round that it plays itself.

    Raises:
        ConfigError: The old run has not come so far.
    """
    if from_round == 1:
        return
    snapshot = await _before(graph, run, from_round)
    values = cast("DeliberationState", snapshot.values)
    created = snapshot.created_at or ""
    worked_s = (
        datetime.fromisoformat(created).timestamp()
        - values["started_at"]
        - paused_s(values)
    )
    taken = {key: value for key, value in values.items() if key not in _LEFT_BEHIND}
    taken |= {"started_at": time.time() - worked_s, "taken_over": from_round - 1}
    await graph.aupdate_state(
        {"configurable": {"thread_id": known.id}},
        {**taken, "halt": None},
        as_node="human_review",
    )


async def _before(graph: _Graph, run: str, from_round: int) -> StateSnapshot:
    """The latest state with one decided round less, all of it done."""
    most = 0
    async for snapshot in graph.aget_state_history(
        {"configurable": {"thread_id": run}}
    ):
        values = snapshot.values
        done = len(values.get("memories", {}))
        most = max(most, done)
        decided = done == from_round - 1 == values.get("round")
        if decided and "halt" in values and {"broker", "verdict"} & {*snapshot.next}:
            return snapshot
    raise ConfigError(
        f"run {run} cannot be forked from round {from_round}: it has decided {most}; "
        f"give 1 to {most + 1}"
    )
