"""What a run needs of the place where it is kept, over every place that we open."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from panel import Recorder, settings_for
from postgres_server import PostgresServer, postgres_server

from nsed.checkpoints import Checkpoints, open_checkpoints
from nsed.known_run import KnownRun, RunEnd
from nsed.models.base import Reply, Request
from nsed.protocol.errors import ConfigError, QuorumError
from nsed.protocol.usage import Usage
from nsed.run import VERSION, Run
from nsed.state.run_record import RunRecord, UnfinishedRecord, comparable

TASK = "What is 6 * 7?"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What `open_checkpoints` is given: every test has a new, empty place."""
    if request.param == "postgres":
        pytest.importorskip("psycopg", reason="needs the extra nsed[postgres]")
        started: PostgresServer = request.getfixturevalue("server")
        return started.new_database(f"db{abs(hash(tmp_path))}")
    return str(tmp_path / "runs.sqlite")


@pytest.fixture
async def place(where: str) -> AsyncIterator[Checkpoints]:
    async with open_checkpoints(where) as opened:
        assert opened is not None
        yield opened


@pytest.fixture
async def other_process(where: str, place: Checkpoints) -> AsyncIterator[Checkpoints]:
    """The same place, as another process opens it."""
    async with open_checkpoints(where) as opened:
        assert opened is not None
        yield opened


def known(id_: str, begun_at: float = 1.0) -> KnownRun:
    return KnownRun(
        id=id_,
        begun_at=begun_at,
        version=VERSION,
        graph="deliberation",
        task=TASK,
        settings=settings_for().model_dump(mode="json"),
    )


def run_at(place: Checkpoints, id_: str = "r1", **more: Any) -> Run:
    settings = more.pop("config", settings_for())
    return Run(
        TASK, settings, run_id=id_, checkpoints=place, **{"hire": Recorder(), **more}
    )


async def finished(run: Run) -> RunRecord:
    async for _ in run.events():
        pass
    return await run.record()


class Killed(BaseException):
    """What ends a process here: nothing of ours handles it."""


def killed_at(call: int) -> Recorder:
    """Experts whose process is killed when it makes a certain call."""
    made = 0

    def count(_: Request) -> None:
        nonlocal made
        made += 1
        if made == call:
            raise Killed

    return Recorder(**dict.fromkeys(("ada", "bob", "cy"), count))


async def test_runs_are_found_by_the_beginning_of_their_id(place: Checkpoints) -> None:
    for id_, begun_at in (("ab12", 1.0), ("ab34", 2.0), ("ab", 3.0)):
        await place.log.begin(known(id_, begun_at))

    assert [run.id for run in await place.log.known()] == ["ab", "ab34", "ab12"]
    assert await place.log.find("ab3") == known("ab34", 2.0)
    assert (await place.log.find("ab")).id == "ab"
    with pytest.raises(ConfigError, match=r"several runs begin with 'a': "):
        await place.log.find("a")
    for wrong in ("x", "ab1%", "_b12"):
        with pytest.raises(ConfigError, match="no run begins with"):
            await place.log.find(wrong)


async def test_a_run_that_is_begun_again_keeps_what_is_on_file(
    place: Checkpoints,
) -> None:
    await place.log.begin(known("ab"))
    await place.log.note("ab", "failed", RunEnd(rounds=2, nano_usd=2**40, reason="no"))

    await place.log.begin(known("ab", 9.0))

    found = await place.log.find("ab")
    assert (found.state, found.begun_at) == ("failed", 1.0)
    assert found.end == RunEnd(rounds=2, nano_usd=2**40, reason="no")


async def test_what_an_older_version_wrote_says_which(place: Checkpoints) -> None:
    await place.log.begin(known("ab"))
    (text,) = (await place.log.tables.run("SELECT known FROM nsed_runs"))[0]
    old = {**json.loads(text), "version": "0.0.9", "style": "old"}
    old["settings"]["mood"] = "good"
    await place.log.tables.run("UPDATE nsed_runs SET known = ?", json.dumps(old))

    found = await place.log.find("ab")

    assert found.task == TASK  # it is listed all the same
    with pytest.raises(ConfigError, match=r"run ab was begun by nsed 0\.0\.9"):
        _ = found.config


