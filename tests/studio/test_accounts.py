"""Accounts: set aside at one stroke, kept over restarts, settled for the dead."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsed.protocol.errors import ConfigError
from nsed.protocol.usage import Usage
from nsed.studio import accounts as module
from nsed.studio.accounts import Account, Accounts, open_accounts


def up_to(budget: int, wish: int) -> object:
    """Wish for so much, if it is free."""
    return lambda a: max(0, min(wish, budget - a.spent - a.set_aside))


async def test_what_is_set_aside_is_settled_and_the_rest_is_free_again(
    tmp_path: Path,
) -> None:
    async with open_accounts(tmp_path / "a.sqlite") as accounts:
        got = await accounts.set_aside("r1", "ann", lambda _: 100, per_day=False)
        assert got == 100
        assert await accounts.account("ann") == Account(set_aside=100, at_work=1)
        assert await accounts.account("ben") == Account()

        await accounts.settle("r1", "ann", Usage(nano_usd=30))
        assert await accounts.account("ann") == Account(spent=30, runs=1)


async def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    for _ in range(3):
        async with open_accounts(tmp_path / "a.sqlite") as accounts:
            await accounts.settle("r", "ann", Usage(nano_usd=10, unpriced_calls=2))
    async with open_accounts(tmp_path / "a.sqlite") as accounts:
        found = await accounts.account("ann")

    assert found == Account(spent=30, runs=3, unpriced_calls=6)
    assert (tmp_path / "a.sqlite").stat().st_mode & 0o77 == 0


async def test_a_daily_budget_begins_anew_and_a_run_counts_on_its_first_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_accounts(tmp_path / "a.sqlite") as accounts:
        monkeypatch.setattr(module, "today", lambda: "2026-01-31")
        await accounts.set_aside("r1", "ann", lambda _: 100, per_day=True)
        monkeypatch.setattr(module, "today", lambda: "2026-02-01")
        assert await accounts.account("ann", per_day=True) == Account()
        await accounts.settle("r1", "ann", Usage(nano_usd=7))

        assert await accounts.account("ann", per_day=True) == Account()
        assert await accounts.account("ann") == Account(spent=7, runs=1)

        seen: list[Account] = []
        for per_day in (True, False):
            await accounts.set_aside(
                "r2", "ann", lambda a: seen.append(a) or 0, per_day=per_day
            )
        assert seen == [Account(), Account(spent=7, runs=1)]


@given(
    wishes=st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1)), max_size=30),
    budget=st.integers(0, 200),
)
@settings(max_examples=20)
def test_no_order_of_runs_on_two_servers_exceeds_a_budget(
    wishes: list[tuple[int, float]],
    budget: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = tmp_path_factory.mktemp("accounts") / "a.sqlite"
    most = 0

    async def run(accounts: Accounts, n: int, wish: int, share: float) -> None:
        nonlocal most
        got = await accounts.set_aside(
            f"{accounts.server}{n}", "ann", up_to(budget, wish), per_day=False
        )
        for _ in range(n % 3):
            await asyncio.sleep(0)
        now = await accounts.account("ann")
        most = max(most, now.spent + now.set_aside)
        await accounts.settle(
            f"{accounts.server}{n}", "ann", Usage(nano_usd=int(share * got))
        )

    async def play() -> Account:
        async with open_accounts(place) as one, open_accounts(place) as two:
            await asyncio.gather(
                *(run((one, two)[n % 2], n, *w) for n, w in enumerate(wishes))
            )
            return await two.account("ann")

    end = asyncio.run(play())

    assert most <= budget
    assert end.spent <= budget
    assert end.set_aside == 0
    assert end.runs == len(wishes)


DYING = """
import asyncio, sys
from pathlib import Path
from nsed.studio.accounts import open_accounts

async def main():
    async with open_accounts(Path(sys.argv[1])) as accounts:
        await accounts.set_aside("r1", "ann", lambda _: 100, per_day=False)
        await accounts.owe("r1", 40)
        print("ready", flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


def test_of_a_server_that_was_killed_what_it_owed_at_most_is_booked(
    tmp_path: Path,
) -> None:
    place = tmp_path / "a.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", DYING, str(place)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"

        async def look() -> Account:
            async with open_accounts(place) as accounts:
                return await accounts.account("ann")

        alive = asyncio.run(look())
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        dead = asyncio.run(look())

    assert alive == Account(set_aside=100, at_work=1), (
        "of one that lives nothing is taken"
    )
    assert dead == Account(spent=40, runs=1)
    assert not list((tmp_path / "a.sqlite.servers").iterdir())


async def test_whoever_stops_waiting_leaves_no_half_a_transaction(
    tmp_path: Path,
) -> None:
    async with open_accounts(tmp_path / "a.sqlite") as accounts:
        waiting = [
            asyncio.create_task(
                accounts.set_aside(f"r{n}", "ann", lambda _: 1, per_day=False)
            )
            for n in range(20)
        ]
        await asyncio.sleep(0)
        for task in waiting[::2]:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await accounts.settle("none", "ben", Usage())

        assert (await accounts.account("ann")).set_aside <= 20
        assert (await accounts.account("ben")).runs == 1


async def test_a_wish_that_refuses_sets_nothing_aside(tmp_path: Path) -> None:
    def refuse(_: Account) -> int:
        msg = "no"
        raise LookupError(msg)

    async with open_accounts(tmp_path / "a.sqlite") as accounts:
        with pytest.raises(LookupError):
            await accounts.set_aside("r", "ann", refuse, per_day=False)
        await accounts.settle("r2", "ann", Usage(nano_usd=1))

        assert await accounts.account("ann") == Account(spent=1, runs=1)


async def test_a_file_that_is_none_is_an_error_in_words(tmp_path: Path) -> None:
    place = tmp_path / "a.sqlite"
    await asyncio.to_thread(place.write_text, "no database " * 100)

    with pytest.raises(ConfigError, match="accounts of the keys"):
        async with open_accounts(place):
            pass


async def test_errors_of_the_server_are_not_called_errors_of_the_accounts(
    tmp_path: Path,
) -> None:
    with pytest.raises(sqlite3.Error):
        async with open_accounts(tmp_path / "a.sqlite"):
            raise sqlite3.OperationalError
