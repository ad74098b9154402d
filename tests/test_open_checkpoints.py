"""Where runs are kept: what each word opens, and that nothing stands in the way."""

import logging
import sqlite3
import sys
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from panel import settings_for

from nsed.checkpoints import open_checkpoints
from nsed.doors import adeliberate
from nsed.models.call_log import Ended
from nsed.models.failures import CallError
from nsed.protocol.errors import ConfigError
from nsed.run_log import RunCalls


@pytest.mark.parametrize("word", ["off", "memory"])
async def test_off_and_memory_keep_nothing(word: str) -> None:
    async with open_checkpoints(word) as nothing:
        assert nothing is None


async def test_sqlite_is_a_file_in_the_folder_that_is_made_when_needed(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "a" / "b"
    async with open_checkpoints("sqlite", folder=folder) as place:
        await adeliberate("What is 6 * 7?", settings_for(), checkpoints=place)

    async with open_checkpoints("sqlite", folder=folder) as place:
        assert place is not None
        (run,) = await place.log.known()
    assert (run.task, run.state) == ("What is 6 * 7?", "finished")
    assert (folder / "runs.sqlite").is_file()


async def test_without_a_folder_it_is_the_users_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    home = platformdirs.user_data_path("nsed")

    async with open_checkpoints("sqlite"):
        assert (home / "runs.sqlite").exists()


@pytest.mark.parametrize("wrong", ["", "mysql://user:pw@host/db", "${NSED_DB}"])
async def test_what_is_none_of_these_is_an_error_without_the_password(
    wrong: str,
) -> None:
    with pytest.raises(ConfigError, match="checkpoints: should be off") as caught:
        async with open_checkpoints(wrong):
            pass
    assert "pw" not in str(caught.value)


async def test_postgres_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "langgraph.checkpoint.postgres.aio", None)

    with pytest.raises(ConfigError, match=r"pip install 'nsed\[postgres\]'"):
        async with open_checkpoints("postgresql:///x"):
            pass


def not_a_database(folder: Path) -> str:
    file = folder / "notes.txt"
    file.write_text("This is a text, and long enough to be told from a database. " * 9)
    return str(file)


def under_a_file(folder: Path) -> str:
    (folder / "file").touch()
    return str(folder / "file" / "runs.sqlite")


def no_server(folder: Path) -> str:
    pytest.importorskip("psycopg", reason="needs the extra nsed[postgres]")
    return f"postgresql+psycopg://me:secret@/x?host={folder}"


@pytest.mark.parametrize("place", [not_a_database, under_a_file, no_server])
async def test_a_place_that_does_not_open_is_a_warning_and_the_answer_comes(
    place: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with open_checkpoints(place(tmp_path)) as opened:
            assert opened is None
            record = await adeliberate("q", settings_for(), checkpoints=opened)

    assert record.verdict.answer == "42"
    assert "this run is not kept" in caplog.text
    assert "secret" not in caplog.text


class Full:
    """A database whose disk is full."""

    async def run(self, statement: str, *values: object) -> list[Any]:
        raise sqlite3.OperationalError("database or disk is full")

    async def hold(self, run: str) -> bool:
        return True

    async def release(self, run: str, *, over: bool = False) -> None:
        pass


async def test_a_log_that_fails_is_one_warning_and_the_calls_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls = RunCalls(Full(), "r1")

    with caplog.at_level(logging.WARNING):
        number = await calls.sent("key")
        await calls.ended(number, Ended(CallError("timeout", "late"), 1.0))

    assert number == 1
    assert caplog.text.count("calls are not on file, the run goes on") == 1
