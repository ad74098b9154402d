"""Check a file against its hash once, and remember that it was done.

The memory is a stamp in the cache: path, size, time and inode of the file that passed.
It saves seconds of hashing, and notices an edited or replaced file. It is no defence
against someone who may write to the cache and sets the time back.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path

from nsed.models.weights_manifest import Weight

__all__ = ["is_verified", "remember", "sha256_of"]


def sha256_of(path: Path) -> str:
    """Return the hash of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_verified(path: Path, weight: Weight, *, cache_dir: Path) -> bool:
    """Say whether a file is this weight: by its stamp if it has one, else by its hash.

    A file that passes is stamped. A missing or unreadable file is not this weight.
    """
    try:
        facts = _facts(path, weight)
        stamp = _stamp_path(path, cache_dir)
        if facts["size"] != weight.size_bytes:
            return False
        if _read(stamp) == facts:
            return True
        if sha256_of(path) != weight.sha256:
            return False
    except OSError:
        return False
    _write(stamp, facts)
    return True


def remember(path: Path, weight: Weight, *, cache_dir: Path) -> None:
    """Stamp a file whose hash was just checked."""
    _write(_stamp_path(path, cache_dir), _facts(path, weight))


def _write(stamp: Path, facts: dict[str, str | int]) -> None:
    # A cache that cannot be written costs only the time of the next check.
    draft = stamp.with_name(f"{stamp.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(json.dumps(facts), encoding="utf-8")
            draft.replace(stamp)
        finally:
            draft.unlink(missing_ok=True)


def _facts(path: Path, weight: Weight) -> dict[str, str | int]:
    stat = path.stat()
    return {
        "path": str(path.resolve()),
        "sha256": weight.sha256,
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "inode": stat.st_ino,
    }


def _stamp_path(path: Path, cache_dir: Path) -> Path:
    key = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    return cache_dir / "verified" / f"{path.name}.{key}.json"


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
