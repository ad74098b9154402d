"""Where telemetry is kept: what each word opens, and that nothing stands in the way."""

import asyncio
import logging
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from langgraph.store.memory import InMemoryStore
from panel import settings_for

from nsed.doors import adeliberate, deliberate
from nsed.models.weight_lock import exclusive
from nsed.nodes.telemetry_store import NAMESPACE, TelemetryStore
from nsed.protocol.errors import ConfigError
from nsed.telemetry import open_telemetry


async def test_off_is_no_store_and_memory_is_one_that_forgets() -> None:
    async with open_telemetry("off") as nothing, open_telemetry("memory") as store:
        assert nothing is None
        assert isinstance(store, InMemoryStore)


async def test_sqlite_is_a_file_in_the_folder_that_is_made_when_needed(
    tmp_path: Path,
) -> None:
    async with open_telemetry("sqlite", folder=tmp_path / "a" / "b") as store:
        assert store is not None
        await adeliberate("What is 6 * 7?", settings_for(), store=store)

    async with open_telemetry("sqlite", folder=tmp_path / "a" / "b") as store:
        assert store is not None
        assert len(await store.asearch(NAMESPACE)) == 1
    file = tmp_path / "a" / "b" / "telemetry.sqlite"
    assert sqlite3.connect(file).execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_without_a_folder_it_is_the_users_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    home = platformdirs.user_data_path("nsed")

    async with open_telemetry("sqlite"):
        assert (home / "telemetry.sqlite").exists()


async def test_a_path_is_a_file_of_any_name(tmp_path: Path) -> None:
    async with open_telemetry(str(tmp_path / "x.db")) as store:
        assert store is not None
    assert (tmp_path / "x.db").exists()


@pytest.mark.parametrize("wrong", ["", "mysql://user:pw@host/db", "${NSED_DB}"])
async def test_what_is_none_of_these_is_an_error_without_the_password(
    wrong: str,
) -> None:
    with pytest.raises(ConfigError, match="should be off, memory, sqlite") as caught:
        async with open_telemetry(wrong):
            pass
    assert "pw" not in str(caught.value)


async def test_postgres_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "langgraph.store.postgres.aio", None)

    with pytest.raises(ConfigError, match=r"pip install 'nsed\[postgres\]'"):
        async with open_telemetry("postgresql:///x"):
            pass


def not_a_database(folder: Path) -> str:
    file = folder / "notes.txt"
    file.write_text("This is a text, and long enough to be told from a database. " * 9)
    return str(file)


def under_a_file(folder: Path) -> str:
    (folder / "file").touch()
    return str(folder / "file" / "telemetry.sqlite")


def no_server(folder: Path) -> str:
    pytest.importorskip("psycopg", reason="needs the extra nsed[postgres]")
    return f"postgresql+psycopg://me:secret@/x?host={folder}"


@pytest.mark.parametrize("place", [not_a_database, under_a_file, no_server])
async def test_a_store_that_does_not_open_is_a_warning_and_no_store(
    place: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with open_telemetry(place(tmp_path)) as store:
            assert store is None

    assert "telemetry is off" in caplog.text
    assert "secret" not in caplog.text


async def test_what_the_user_of_the_store_raises_is_the_users(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with open_telemetry(str(tmp_path / "x.db")):
            raise ZeroDivisionError


def test_the_sync_door_files_telemetry_too() -> None:
    store = InMemoryStore()

    deliberate("What is 6 * 7?", settings_for(), store=store)

    known = asyncio.run(TelemetryStore(store).read(time.time()))
    assert known.experts == tuple(e.identity for e in settings_for().experts)


async def test_a_lock_that_is_never_let_go_costs_a_warning_and_no_hang(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with exclusive(tmp_path / "telemetry.sqlite.lock"):
        async with open_telemetry("sqlite", folder=tmp_path, busy_s=0) as store:
            assert store is None

    assert "another process holds telemetry.sqlite.lock" in caplog.text
