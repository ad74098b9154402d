"""Files written whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(target: Path, data: bytes) -> None:
    """Write beside the target, then rename; a file of that name is replaced.

    Raises:
        OSError: It could not be written; nothing half-written is left.
    """
    partial: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, suffix=".part", delete=False
        ) as file:
            partial = Path(file.name)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError:
        if partial is not None:
            with contextlib.suppress(OSError):
                partial.unlink()
        raise
