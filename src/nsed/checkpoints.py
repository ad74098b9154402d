"""Where runs are kept, so that each can be taken up again: in a file, on a server."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from nsed.graphs.checkpointing import record_serializer
from nsed.models.failures import redact
from nsed.protocol.errors import ConfigError
from nsed.run_log import RunLog
from nsed.run_tables import PostgresTables, SqliteTables
from nsed.storage_place import file_of, one_process, one_session, postgres_url

__all__ = ["Checkpoints", "open_checkpoints"]

_BUSY_S = 4.0
_PATIENCE_S = 20
"""How long opening may take, in seconds; longer than any wait within it."""

_log = logging.getLogger(__name__)


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
    async with AsyncExitStack() as stack:
        opened: Checkpoints | None = None
        if where not in ("off", "memory"):
            url = postgres_url(where)
            opening = _postgres(url) if url else _sqlite(_path(where, folder), busy_s)
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    opened = await stack.enter_async_context(opening)
            except ConfigError:
                raise
            # Whatever the file system, the file or the server has to say.
            except Exception as error:  # noqa: BLE001
                words = redact(f"{type(error).__name__}: {error}")
                _log.warning("this run is not kept, its place does not open: %s", words)
        yield opened


def _path(where: str, folder: Path | None) -> Path:
    return file_of(where, name="runs.sqlite", folder=folder, called="checkpoints")


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
    try:
        module = await asyncio.to_thread(
            import_module, "langgraph.checkpoint.postgres.aio"
        )
        psycopg = await asyncio.to_thread(import_module, "psycopg")
    except ImportError as error:
        raise ConfigError(
            "runs in Postgres need another package: pip install 'nsed[postgres]'"
        ) from error
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
