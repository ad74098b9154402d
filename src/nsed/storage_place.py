"""Places where things are kept: what a word means, and who makes the tables."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from nsed.models.failures import redact
from nsed.models.weight_lock import exclusive
from nsed.protocol.errors import ConfigError

__all__ = ["file_of", "one_process", "one_session", "postgres_url"]

_POSTGRES = re.compile(r"^postgres(ql)?(\+\w+)?://", re.IGNORECASE)
_ONE_SETUP = 7_683_511
"""Number of the advisory lock under which tables are made."""
_POLL_S = 0.05


def postgres_url(where: str) -> str | None:
    """The URL as Postgres itself writes it, or None if it is none."""
    found = _POSTGRES.match(where)
    return f"postgresql://{where[found.end() :]}" if found else None


def file_of(where: str, *, name: str, folder: Path | None, called: str) -> Path:
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
