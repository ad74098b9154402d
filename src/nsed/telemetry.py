"""Where telemetry is kept: nowhere, in memory, in a SQLite file or on a server."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from platformdirs import user_data_path

from nsed.models.failures import redact
from nsed.models.weight_lock import exclusive
from nsed.protocol.errors import ConfigError

__all__ = ["open_telemetry"]

_POSTGRES = re.compile(r"^postgres(ql)?(\+\w+)?://", re.IGNORECASE)
_BUSY_S = 4.0
_PATIENCE_S = 20
"""How long opening may take, in seconds; longer than any wait within it."""
_ONE_SETUP = 7_683_511
"""Number of the advisory lock under which the tables are made."""
_POLL_S = 0.05

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
            opened = (
                _postgres(where)
                if _POSTGRES.match(where)
                else _sqlite(_path(where, folder), busy_s)
            )
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
    if where == "sqlite":
        return (folder or user_data_path("nsed")) / "telemetry.sqlite"
    if not where.strip() or "://" in where or where.startswith("$"):
        raise ConfigError(
            "telemetry: should be off, memory, sqlite, the path of a file, or a "
            f"postgresql:// URL; found {redact(where)!r}"
        )
    return Path(where)


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
        async with _one_process(path.with_name(f"{path.name}.lock"), busy_s):
            await store.conn.execute("PRAGMA journal_mode = WAL")
            await store.conn.execute("PRAGMA synchronous = NORMAL")
            await store.setup()
        yield store


@asynccontextmanager
async def _one_process(path: Path, patience_s: float) -> AsyncIterator[None]:
    held = exclusive(path, patience_s=patience_s)
    await asyncio.to_thread(held.__enter__)
    try:
        yield
    finally:
        held.__exit__(None, None, None)


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[BaseStore]:
    """A server's database; the tables are made by one process at a time."""
    try:
        module = await asyncio.to_thread(import_module, "langgraph.store.postgres.aio")
    except ImportError as error:
        raise ConfigError(
            "telemetry in Postgres needs another package: pip install 'nsed[postgres]'"
        ) from error
    plain = _POSTGRES.sub("postgresql://", url)
    async with module.AsyncPostgresStore.from_conn_string(plain) as store:
        await _set_up(store)
        yield store


async def _set_up(store: Any) -> None:  # noqa: ANN401 - of an extra
    """Make the tables, under a lock of the session that making an index can bear.

    To wait in the server for the lock would block the index the holder makes.
    """
    lock = ("SELECT pg_try_advisory_lock(%s) AS mine", (_ONE_SETUP,))
    # The holder is another process, so there is no event to wait for.
    while not (await (await store.conn.execute(*lock)).fetchone())["mine"]:  # noqa: ASYNC110
        await asyncio.sleep(_POLL_S)
    try:
        await store.setup()
    finally:
        await store.conn.execute("SELECT pg_advisory_unlock(%s)", (_ONE_SETUP,))
