"""Where runs are kept, so that each can be taken up again: in a file, on a server."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from nsed.graphs.checkpointing import record_serializer
from nsed.run_log import RunLog
from nsed.run_tables import PostgresTables, SqliteTables
from nsed.storage_place import StoragePlace, module_of, one_process, one_session

__all__ = ["Checkpoints", "open_checkpoints"]

_BUSY_S = 4.0
_PLACE = StoragePlace(
    called="checkpoints",
    file_name="runs.sqlite",
    unopened="this run is not kept, its place does not open",
)


@dataclass(frozen=True)
class Checkpoints:
    """The state of runs after every step, and the log of what they are and asked."""

    saver: BaseCheckpointSaver[Any]
    log: RunLog

    async def forget(self, run: str) -> None:
        """Delete all that is kept of a run."""
        await self.saver.adelete_thread(run)
        await self.log.forget(run)


@asynccontextmanager
async def open_checkpoints(
    where: str, *, folder: Path | None = None, busy_s: float = _BUSY_S
) -> AsyncIterator[Checkpoints | None]:
    """Open the place that `where` names, for this event loop, and close it at the end.

    Safe to use from several processes at a time, the first use included. A place that
    cannot be opened never stands in the way of an answer: there is a warning, and None.

    Args:
        where: `off` or `memory`: nowhere; `sqlite`, a file in `folder`; the path of a
            SQLite file; or a `postgresql://` URL.
        folder: Where `sqlite` puts `runs.sqlite`; by default the user's data folder of
            this platform.
        busy_s: How long to wait for another process that writes to the file, or makes
            its tables.

    Raises:
        ConfigError: `where` is none of these, or the extra for Postgres is missing.
    """
    if where in ("off", "memory"):
        yield None
        return
    opening = _PLACE.opened(
        where, sqlite=partial(_sqlite, busy_s=busy_s), postgres=_postgres, folder=folder
    )
    async with opening as checkpoints:
        yield checkpoints


@asynccontextmanager
async def _sqlite(path: Path, busy_s: float) -> AsyncIterator[Checkpoints]:
    """A file of the user's alone: it holds questions and answers."""
    sqlite = await asyncio.to_thread(import_module, "langgraph.checkpoint.sqlite.aio")
    await asyncio.to_thread(_private, path)
    async with sqlite.aiosqlite.connect(str(path)) as connection:
        saver = sqlite.AsyncSqliteSaver(connection, serde=record_serializer())
        locks = path.with_name(f"{path.name}.locks")
        log = RunLog(SqliteTables(connection, saver.lock, locks))
        await connection.execute(f"PRAGMA busy_timeout = {int(1000 * busy_s)}")
        async with one_process(path, busy_s):
            await saver.setup()  # with a write-ahead log
            # What was committed outlives the process, if not a power cut.
            await connection.execute("PRAGMA synchronous = NORMAL")
            await log.set_up()
        yield Checkpoints(saver, log)


def _private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[Checkpoints]:
    """A server's database; the tables are made by one process at a time."""
    module = await module_of("langgraph.checkpoint.postgres.aio", "runs")
    psycopg = await module_of("psycopg", "runs")
    async with (
        module.AsyncPostgresSaver.from_conn_string(
            url, serde=record_serializer()
        ) as saver,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
    ):
        log = RunLog(PostgresTables(connection))
        async with one_session(connection):
            await saver.setup()
            await log.set_up()
        yield Checkpoints(saver, log)
