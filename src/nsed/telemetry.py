"""Where telemetry is kept: nowhere, in memory, in a SQLite file or on a server."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path

from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from nsed.models.failures import redact
from nsed.protocol.errors import ConfigError
from nsed.storage_place import file_of, one_process, one_session, postgres_url

__all__ = ["open_telemetry"]

_BUSY_S = 4.0
_PATIENCE_S = 20
"""How long opening may take, in seconds; longer than any wait within it."""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def open_telemetry(
    where: str, *, folder: Path | None = None, busy_s: float = _BUSY_S
) -> AsyncIterator[BaseStore | None]:
    """Open the store that `where` names, for this event loop, and close it at the end.

    Safe to use from several processes at a time, the first use included. A store that
    cannot be opened never stands in the way of an answer: there is a warning, and None.

    Args:
        where: `off`; `memory`; `sqlite`, a file in `folder`; the path of a SQLite
            file; or a `postgresql://` URL.
        folder: Where `sqlite` puts `telemetry.sqlite`; by default the user's data
            folder of this platform.
        busy_s: How long to wait for another process that writes to the file, or makes
            its tables.

    Raises:
        ConfigError: `where` is none of these, or the extra for Postgres is missing.
    """
    async with AsyncExitStack() as stack:
        store: BaseStore | None = None
        if where == "memory":
            store = InMemoryStore()
        elif where != "off":
            url = postgres_url(where)
            opened = _postgres(url) if url else _sqlite(_path(where, folder), busy_s)
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    store = await stack.enter_async_context(opened)
            except ConfigError:
                raise
            # Whatever the file system, the file or the server has to say.
            except Exception as error:  # noqa: BLE001
                words = redact(f"{type(error).__name__}: {error}")
                _log.warning("telemetry is off, the store does not open: %s", words)
        yield store


def _path(where: str, folder: Path | None) -> Path:
    return file_of(where, name="telemetry.sqlite", folder=folder, called="telemetry")


@asynccontextmanager
async def _sqlite(path: Path, busy_s: float) -> AsyncIterator[BaseStore]:
    """A file that several processes may write: readers and a writer do not wait.

    LangGraph's store leaves SQLite's journal as it is, and two processes that make
    its tables at once fail; so they take turns.
    """
    module = await asyncio.to_thread(import_module, "langgraph.store.sqlite.aio")
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        connecting = module.AsyncSqliteStore.from_conn_string(str(path))
        store = await stack.enter_async_context(connecting)
        # LangGraph leaves the store's own task to the garbage collector, which says so.
        stack.callback(store._task.cancel)  # noqa: SLF001
        await store.conn.execute(f"PRAGMA busy_timeout = {int(1000 * busy_s)}")
        async with one_process(path, busy_s):
            await store.conn.execute("PRAGMA journal_mode = WAL")
            await store.conn.execute("PRAGMA synchronous = NORMAL")
            await store.setup()
        yield store


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[BaseStore]:
    """A server's database; the tables are made by one process at a time."""
    try:
        module = await asyncio.to_thread(import_module, "langgraph.store.postgres.aio")
    except ImportError as error:
        raise ConfigError(
            "telemetry in Postgres needs another package: pip install 'nsed[postgres]'"
        ) from error
    async with module.AsyncPostgresStore.from_conn_string(url) as store:
        async with one_session(store.conn):
            await store.setup()
        yield store
