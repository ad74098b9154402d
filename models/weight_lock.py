"""One process at a time fetches a file; the lock dies with its holder."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from typing import IO

__all__ = ["exclusive"]

_POLL_S = 0.2

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def exclusive(
    path: Path,
    *,
    on_wait: Callable[[], None] | None = None,
    patience_s: float = inf,
) -> Iterator[None]:
    """Hold the lock named by `path`, waiting for another holder if need be.

    The operating system owns the lock, so a killed holder leaves none. The empty file
    stays: to remove it would let two processes lock two files of one name.

    Args:
        path: A file that is made if missing; its folder must exist.
        on_wait: Called once if someone else holds the lock.
        patience_s: How long to wait, in seconds.

    Raises:
        TimeoutError: Somebody else held the lock for longer than that.
    """
    until = time.monotonic() + patience_s
    with path.open("ab") as file:
        waited = False
        while True:
            try:
                _try_lock(file)
                break
            except OSError as error:
                # Held by another: EAGAIN or EWOULDBLOCK, on Windows EACCES.
                if not isinstance(error, (BlockingIOError, PermissionError)):
                    raise
            if not waited and on_wait is not None:
                on_wait()
            waited = True
            if time.monotonic() >= until:
                msg = f"another process holds {path.name}"
                raise TimeoutError(msg)
            time.sleep(_POLL_S)
        yield  # closing the file unlocks it
