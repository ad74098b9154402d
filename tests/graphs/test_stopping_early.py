"""A user who stops a run gets the best answer so far."""

import asyncio

import pytest
from panel import Recorder, settings_for

from nsed.models.base import Reply, Request
from nsed.protocol.errors import QuorumError
from nsed.protocol.stopping import StopReason
from nsed.run import Run
from nsed.state.run_record import RunRecord


async def stopped(
    *,
    phase: str,
    round_number: int,
    hangs: tuple[str, ...],
    graph: str = "deliberation",
) -> RunRecord:
    """Stop when everybody else has answered and the last ones hang."""
    stuck, all_stuck = 0, asyncio.Event()

    async def hang(request: Request) -> Reply | None:
        nonlocal stuck
        if (request.phase, request.round) == (phase, round_number):
            stuck += 1
            if stuck == len(hangs):
                all_stuck.set()
            await asyncio.Event().wait()
        return None

    hire = Recorder(**dict.fromkeys(hangs, hang))
    run = Run("What is 6 * 7?", settings_for(effort=10), hire=hire, graph=graph)
    answered = asyncio.Event()

    async def watch() -> None:
        done = 0
        async for event in run.events():
            if (event.get("phase"), event["round"]) == (phase, round_number):
                done += event["event"] in ("proposed", "voted")
            if done == 3 - len(hangs):
                answered.set()

    if len(hangs) == 3:
        answered.set()
    task = asyncio.create_task(watch())
    await all_stuck.wait()
    await answered.wait()
    # The engine files a finished task's writes in a callback: let it run.
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return await run.conclude()


async def test_stopped_in_the_reviews_counts_the_votes_that_are_in() -> None:
    record = await stopped(phase="review", round_number=1, hangs=("cy",))

    assert record.verdict.answer == "42"
    assert record.verdict.stop_reason is StopReason.USER_STOP
    assert record.verdict.status == "degraded"
    assert [(a.expert, a.kind) for a in record.verdict.absences] == [
        ("cy", "cancelled")
    ]
    assert set(record.ballots) == {"r1.ada", "r1.bob"}


async def test_stopped_in_round_2_keeps_the_incumbent() -> None:
    record = await stopped(phase="propose", round_number=2, hangs=("ada", "bob", "cy"))

    assert record.verdict.answer == "42"
    assert record.verdict.rounds == 1
    assert record.verdict.stop_reason is StopReason.USER_STOP
    assert record.verdict.status == "degraded"
    assert {a.kind for a in record.verdict.absences} == {"cancelled"}


async def test_stopped_before_any_review_takes_the_most_frequent_answer() -> None:
    record = await stopped(phase="propose", round_number=1, hangs=("bob",))

    assert record.verdict.answer == "42"
    assert record.verdict.status == "degraded"
    assert record.verdict.rounds == 0
    assert "before any review" in record.verdict.notes[0]


async def test_stopped_before_any_answer_is_an_error() -> None:
    with pytest.raises(QuorumError, match="user_stop"):
        await stopped(phase="propose", round_number=1, hangs=("ada", "bob", "cy"))


async def test_concluding_a_finished_run_changes_nothing() -> None:
    run = Run("What is 6 * 7?", settings_for(), hire=Recorder())
    async for _ in run.events():
        pass

    assert await run.conclude() == await run.record()


async def test_a_stopped_baseline_counts_what_was_proposed() -> None:
    record = await stopped(
        phase="propose", round_number=1, hangs=("bob",), graph="majority_vote"
    )

    assert record.verdict.answer == "42"
    assert record.verdict.status == "degraded"
    assert [(a.expert, a.kind) for a in record.verdict.absences] == [
        ("bob", "cancelled")
    ]
