"""A half-fetched file: append, cut back, throw away, and notice a full disk."""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FULL_DISK_ERRNOS", "DiskFullError", "PartialFile", "require_space"]

FULL_DISK_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""No space, no quota, or the process may not write a file this large."""


class DiskFullError(Exception):
    """The disk cannot take the file.

    Attributes:
        needed_bytes: What was still to be written.
    """

    def __init__(self, needed_bytes: int) -> None:
        """Keep the number; the caller knows the name of the file."""
        self.needed_bytes = needed_bytes
        super().__init__(f"{needed_bytes} bytes needed")


@dataclass(frozen=True, slots=True)
class PartialFile:
    """A prefix of a file that will have `full_size` bytes."""

    path: Path
    full_size: int

    @property
    def size(self) -> int:
        """Bytes had so far; 0 if there is no file."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def missing(self) -> int:
        """Bytes still to come."""
        return max(0, self.full_size - self.size)

    def truncate(self, size: int) -> None:
        """Cut back to `size` bytes, if longer."""
        if self.size > size:
            os.truncate(self.path, size)

    def append(self, blocks: Iterable[bytes]) -> Iterator[int]:
        """Write blocks at the end, and yield the size after each.

        Raises:
            DiskFullError: The disk is full.
        """
        with _full_disk_named(self.missing), self.path.open("ab") as file:
            for block in blocks:
                file.write(block)
                yield file.tell()

    def publish(self, target: Path) -> None:
        """Move the finished file to its place, in one step that others may watch.

        Raises:
            DiskFullError: The last bytes did not reach the disk.
        """
        with _full_disk_named(0), self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(target)

    def discard(self) -> None:
        """Remove the file, if there is one."""
        self.path.unlink(missing_ok=True)


def require_space(directory: Path, needed_bytes: int) -> None:
    """Check before a long download that it can end well.

    Raises:
        DiskFullError: The disk of `directory` has less free.
    """
    if shutil.disk_usage(directory).free < needed_bytes:
        raise DiskFullError(needed_bytes)


@contextmanager
def _full_disk_named(needed_bytes: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL_DISK_ERRNOS:
            raise DiskFullError(needed_bytes) from error
        raise