async def test_one_process_at_a_time_is_at_work_at_a_run(
    place: Checkpoints, other_process: Checkpoints
) -> None:
    assert await place.log.tables.hold("r1")

    assert await other_process.log.is_held("r1")
    with pytest.raises(ConfigError, match="another process is at work at run r1"):
        await finished(run_at(other_process))
    await place.log.tables.release("r1")

    assert not await other_process.log.is_held("r1")
    assert (await finished(run_at(other_process))).verdict.answer == "42"


async def test_a_finished_run_is_on_file_with_its_answer_and_no_calls(
    place: Checkpoints,
) -> None:
    record = await finished(run_at(place))

    (found,) = await place.log.known()
    assert (found.state, found.end.answer, found.end.rounds) == ("finished", "42", 2)
    assert found.end.nano_usd == record.verdict.usage.nano_usd
    assert await place.log.tables.run("SELECT key FROM nsed_calls") == []


async def test_a_finished_run_that_is_opened_again_asks_nobody(
    place: Checkpoints,
) -> None:
    first = await finished(run_at(place))
    hire = Recorder()

    again = await finished(run_at(place, hire=hire))

    assert again == first
    assert hire.asked == []


@pytest.mark.parametrize("call", range(1, 13))
async def test_killed_at_any_call_it_ends_as_if_it_had_not_been(
    place: Checkpoints, other_process: Checkpoints, call: int
) -> None:
    whole = await finished(run_at(place, "whole"))
    with pytest.raises(Killed):
        await finished(run_at(place, hire=killed_at(call)))
    on_file = await place.log.tables.run("SELECT ended FROM nsed_calls")
    ended = sum(end is not None for (end,) in on_file)
    hire = Recorder()

    record = await finished(run_at(other_process, hire=hire))

    outcomes = [c.outcome for c in record.calls.values()]
    assert record.verdict.text == whole.verdict.text
    assert record.tallies == whole.tallies
    assert record.memories == whole.memories
    assert outcomes.count("ok") == 12
    assert outcomes.count("lost") == len(on_file) - ended > 0
    assert len(hire.asked) == 12 - ended  # what had ended is not asked again
    assert record.verdict.usage.calls == len(on_file) + 12 - ended


async def test_what_is_known_of_a_killed_run_has_the_phase_that_was_at_work(
    place: Checkpoints,
) -> None:
    thread: Any = {"configurable": {"thread_id": "r1"}}

    async def wait_for_ada(request: Request) -> None:
        while request.phase == "review":
            kept = await place.saver.aget_tuple(thread)
            assert kept is not None
            if any(channel == "ballots" for _, channel, _ in kept.pending_writes or ()):
                raise Killed

    async def never(request: Request) -> None:
        if request.phase == "review":
            await asyncio.Event().wait()

    with pytest.raises(Killed):
        await finished(run_at(place, hire=Recorder(bob=wait_for_ada, cy=never)))

    record = await run_at(place).record_so_far()

    assert isinstance(record, UnfinishedRecord)
    assert record.verdict is None
    assert set(record.ballots) == {"r1.ada"}
    assert len(record.calls) == 4


async def test_a_run_that_failed_says_why(place: Checkpoints) -> None:
    async def down(_: Request) -> None:
        from nsed.protocol.errors import ExpertError

        raise ExpertError("auth", "no such key")

    hire = Recorder(**dict.fromkeys(("ada", "bob", "cy"), down))

    with pytest.raises(QuorumError):
        await finished(run_at(place, hire=hire))

    (found,) = await place.log.known()
    assert found.state == "failed"
    assert "no such key" in found.end.reason


