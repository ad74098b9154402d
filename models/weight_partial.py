"""A half-fetched file: append, cut back, throw away, and notice a full disk."""

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DiskFullError", "PartialFile", "full_disk_named", "require_space"]

# No space, no quota, or the process may not write a file this large.
_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class DiskFullError(Exception):
    """The disk cannot take the file.

    Attributes:
        needed_bytes: What was still to be written.
        free_bytes: What the disk had left when this was noticed.
    """

    def __init__(self, needed_bytes: int, free_bytes: int) -> None:
        """Keep the numbers; the caller knows the name of the file."""
        self.needed_bytes, self.free_bytes = needed_bytes, free_bytes
        super().__init__(f"{needed_bytes:,} bytes needed, {free_bytes:,} free")


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

    def append(self, blocks: Iterable[bytes], report: Callable[[int], None]) -> None:
        """Write blocks at the end, and report the size after each."""
        with self.path.open("ab") as file:
            for block in blocks:
                file.write(block)
                report(file.tell())

    def publish(self, target: Path) -> None:
        """Move the finished file to its place, in one step that others may watch."""
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(target)

    def discard(self) -> None:
        """Remove the file, if there is one."""
        self.path.unlink(missing_ok=True)


def require_space(partial: PartialFile, *, beside: int = 0) -> None:
    """Check before a long download that it can end well.

    Args:
        partial: The file that will grow to its full size.
        beside: Bytes of temporary files needed on the same disk.

    Raises:
        DiskFullError: Less is free than that.
    """
    needed, free = partial.missing + beside, _free_bytes(partial)
    if free < needed:
        raise DiskFullError(needed, free)


@contextmanager
def full_disk_named(partial: PartialFile) -> Iterator[None]:
    """Turn the system's ways of saying "no room" into `DiskFullError`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL_DISK:
            raise
        raise DiskFullError(partial.missing, _free_bytes(partial)) from error


def _free_bytes(partial: PartialFile) -> int:
    return shutil.disk_usage(partial.path.parent).free
