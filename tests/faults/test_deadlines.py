"""Deadlines of a phase and stragglers, in whole deliberations on a virtual clock."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from panel import Recorder, deliberate, settings_for
from virtual_loop import run_virtually

from nsed.graphs.checkpointing import record_serializer
from nsed.graphs.deliberation import create_deliberation
from nsed.models.base import Request
from nsed.protocol.errors import QuorumError

STRAGGLERS = {"straggler_factor": 4.0, "straggler_min_s": 1.0}


def takes(
    propose_s: float, review_s: float | None = None
) -> Callable[[Request], Awaitable[None]]:
    """Answer as scripted, after so many virtual seconds."""

    async def wait(request: Request) -> None:
        review = request.phase == "review" and review_s is not None
        await asyncio.sleep(review_s if review else propose_s)  # type: ignore[arg-type]

    return wait


def played(hire: Recorder, **knobs: Any) -> Any:
    return run_virtually(deliberate(settings_for(rounds=1, **knobs), hire=hire))


@pytest.mark.parametrize("phase", ["propose", "review"])
def test_a_straggler_is_cut_off_charged_and_on_record(phase: str) -> None:
    slow = takes(500, 2) if phase == "propose" else takes(2, 500)
    hire = Recorder(ada=takes(2), bob=slow, cy=takes(3))

    record = played(hire, **STRAGGLERS)

    (absence,) = record.absences.values()
    assert (absence.phase, absence.expert, absence.kind) == (phase, "bob", "timeout")
    assert absence.reason.startswith("cut off as a straggler after 10 s, when 2 of 3")
    call = record.calls[f"r1.{phase}.bob.1"]
    assert (call.outcome, call.usage.estimated_calls) == ("cancelled", 1)
    assert call.usage.input_tokens > 0
    assert record.verdict.usage.calls == 6
    assert record.verdict.status == "degraded"
    assert any("not just smaller but skewed" in note for note in record.verdict.notes)


def test_by_default_the_slow_are_waited_for() -> None:
    record = played(Recorder(bob=takes(500)))

    assert record.absences == {}
    assert record.verdict.status == "complete"


def test_whoever_is_not_done_when_the_phase_ends_is_absent() -> None:
    record = played(Recorder(bob=takes(500)), propose_timeout_s=60)

    said = record.absences["r1.propose.bob"].reason
    assert said == "the deadline of the phase was reached (propose_timeout_s = 60)"
    assert set(record.absences) == {"r1.propose.bob"}  # a review may take 600 s
    assert len(record.proposals) == 2


def test_reviewers_have_a_deadline_of_their_own() -> None:
    record = played(Recorder(bob=takes(500)), review_timeout_s=60)

    assert set(record.absences) == {"r1.review.bob"}


def test_when_nobody_is_done_in_time_the_error_says_so() -> None:
    hire = Recorder(**dict.fromkeys(("ada", "bob", "cy"), takes(500)))

    with pytest.raises(QuorumError, match="deadline of the phase was reached"):
        played(hire, propose_timeout_s=60)


def test_two_runs_of_one_graph_do_not_hurry_each_other() -> None:
    async def both() -> tuple[Any, Any]:
        hire = Recorder(ada=takes(2), bob=slow_in_the_second, cy=takes(3))
        graph = create_deliberation(hire=hire).compile()
        config = settings_for(rounds=1, propose_timeout_s=90, **STRAGGLERS)
        return await asyncio.gather(
            *(graph.ainvoke({"task": task}, context=config) for task in ("one", "two"))
        )

    async def slow_in_the_second(request: Request) -> None:
        await asyncio.sleep(9.5 if "two" in request.messages[-1].content else 1)

    first, second = run_virtually(both())

    assert first["verdict"].status == second["verdict"].status == "complete"


def test_a_phase_that_is_taken_up_again_has_a_new_clock() -> None:
    async def interrupted() -> Any:
        saver = InMemorySaver(serde=record_serializer())
        thread: Any = {"configurable": {"thread_id": "t"}}
        config = settings_for(rounds=1, propose_timeout_s=60, **STRAGGLERS)

        def graph(**instead: Any) -> Any:
            made = create_deliberation(hire=Recorder(**instead))
            return made.compile(checkpointer=saver)

        asked = graph(bob=takes(500)).ainvoke(
            {"task": "What is 6 * 7?"}, thread, context=config
        )
        run = asyncio.create_task(asked)
        await asyncio.sleep(0.5)  # the others are done
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run
        await asyncio.sleep(3600)
        return await graph(bob=takes(30, 0)).ainvoke(None, thread, context=config)

    # Of a phase that was broken off nobody knows who had answered: no rule holds.
    assert run_virtually(interrupted())["verdict"].status == "complete"
