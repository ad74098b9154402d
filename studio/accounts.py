"""What the keys have spent: kept in SQLite, set aside before it is spent."""

import asyncio
import contextlib
import os
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from nsed.models.weight_lock import exclusive
from nsed.protocol.errors import ConfigError
from nsed.protocol.usage import Usage

__all__ = ["Account", "Accounts", "open_accounts", "today"]

_PRAGMAS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")
_TABLES = (
    """CREATE TABLE IF NOT EXISTS spent (
        key TEXT NOT NULL,
        day TEXT NOT NULL,
        runs INTEGER NOT NULL,
        nano_usd INTEGER NOT NULL,
        unpriced_calls INTEGER NOT NULL,
        PRIMARY KEY (key, day)
    )""",
    """CREATE TABLE IF NOT EXISTS set_aside (
        id TEXT PRIMARY KEY,
        key TEXT NOT NULL,
        day TEXT NOT NULL,
        server TEXT NOT NULL,
        nano_usd INTEGER NOT NULL,
        owed INTEGER NOT NULL
    )""",
)
_SPENT = """INSERT INTO spent (key, day, runs, nano_usd, unpriced_calls)
VALUES (?, ?, 1, ?, ?) ON CONFLICT (key, day) DO UPDATE SET
runs = runs + 1, nano_usd = nano_usd + excluded.nano_usd,
unpriced_calls = unpriced_calls + excluded.unpriced_calls"""
_BUSY_S = 10.0

T = TypeVar("T")


@dataclass(frozen=True)
class Account:
    """How one key stands, in nano-dollars."""

    spent: int = 0
    set_aside: int = 0
    """For runs at work."""
    at_work: int = 0
    """How many runs that is for, of all servers."""
    runs: int = 0
    """Runs that are over."""
    unpriced_calls: int = 0


def today() -> str:
    """The day in UTC, `2026-01-31`."""
    return time.strftime("%Y-%m-%d", time.gmtime())


@dataclass
class Accounts:
    """Sums by key and day. Several servers may share the file.

    What is set aside is a row until it is settled. Of a server whose process has ended
    the rows are settled at `owed`, the most that its calls can have cost.
    """

    connection: aiosqlite.Connection
    server: str
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def set_aside(
        self, id_: str, key: str, wish: Callable[[Account], int], *, per_day: bool
    ) -> int:
        """Set aside what `wish` makes of the account, at one stroke.

        Args:
            id_: By which it is settled.
            key: Whose account.
            wish: How many nano-dollars, at least 0; 0 sets nothing aside.
            per_day: Whether only this day counts.
        """
        day = today()

        async def change() -> int:
            amount = wish(await self._account(key, day if per_day else None))
            if amount > 0:
                await self._run(
                    "INSERT INTO set_aside VALUES (?, ?, ?, ?, ?, 0)",
                    *(id_, key, day, self.server, amount),
                )
            return amount

        return await self._at_one_stroke(change)

    async def owe(self, id_: str, nano_usd: int) -> None:
        """Note, before a call is made, what it and all before it cost at most."""
        statement = "UPDATE set_aside SET owed = ? WHERE id = ?"
        await self._at_one_stroke(lambda: self._run(statement, nano_usd, id_))

    async def settle(self, id_: str, key: str, cost: Usage) -> None:
        """Book what a run has cost, and free the rest of what was set aside."""

        async def change() -> None:
            rows = await self._run("SELECT day FROM set_aside WHERE id = ?", id_)
            day = rows[0][0] if rows else today()
            await self._run("DELETE FROM set_aside WHERE id = ?", id_)
            await self._run(_SPENT, key, day, cost.nano_usd, cost.unpriced_calls)

        await self._at_one_stroke(change)

    async def account(self, key: str, *, per_day: bool = False) -> Account:
        """How a key stands, over all or today."""
        return await self._at_one_stroke(
            lambda: self._account(key, today() if per_day else None)
        )

    async def recover(self, folder: Path) -> None:
        """Settle what servers have left whose processes have ended."""
        rows = await self._run("SELECT DISTINCT server FROM set_aside")
        for (server,) in rows:
            if server == self.server or not await asyncio.to_thread(
                _is_free, folder / server
            ):
                continue

            async def change(of: str = server) -> None:
                left = await self._run(
                    "SELECT key, day, owed FROM set_aside WHERE server = ?", of
                )
                for key, day, owed in left:
                    await self._run(_SPENT, key, day, owed, 0)
                await self._run("DELETE FROM set_aside WHERE server = ?", of)

            await self._at_one_stroke(change)
            await asyncio.to_thread((folder / server).unlink, missing_ok=True)

    async def _account(self, key: str, day: str | None) -> Account:
        ((spent, runs, unpriced),) = await self._run(
            "SELECT COALESCE(SUM(nano_usd), 0), COALESCE(SUM(runs), 0), "
            "COALESCE(SUM(unpriced_calls), 0) FROM spent "
            "WHERE key = ?1 AND (?2 IS NULL OR day = ?2)",
            *(key, day),
        )
        ((aside, at_work),) = await self._run(
            "SELECT COALESCE(SUM(nano_usd), 0), COUNT(*) FROM set_aside "
            "WHERE key = ?1 AND (?2 IS NULL OR day = ?2)",
            *(key, day),
        )
        return Account(spent, aside, at_work, runs, unpriced)

    async def _run(self, statement: str, *values: object) -> Sequence[Any]:
        return list(await self.connection.execute_fetchall(statement, values))

    async def _at_one_stroke(self, change: Callable[[], Awaitable[T]]) -> T:
        """Run in one transaction; whoever waits may go away, it ends all the same."""
        return await asyncio.shield(self._transaction(change))

    async def _transaction(self, change: Callable[[], Awaitable[T]]) -> T:
        async with self._turn:
            await self.connection.execute("BEGIN IMMEDIATE")
            try:
                found = await change()
                await self.connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    await self.connection.execute("ROLLBACK")
                raise
            return found


@contextlib.asynccontextmanager
async def open_accounts(path: Path) -> AsyncIterator[Accounts]:
    """Open the file of accounts, the user's alone; make it if it is not there.

    Raises:
        ConfigError: It cannot be opened.
    """
    server, folder = uuid.uuid4().hex, path.with_name(f"{path.name}.servers")
    async with AsyncExitStack() as stack:
        try:
            await asyncio.to_thread(_prepare, path, folder)
            # Held as long as this process lives; the system frees it with its holder.
            lock = exclusive(folder / server, patience_s=0)
            await asyncio.to_thread(stack.enter_context, lock)
            connection = await stack.enter_async_context(
                aiosqlite.connect(str(path), timeout=_BUSY_S, isolation_level=None)
            )
            for statement in (*_PRAGMAS, *_TABLES):
                await connection.execute(statement)
            accounts = Accounts(connection, server)
            await accounts.recover(folder)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"accounts of the keys, {path}: {error}") from error
        yield accounts
        await asyncio.to_thread((folder / server).unlink, missing_ok=True)


def _prepare(path: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _is_free(lock: Path) -> bool:
    """Whether nobody holds it, so that its process has ended."""
    try:
        with exclusive(lock, patience_s=0):
            return True
    except TimeoutError:
        return False
