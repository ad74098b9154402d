"""Places where things are kept: what a word means, and who makes the tables."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_data_path

from nsed.models.failures import redact
from nsed.models.weight_lock import exclusive
from nsed.protocol.errors import ConfigError

__all__ = ["StoragePlace", "module_of", "one_process", "one_session"]

_POSTGRES = re.compile(r"^postgres(ql)?(\+\w+)?://", re.IGNORECASE)
_ONE_SETUP = 7_683_511
"""Number of the advisory lock under which tables are made."""
_POLL_S = 0.05
T = TypeVar("T")
_PATIENCE_S = 20
"""How long opening may take, in seconds; longer than any wait within it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoragePlace:
    """A kind of thing that is kept in a SQLite file or in a Postgres database."""

    called: str
    """The setting that says where; for messages."""
    file_name: str
    """Of its SQLite file in the data folder."""
    unopened: str
    """What it means for the user if the place does not open."""

    @asynccontextmanager
    async def opened(
        self,
        where: str,
        *,
        sqlite: Callable[[Path], AbstractAsyncContextManager[T]],
        postgres: Callable[[str], AbstractAsyncContextManager[T]],
        folder: Path | None,
    ) -> AsyncIterator[T | None]:
        """Open what `where` names, and close it at the end.

        A place that cannot be opened never stands in the way of an answer: there is a
        warning, and None.

        Args:
            where: `sqlite`, the path of a SQLite file, or a `postgresql://` URL.
            sqlite: Opens a file.
            postgres: Opens a URL.
            folder: Where `sqlite` puts its file; by default the user's data folder.

        Raises:
            ConfigError: `where` is none of these, or a package is missing.
        """
        url = postgres_url(where)
        file = None if url else file_of(where, self.file_name, folder, self.called)
        async with AsyncExitStack() as stack:
            thing: T | None = None
            opening = sqlite(file) if file else postgres(url or "")
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    thing = await stack.enter_async_context(opening)
            except ConfigError:
                raise
            # Whatever the file system, the file or the server has to say.
            except Exception as error:  # noqa: BLE001
                words = redact(f"{type(error).__name__}: {error}")
                _log.warning("%s: %s", self.unopened, words)
            yield thing


async def module_of(name: str, needed_for: str) -> Any:  # noqa: ANN401 - of an extra
    """Import a module of the extra `postgres`, off the loop.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return await asyncio.to_thread(import_module, name)
    except ImportError as error:
        raise ConfigError(
            f"to keep {needed_for} in Postgres, install another package: "
            "pip install 'nsed[postgres]'"
        ) from error


def postgres_url(where: str) -> str | None:
    """The URL as Postgres itself writes it, or None if it is none."""
    found = _POSTGRES.match(where)
    return f"postgresql://{where[found.end() :]}" if found else None


def file_of(where: str, name: str, folder: Path | None, called: str) -> Path:
    """The SQLite file that `where` names.

    Args:
        where: `sqlite`, or the path of a file.
        name: The file's name where it is `sqlite`.
        folder: Its folder then; by default the user's data folder of this platform.
        called: The setting, for messages.

    Raises:
        ConfigError: It is no path.
    """
    if where == "sqlite":
        return (folder or user_data_path("nsed")) / name
    if not where.strip() or "://" in where or where.startswith("$"):
        raise ConfigError(
            f"{called}: should be off, memory, sqlite, the path of a file, or a "
            f"postgresql:// URL; found {redact(where)!r}"
        )
    return Path(where)


@asynccontextmanager
async def one_process(file: Path, patience_s: float) -> AsyncIterator[None]:
    """Be the only process that makes the tables of a file.

    Raises:
        TimeoutError: Another one is at it for longer than that.
    """
    held = exclusive(file.with_name(f"{file.name}.lock"), patience_s=patience_s)
    await asyncio.to_thread(held.__enter__)
    try:
        yield
    finally:
        held.__exit__(None, None, None)


@asynccontextmanager
async def one_session(connection: Any) -> AsyncIterator[None]:  # noqa: ANN401 - of an extra
    """Be the only session that makes the tables of a Postgres database.

    The lock is one that making an index can bear: to wait in the server for it would
    block the index that its holder makes.
    """
    wanted = "SELECT pg_try_advisory_lock(%s) AS mine"
    while True:
        cursor = await connection.execute(wanted, (_ONE_SETUP,))
        row = await cursor.fetchone()
        if row["mine"] if isinstance(row, dict) else row[0]:
            break
        # The holder is another process, so there is no event to wait for.
        await asyncio.sleep(_POLL_S)
    try:
        yield
    finally:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (_ONE_SETUP,))
