"""Tables of runs in SQLite or Postgres: a few plain statements, and a lock a run."""

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from nsed.models.weight_lock import exclusive

__all__ = ["PostgresTables", "RunTables", "SqliteTables"]

Rows = Sequence[Sequence[Any]]


class RunTables(Protocol):
    """What the log of runs needs of a database."""

    async def run(self, statement: str, *values: object) -> Rows:
        """Run one statement, with `?` for each value, and commit it."""
        ...

    async def hold(self, run: str) -> bool:
        """Take the run, until this process ends or releases it; False: it is taken."""
        ...

    async def release(self, run: str, *, over: bool = False) -> None:
        """Let go of a run; `over` says that nobody will take it again."""
        ...


@dataclass
class SqliteTables:
    """Tables beside LangGraph's, on the checkpointer's own connection and lock.

    The lock of a run is a file's, which the operating system frees with its holder.
    """

    connection: Any
    turn: asyncio.Lock
    folder: Path
    """Where the locks are."""
    _held: dict[str, ExitStack] = field(default_factory=dict)

    async def run(self, statement: str, *values: object) -> Rows:
        """Run one statement."""
        return await asyncio.shield(self._run(statement, values))

    async def _run(self, statement: str, values: Sequence[object]) -> Rows:
        async with self.turn:
            rows = await self.connection.execute_fetchall(statement, values)
            await self.connection.commit()
        return list(rows)

    async def hold(self, run: str) -> bool:
        """Take the run."""
        return await asyncio.to_thread(self._hold, run)

    async def release(self, run: str, *, over: bool = False) -> None:
        """Let go of a run."""
        held = self._held.pop(run, None)
        if held is None:
            return
        if over:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._lock(run).unlink, missing_ok=True)
        held.close()

    def _hold(self, run: str) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                stack.enter_context(exclusive(self._lock(run), patience_s=0))
            except TimeoutError:
                return False
            self._held[run] = stack.pop_all()
        return True

    def _lock(self, run: str) -> Path:
        return self.folder / hashlib.sha256(run.encode()).hexdigest()[:32]


@dataclass
class PostgresTables:
    """Tables beside LangGraph's, on a connection of their own.

    The lock of a run is an advisory one of this session, which ends with its process.
    """

    connection: Any

    async def run(self, statement: str, *values: object) -> Rows:
        """Run one statement; a connection whose statement is cut off is closed."""
        return await asyncio.shield(self._run(statement, values))

    async def _run(self, statement: str, values: Sequence[object]) -> Rows:
        cursor = await self.connection.execute(statement.replace("?", "%s"), values)
        return list(await cursor.fetchall()) if cursor.description else []

    async def hold(self, run: str) -> bool:
        """Take the run."""
        rows = await self.run("SELECT pg_try_advisory_lock(?)", _number(run))
        return bool(rows[0][0])

    async def release(self, run: str, *, over: bool = False) -> None:  # noqa: ARG002
        """Let go of a run."""
        await self.run("SELECT pg_advisory_unlock(?)", _number(run))


def _number(run: str) -> int:
    digest = hashlib.sha256(f"nsed run {run}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
