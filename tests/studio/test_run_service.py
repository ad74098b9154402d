"""Runs of a server: watched by many, stopped, given up, seen by their owner only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from panel import Recorder, settings_for

from nsed.checkpoints import open_checkpoints
from nsed.config.settings import Settings
from nsed.models.base import Request
from nsed.protocol.errors import NsedError, QuorumError
from nsed.run_file import RunTakenError
from nsed.studio.run_errors import WrongStateError
from nsed.studio.run_service import RunService
from nsed.studio.standing import find_run, standing

TASK = "What is 6 * 7?"


@asynccontextmanager
async def service(
    hire: Recorder | None = None, where: Path | None = None
) -> AsyncIterator[RunService]:
    place = str(where) if where else "off"
    async with open_checkpoints(place) as checkpoints:
        made = RunService(Settings(), hire=hire or Recorder(), checkpoints=checkpoints)
        try:
            yield made
        finally:
            await made.aclose()


async def hang(_: Request) -> None:
    await asyncio.Event().wait()


async def test_two_watchers_see_the_same_events_and_a_late_one_all_of_them() -> None:
    async with service() as runs:
        live = runs.begin(TASK, settings_for())
        seen: list[list[int]] = [[], []]

        async def watch(mine: list[int]) -> None:
            async for number, _ in live.watch():
                mine.append(number)

        await asyncio.gather(*map(watch, seen))
        record = await live.ended()
        late = [event async for event in live.watch()]
        rest = [number async for number, _ in live.watch(after=3)]

    assert record.verdict.answer == "42"
    assert seen[0] == seen[1] == [number for number, _ in late]
    assert rest == seen[0][3:]
    assert late[0][1]["event"] == "bound"


async def test_a_stopped_run_gives_its_best_answer() -> None:
    hire = Recorder(cy=hang)
    async with service(hire) as runs:
        live = runs.begin(TASK, settings_for())
        async for _, event in live.watch():
            if event["event"] == "proposed":
                break
        await live.stop()
        record = await live.ended()

    assert record.verdict.stop_reason == "user_stop"
    assert record.verdict.answer in ("42", "41")


async def test_a_cancelled_run_has_no_record_and_asks_nobody_any_more() -> None:
    hire = Recorder(ada=hang, bob=hang, cy=hang)
    async with service(hire) as runs:
        live = runs.begin(TASK, settings_for())
        async for _, event in live.watch():
            if event["event"] == "bound":
                break
        await live.cancel()
        asked = len(hire.asked)
        with pytest.raises(asyncio.CancelledError):
            await live.ended()

    assert live.cancelled
    assert live.record is None
    assert len(hire.asked) == asked


async def test_a_failed_run_says_why_and_keeps_its_record() -> None:
    experts = [
        e.model_copy(update={"script": e.script.model_copy(update={"fails": "always"})})
        for e in settings_for().experts
        if e.script
    ]
    async with service() as runs:
        live = runs.begin(TASK, settings_for(*experts))
        with pytest.raises(QuorumError):
            await live.ended()

    assert live.record is not None
    assert live.record.verdict.status == "failed"


@pytest.mark.parametrize("kept", [False, True], ids=["in memory", "on file"])
async def test_nobody_sees_the_runs_of_another(kept: bool, tmp_path: Path) -> None:
    async with service(where=tmp_path / "runs.sqlite" if kept else None) as runs:
        mine = runs.begin(TASK, settings_for(), owner="ann")
        await mine.ended()
        id_ = mine.run.run_id

        assert [known.id for known in await runs.runs("ann")] == [id_]
        assert await runs.record(id_, "ann")
        for other in ("", "ben"):
            assert not await runs.runs(other)
            assert runs.live(id_, other) is None
            assert await runs.record(id_, other) is None


async def test_a_run_on_file_is_found_by_another_server(tmp_path: Path) -> None:
    where = tmp_path / "runs.sqlite"
    async with service(where=where) as runs:
        live = runs.begin(TASK, settings_for(), owner="ann")
        record = await live.ended()
    async with service(where=where) as runs:
        found = await runs.record(record.run_id, "ann")
        assert await runs.record(record.run_id, "ben") is None

    assert found == record


async def test_of_many_runs_the_oldest_that_are_over_are_forgotten() -> None:
    async with service(Recorder()) as runs:
        runs.most_remembered = 2
        lives = []
        for _ in range(4):
            lives.append(runs.begin(TASK, settings_for()))
            await lives[-1].ended()
        ids = [live.run.run_id for live in lives]

        assert [runs.live(id_, "") is None for id_ in ids] == [True, True, False, False]
        assert {*runs._memory.storage} == {*ids[2:]}


async def test_a_run_at_work_is_never_forgotten() -> None:
    hire = Recorder(cy=hang)
    async with service(hire) as runs:
        runs.most_remembered = 1
        lives = [runs.begin(TASK, settings_for()) for _ in range(3)]

        assert all(runs.live(live.run.run_id, "") is live for live in lives)


async def test_a_run_that_another_process_was_faster_with_is_that_processs(
    tmp_path: Path,
) -> None:
    where = tmp_path / "runs.sqlite"
    async with service(Recorder(cy=hang), where) as one, service(where=where) as other:
        mine = one.begin(TASK, settings_for())
        async for _, event in mine.watch():
            if event["event"] == "proposed":
                break
        theirs = other.go_on(mine.known, settings_for())
        await theirs.wait()
        found = await find_run(other, mine.run.run_id, "")
        now = await standing(other, found)

    assert isinstance(theirs.failure, RunTakenError)
    assert found.live is None
    assert (now.state, now.held) == ("open", True)


async def test_one_run_is_played_once_at_a_time() -> None:
    async with service(Recorder(cy=hang)) as runs:
        live = runs.begin(TASK, settings_for())
        with pytest.raises(WrongStateError, match="at work"):
            runs.go_on(live.known, settings_for())


async def test_a_service_that_is_closed_begins_nothing() -> None:
    async with service() as runs:
        await runs.aclose()
        with pytest.raises(NsedError, match="about to end"):
            runs.begin(TASK, settings_for())
