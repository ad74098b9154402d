"""Replies in a file: what is kept, who may share it, and what trouble with it costs."""

import asyncio
import logging
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from nsed.models import community, response_cache
from nsed.models.base import Reply
from nsed.models.response_cache import ResponseCache
from nsed.protocol.errors import ConfigError
from nsed.protocol.usage import Usage

PAID = Reply(
    text="6 * 7 = 42\nAnswer: 42 é \U0001f600",
    usage=Usage(calls=1, input_tokens=9, output_tokens=9, nano_usd=7),
    truncated=True,
    method="tools",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new folder?" / "replies 100%.db"


async def test_a_reply_comes_back_whole_but_for_its_cost(file: Path) -> None:
    cache = ResponseCache(file)
    assert await cache.get("k") is None

    cache.put("k", PAID)

    found = await cache.get("k")
    assert found == Reply(
        text=PAID.text, usage=Usage(), truncated=True, method="tools", cached=True
    )
    assert await cache.get("other") is None


async def test_it_outlives_the_process_that_made_it(file: Path) -> None:
    first = ResponseCache(file)
    first.put("k", PAID)
    await first.flush()

    assert await ResponseCache(file).get("k")


async def test_the_last_one_counts(file: Path) -> None:
    cache = ResponseCache(file)
    for text in ("one", "two"):
        cache.put("k", Reply(text=text, usage=Usage()))

    assert (await cache.get("k") or PAID).text == "two"


def test_nobody_else_may_read_it(file: Path) -> None:
    asyncio.run(ResponseCache(file).ready())

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_opened_before_it_is_needed(file: Path) -> None:
    ResponseCache(file)

    assert not file.parent.exists()


def test_a_path_may_start_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert ResponseCache("~/x.db").path == tmp_path / "x.db"


@pytest.mark.parametrize("what", ["a folder", "no database", "under a file"])
async def test_a_file_that_cannot_be_used_is_one_line(
    tmp_path: Path, what: str
) -> None:
    other = tmp_path / "other"
    other.write_text("not a database, but quite long enough to look like one" * 99)
    path = {"a folder": tmp_path, "no database": other, "under a file": other / "x"}

    with pytest.raises(
        ConfigError, match=r"response cache .* cannot be used"
    ) as caught:
        await ResponseCache(path[what]).ready()

    assert len(str(caught.value).splitlines()) == 1


async def test_an_entry_that_is_no_reply_is_a_miss(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = ResponseCache(file)
    cache.put("k", PAID)
    await cache.flush()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE full_llm_cache SET response = 'junk'")

    assert await cache.get("k") is None
    assert "not read" in caplog.text


async def test_a_locked_file_costs_no_reply_is_logged_once_and_soon_let_alone(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(community, "BUSY_S", 0.05)
    cache = ResponseCache(file)
    cache.put("k", PAID)
    await cache.flush()
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for number in range(50):
            cache.put(f"k{number}", PAID)
        started = time.monotonic()
        assert await cache.get("k") is None
        assert time.monotonic() - started < 2

    assert [r.levelno for r in caplog.records] == [logging.WARNING]
    assert "not written: (sqlite3.OperationalError) database is locked" in caplog.text
    monkeypatch.setattr(response_cache, "PAUSE_S", 0)
    cache._paused_until = 0
    assert await cache.get("k") is not None


async def test_a_cache_that_does_not_answer_is_not_waited_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_cache, "PATIENCE_S", 0.05)
    cache = ResponseCache(file)
    await cache.ready()
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        assert await cache.get("k") is None
        assert time.monotonic() - started < 2
        other.rollback()
    await cache.flush()


def test_processes_that_start_at_once_share_one_file(file: Path) -> None:
    """Each makes the table where there is none, writes, and finds all in the end."""
    program = (
        "import asyncio, sys\n"
        "from nsed.models.base import Reply\n"
        "from nsed.models.response_cache import ResponseCache\n"
        "from nsed.protocol.usage import Usage\n"
        "async def main():\n"
        "    cache = ResponseCache(sys.argv[1])\n"
        "    for n in range(40):\n"
        "        cache.put(f'{n % 20}.{sys.argv[2]}', Reply('mine', Usage()))\n"
        "        cache.put(f'{n}', Reply('shared', Usage()))\n"
        "    await cache.flush()\n"
        "    print(all([await cache.get(f'{n}') for n in range(40)]))\n"
        "asyncio.run(main())\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program, str(file), str(n)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(3)
    ]
    ended = [process.communicate() for process in started]

    assert ended == [("True\n", "")] * 3


def test_one_cache_serves_one_loop_after_another(file: Path) -> None:
    cache = ResponseCache(file)
    cache.put("k", PAID)

    assert all(asyncio.run(cache.get("k")) for _ in range(2))
