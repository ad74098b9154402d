"""The file of keys: hashes and limits, written whole, by one process at a time."""

import contextlib
import json
import os
import shlex
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError, model_validator

from nsed.models.weight_lock import exclusive
from nsed.protocol.errors import ConfigError
from nsed.state.record import Record
from nsed.studio.access_key import AccessKey

__all__ = ["KeyFile", "KeyTable"]

_MOST_BYTES: Final = 4_000_000
_PATIENCE_S: Final = 10.0


class KeyTable(Record):
    """What the file holds."""

    version: Literal[1] = 1
    keys: tuple[AccessKey, ...] = Field(default=(), max_length=10_000)

    @model_validator(mode="after")
    def _differ(self) -> "KeyTable":
        for field in ("name", "sha256"):
            if len({getattr(key, field) for key in self.keys}) < len(self.keys):
                msg = f"two keys have the same {field}"
                raise ValueError(msg)
        return self


class KeyFile:
    """Reads and changes the keys of one file."""

    def __init__(self, path: Path) -> None:
        """Name it; it need not be there."""
        self.path = path

    def stamp(self) -> tuple[int, int, int] | None:
        """What changes when the file does; None where there is none.

        Raises:
            ConfigError: It cannot be looked at.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._wrong(error.strerror or str(error)) from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def read(self) -> tuple[AccessKey, ...]:
        """Return its keys; none where there is no file.

        Raises:
            ConfigError: It cannot be read, others may write it, or it is damaged. The
                message repeats nothing of it.
        """
        try:
            with self.path.open("rb") as file:
                self._check_safe(os.fstat(file.fileno()))
                raw = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._wrong(error.strerror or str(error)) from error
        if len(raw) > _MOST_BYTES:
            raise self._wrong(f"larger than {_MOST_BYTES:,} bytes")
        try:
            return KeyTable.model_validate_json(raw).keys
        except ValidationError as error:
            one = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, one["loc"])) or "the file"
            raise self._wrong(f"{place}: {one['msg']}") from error

    @contextlib.contextmanager
    def changing(self) -> Iterator[dict[str, AccessKey]]:
        """Give the keys by name, to be changed; then write them, whole or not at all.

        Raises:
            ConfigError: It cannot be read or written, or somebody else is at it.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = self.path.with_name(f"{self.path.name}.lock")
            with exclusive(lock, patience_s=_PATIENCE_S):
                keys = {key.name: key for key in self.read()}
                yield keys
                table = KeyTable(keys=tuple(keys.values()))
                self._write(json.dumps(table.model_dump(mode="json"), indent=2))
        except TimeoutError as error:
            raise self._wrong("another process is changing it; try again") from error
        except OSError as error:
            raise self._wrong(error.strerror or str(error)) from error

    def _write(self, text: str) -> None:
        # mkstemp makes it with mode 0600: at no moment can others read it.
        target = self.path.resolve()
        descriptor, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def _check_safe(self, status: os.stat_result) -> None:
        """Whoever writes it makes keys. To read it is harmless: it holds hashes."""
        if not stat.S_ISREG(status.st_mode):
            raise self._wrong("not a plain file")
        if os.name == "nt":
            return
        if status.st_uid not in (os.geteuid(), 0):
            raise self._wrong(f"belongs to another user (id {status.st_uid})")
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise self._wrong(
                f"others may write it (mode {stat.S_IMODE(status.st_mode):04o}). If "
                f"nobody has: chmod 600 {shlex.quote(str(self.path))}"
            )

    def _wrong(self, words: str) -> ConfigError:
        return ConfigError(f"keys of the server, {self.path}: {words}")