async def test_a_run_that_could_not_ask_anybody_is_not_kept(place: Checkpoints) -> None:
    with pytest.raises(Exception, match="caps"):
        await finished(run_at(place, config=settings_for(max_tokens=1)))

    assert await place.log.known() == []
    assert await place.saver.aget_tuple({"configurable": {"thread_id": "r1"}}) is None


async def test_text_that_neither_utf8_nor_a_json_column_holds_ends_no_run(
    place: Checkpoints, other_process: Checkpoints
) -> None:
    odd = "half a pair \ud83d, a NUL \x00\nAnswer: 4\ud83d2"

    def say(request: Request) -> Reply | None:
        return Reply(odd, Usage(calls=1)) if request.phase == "propose" else None

    def say_and_die(request: Request) -> Reply | None:
        if request.phase == "review":
            raise Killed
        return say(request)

    with pytest.raises(Killed):
        await finished(run_at(place, hire=Recorder(ada=say_and_die, bob=say)))
    record = await finished(run_at(other_process, hire=Recorder(ada=say, bob=say)))

    assert record.calls["r1.propose.ada.1"].reply.startswith("half a pair ")
    assert (await place.log.find("r1")).end.answer == record.verdict.answer


async def test_two_runs_at_once_do_not_meet(place: Checkpoints) -> None:
    one, two = await asyncio.gather(
        finished(run_at(place, "one")), finished(run_at(place, "two"))
    )

    assert comparable(one) == comparable(two)
    assert {run.id for run in await place.log.known()} == {"one", "two"}


async def test_the_file_is_its_owners_alone_and_has_a_write_ahead_log(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a" / "runs.sqlite"
    async with open_checkpoints("sqlite", folder=file.parent) as opened:
        assert opened is not None
        await finished(run_at(opened))
        modes = {f.name: f.stat().st_mode & 0o77 for f in file.parent.glob("runs.sql*")}

    assert modes.pop("runs.sqlite.locks", 0) is not None
    modes.pop("runs.sqlite.lock")
    assert set(modes.values()) == {0}
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def put_for(place: Checkpoints, id_: str, owner: str, task: str = TASK) -> None:
    number = len(await place.log.known()) + 1.0
    settings = {"experts": [{"model_kwargs": {"owner": "ann"}}]}
    change = {"owner": owner, "task": task, "settings": settings}
    await place.log.begin(known(id_, number).model_copy(update=change))


async def ids_of(place: Checkpoints, owner: str, most: int = 1000) -> list[str]:
    return [run.id for run in await place.log.known(most, owner=owner)]


async def test_each_owner_has_his_own_runs_however_many_others_came_later(
    place: Checkpoints,
) -> None:
    await put_for(place, "a1", "ann")
    await put_for(place, "n1", "")
    for n in range(5):
        await put_for(place, f"b{n}", "ben", task='"owner": "ann"')
    await put_for(place, "a2", "ann")

    assert await ids_of(place, "ann", most=2) == ["a2", "a1"]
    assert await ids_of(place, "") == ["n1"]
    assert await ids_of(place, "ben", most=2) == ["b4", "b3"]
    assert await ids_of(place, 'nobody"') == []
    assert await ids_of(place, "%") == []
    assert len(await place.log.known()) == 8


async def test_a_run_from_before_there_were_owners_is_the_users(
    place: Checkpoints,
) -> None:
    await place.log.begin(known("old"))
    older = json.loads((await place.log.find("old")).to_json())
    del older["owner"]
    await place.log.tables.run("UPDATE nsed_runs SET known = ?", json.dumps(older))

    assert await ids_of(place, "") == ["old"]
    assert await ids_of(place, "ann") == []


async def test_a_run_is_got_by_its_whole_id_only(place: Checkpoints) -> None:
    await put_for(place, "a1", "ann")
    found = await place.log.get("a1")

    assert found is not None
    assert found.owner == "ann"
    assert await place.log.get("a") is None
