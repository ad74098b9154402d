"""The steps of a run: what the checkpointer holds after each, and what they wrote."""

import json
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import StateSnapshot
from pydantic_core import to_jsonable_python

from nsed.cut_short import question_in
from nsed.graphs.catalogue import create_graph
from nsed.known_run import KnownRun
from nsed.state.human import HumanQuestion

__all__ = ["RunHistory", "Step", "bytes_of"]


@dataclass(frozen=True)
class Step:
    """A run after one of its steps."""

    snapshot: StateSnapshot
    writes: dict[str, int]
    """What the step that led here wrote: bytes of JSON by channel."""

    @property
    def id(self) -> str:
        """Of its checkpoint."""
        return id_of(self.snapshot)


@dataclass(frozen=True)
class RunHistory:
    """Looks runs up in a checkpointer; asks nobody and changes nothing."""

    saver: BaseCheckpointSaver[Any]

    async def at(self, known: KnownRun, checkpoint: str = "") -> StateSnapshot:
        """A run at a checkpoint, or as it is now.

        Without such a checkpoint its `created_at` is None.
        """
        found: StateSnapshot = await self._graph(known).aget_state(
            _thread(known, checkpoint)
        )
        return found

    async def question(self, known: KnownRun) -> HumanQuestion | None:
        """What a run waits for its owner to decide, or None: it waits for nothing."""
        return question_in(await self.at(known))

    async def steps(self, known: KnownRun, most: int) -> list[Step]:
        """The latest steps of a run, the oldest of them first."""
        # One more, for what the first of them wrote.
        history = self._graph(known).aget_state_history(_thread(known), limit=most + 1)
        snapshots: list[StateSnapshot] = []
        async with aclosing(history):  # while it is open, nobody else gets at the file
            async for snapshot in history:
                snapshots.insert(0, snapshot)
        steps = []
        for before, after in zip([None, *snapshots[:-1]], snapshots, strict=True):
            follows = before is not None and _parent(after) == id_of(before)
            steps.append(Step(after, _writes(before) if before and follows else {}))
        return steps[-most:]

    def _graph(self, known: KnownRun) -> Any:  # noqa: ANN401 - a compiled graph
        return create_graph(known.graph).compile(checkpointer=self.saver)


def bytes_of(value: object) -> int:
    """How long it is as JSON."""
    return len(json.dumps(to_jsonable_python(value)))


def id_of(snapshot: StateSnapshot) -> str:
    """Of its checkpoint."""
    return str(snapshot.config["configurable"].get("checkpoint_id", ""))


def _parent(snapshot: StateSnapshot) -> str:
    before = snapshot.parent_config
    return str(before["configurable"]["checkpoint_id"]) if before else ""


def _writes(before: StateSnapshot) -> dict[str, int]:
    written: dict[str, int] = {}
    results: Iterable[Any] = (task.result for task in before.tasks)
    for result in results:
        for channel, value in (result or {}).items():
            written[channel] = written.get(channel, 0) + bytes_of(value)
    return written


def _thread(known: KnownRun, checkpoint: str = "") -> RunnableConfig:
    at = {"checkpoint_id": checkpoint} if checkpoint else {}
    return {"configurable": {"thread_id": known.id, **at}}
