"""What telemetry needs of a store, over every store that we open."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from langgraph.store.base import BaseStore
from postgres_server import PostgresServer, postgres_server

from nsed.brokers.decay import DAY_S
from nsed.brokers.observations import CallSeen
from nsed.brokers.telemetry import Telemetry
from nsed.nodes.telemetry import telemetry_by_day
from nsed.nodes.telemetry_store import KEPT_DAYS, NAMESPACE, TelemetryStore
from nsed.telemetry import open_telemetry

NOW = 1.8e9
WRITER = Path(__file__).parents[1] / "telemetry_writer.py"
SHARED = ["sqlite", "postgres"]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as started:
        yield started


@pytest.fixture
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What `open_telemetry` is given: every test has a new, empty store."""
    if request.param == "postgres":
        pytest.importorskip("psycopg", reason="needs the extra nsed[postgres]")
        started: PostgresServer = request.getfixturevalue("server")
        return started.new_database(f"db{abs(hash(tmp_path))}")
    return "memory" if request.param == "memory" else str(tmp_path / "t.sqlite")


@pytest.fixture
async def store(where: str) -> AsyncIterator[BaseStore]:
    async with open_telemetry(where) as opened:
        assert opened is not None
        yield opened


every_store = pytest.mark.parametrize("where", ["memory", *SHARED], indirect=True)


def seen(days_ago: float = 0, calls: int = 1) -> dict[str, Telemetry]:
    at = NOW - days_ago * DAY_S
    call = CallSeen("ada", "proposer", "math", at, "ok", 5, None, 1, 1, 1)
    return telemetry_by_day([call] * calls)


async def calls_in(store: BaseStore) -> int:
    known = await TelemetryStore(store).read(NOW)
    return known.summary("ada", NOW).calls_ever


async def keys_in(store: BaseStore) -> list[str]:
    return sorted(item.key for item in await store.asearch(NAMESPACE, limit=100))


@every_store
async def test_an_empty_store_is_empty_telemetry(store: BaseStore) -> None:
    assert await TelemetryStore(store).read(NOW) == Telemetry()


@every_store
async def test_what_was_written_is_read_to_the_last_bit(store: BaseStore) -> None:
    await TelemetryStore(store).write("r1", seen())

    (written,) = seen().values()
    assert await TelemetryStore(store).read(NOW) == written


@every_store
async def test_runs_add_up_and_a_run_that_writes_again_does_not(
    store: BaseStore,
) -> None:
    shared = TelemetryStore(store)
    await shared.write("r1", seen(calls=1))
    await shared.write("r2", seen(calls=2))
    await shared.write("r1", {**seen(calls=3), **seen(1, calls=4)})

    assert await calls_in(store) == 9


@every_store
async def test_a_run_can_leave_itself_out(store: BaseStore) -> None:
    shared = TelemetryStore(store)
    await shared.write("r1", {**seen(0), **seen(1)})
    await shared.write("r2", seen(calls=5))

    known = await shared.read(NOW, without="r1")

    assert known.summary("ada", NOW).calls_ever == 5


@every_store
async def test_settled_days_are_folded_into_one_item_each(store: BaseStore) -> None:
    shared = TelemetryStore(store)
    for run in ("r1", "r2", "r3"):
        for days_ago in (0, 2, 3, 9):
            await shared.write(run, seen(days_ago))
    before = await shared.read(NOW)

    await shared.fold(NOW)
    keys = await keys_in(store)
    await shared.fold(NOW)

    assert await keys_in(store) == keys
    assert [key.partition(".")[2][:3] for key in keys] == ["sum"] * 2 + 2 * [
        "r1",
        "r2",
        "r3",
    ]
    after = await shared.read(NOW)
    assert after.summary("ada", NOW).calls_ever == 12
    assert after.summary("ada", NOW).calls == pytest.approx(
        before.summary("ada", NOW).calls
    )


@every_store
async def test_more_runs_than_a_database_takes_arguments_are_folded(
    store: BaseStore,
) -> None:
    shared = TelemetryStore(store)
    for number in range(501):
        await shared.write(f"r{number}", seen(5))

    await shared.fold(NOW)

    assert len(await keys_in(store)) == 1
    assert await calls_in(store) == 501


@every_store
async def test_a_run_that_comes_late_is_added_once(store: BaseStore) -> None:
    shared = TelemetryStore(store)
    await shared.write("r1", seen(5))
    await shared.write("r2", seen(5))
    await shared.fold(NOW)

    await shared.write("r2", seen(5))  # resumed: it is in the sum already
    await shared.write("r3", seen(5))
    assert await calls_in(store) == 3
    await shared.fold(NOW)

    assert await calls_in(store) == 3
    assert len(await keys_in(store)) == 1


@every_store
async def test_what_is_forgotten_is_deleted_and_a_wrong_clock_is_not_believed(
    store: BaseStore,
) -> None:
    shared = TelemetryStore(store)
    await shared.write("old", seen(KEPT_DAYS + 1))
    await shared.write("new", seen(0))
    await shared.write("from the future", seen(-30))

    await shared.fold(NOW)

    assert await calls_in(store) == 1
    assert [key.partition(".")[2] for key in await keys_in(store)] == [
        "new",
        "from the future",
    ]


@every_store
async def test_what_cannot_be_read_is_passed_over_and_left_alone(
    store: BaseStore, caplog: pytest.LogCaptureFixture
) -> None:
    shared = TelemetryStore(store)
    await shared.write("r1", seen(5))
    later = {"runs": ["r2"], "telemetry": {"schema_version": 99}}
    await store.aput(NAMESPACE, "2027-01-10.r2", later)
    await store.aput(("nsed", "telemetry", "of", "others"), "x", {"a": 1})

    with caplog.at_level(logging.WARNING):
        assert await calls_in(store) == 1
        await shared.fold(NOW)

    assert "1 items cannot be read: 2027-01-10.r2" in caplog.text
    assert "found 99" in caplog.text
    assert len(await keys_in(store)) == 3


def write_from_two_processes(where: str, runs: int) -> None:
    """Let both go once both are ready, and wait for them."""
    writers = [
        subprocess.Popen(
            [sys.executable, str(WRITER), where, name, str(runs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, complaints = writer.communicate()
        assert writer.returncode == 0, complaints


@pytest.mark.parametrize("where", SHARED, indirect=True)
async def test_two_processes_lose_none_of_a_thousand_updates(where: str) -> None:
    """They also make the tables of the empty store at the same moment."""
    await asyncio.to_thread(write_from_two_processes, where, 500)

    async with open_telemetry(where) as store:
        assert store is not None
        assert await calls_in(store) == 1000
