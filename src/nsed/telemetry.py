"""Where telemetry is kept: nowhere, in memory, in a SQLite file or on a server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path

from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from nsed.storage_place import StoragePlace, module_of, one_process, one_session

__all__ = ["open_telemetry"]

_BUSY_S = 4.0
_PLACE = StoragePlace(
    called="telemetry",
    file_name="telemetry.sqlite",
    unopened="telemetry is off, the store does not open",
)


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
    if where == "memory":
        yield InMemoryStore()
    elif where == "off":
        yield None
    else:
        opening = _PLACE.opened(
            where,
            sqlite=partial(_sqlite, busy_s=busy_s),
            postgres=_postgres,
            folder=folder,
        )
        async with opening as store:
            yield store


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
    module = await module_of("langgraph.store.postgres.aio", "telemetry")
    async with module.AsyncPostgresStore.from_conn_string(url) as store:
        async with one_session(store.conn):
            await store.setup()
        yield store
