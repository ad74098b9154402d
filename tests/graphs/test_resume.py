"""Checkpoints: any run can be taken up again after any node, by another process."""

from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from panel import Recorder, deliberate, settings_for

from nsed.graphs.checkpointing import record_serializer
from nsed.graphs.deliberation import create_deliberation
from nsed.models.hire import Hire
from nsed.run import Run

NODES = [
    "broker",
    "proposer",
    "identity_mask",
    "peer_review",
    "quadratic_voting",
    "forget_gate",
    "stopping",
    "synthesizer",
]


@pytest.mark.parametrize("node", NODES)
async def test_resuming_after_any_node_gives_the_same_verdict(
    node: str, tmp_path: Path
) -> None:
    whole = await deliberate()
    config, thread = settings_for(), {"configurable": {"thread_id": "t"}}
    path = str(tmp_path / "checkpoints.sqlite")
    async with AsyncSqliteSaver.from_conn_string(path) as saver:
        graph = create_deliberation(hire=Hire()).compile(checkpointer=saver)
        await graph.ainvoke(
            {"task": "What is 6 * 7?"}, thread, context=config, interrupt_after=[node]
        )
        halfway = await graph.aget_state(thread)
        assert halfway.next  # it did stop on the way
        finished = len(halfway.values.get("calls", {}))

    async with AsyncSqliteSaver.from_conn_string(path) as saver:
        hire = Recorder()
        graph = create_deliberation(hire=hire).compile(checkpointer=saver)
        state: dict[str, Any] = await graph.ainvoke(None, thread, context=config)

    assert state["verdict"].answer == whole.verdict.answer
    assert state["verdict"].usage.calls == whole.verdict.usage.calls
    assert state["verdict"].stop_reason == whole.verdict.stop_reason
    assert len(hire.asked) == 12 - finished  # finished calls are not made again
    known = {"broker": 0, "proposer": 3, "identity_mask": 3, "synthesizer": 12}
    assert finished == known.get(node, 6)


async def test_state_revives_without_strict_mode_too() -> None:
    serde = record_serializer()
    run = Run("What is 6 * 7?", settings_for(synthesizer="cy"), hire=Hire())
    async for _ in run.events():
        pass
    record = await run.record()

    for kind in (
        record.verdict,
        record.synthesis,
        *record.tallies.values(),
        *record.memories.values(),
    ):
        assert serde.loads_typed(serde.dumps_typed(kind)) == kind


async def test_a_fan_out_sends_ids_and_no_texts() -> None:
    from nsed.graphs.routing import fan_out_reviewers

    sends = fan_out_reviewers({"round": 1, "attempts": {"ada": 2, "bob": 2}})  # type: ignore[typeddict-item]

    assert [s.arg for s in sends] == [  # type: ignore[union-attr]
        {"round": 1, "expert": "ada"},
        {"round": 1, "expert": "bob"},
    ]
