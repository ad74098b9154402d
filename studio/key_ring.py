"""The keys a server knows: read again when their file changes."""

import asyncio
import logging
import time
from dataclasses import dataclass, field

from nsed.protocol.errors import ConfigError
from nsed.studio.access_key import AccessKey, matching
from nsed.studio.key_file import KeyFile

__all__ = ["KeyRing"]

_log = logging.getLogger(__name__)


@dataclass
class KeyRing:
    """Finds keys by their token. Never opens what was closed.

    A server that once asked for keys goes on to ask for them, also when the last one is
    removed. A file that cannot be read leaves what was read before, with a warning.
    """

    file: KeyFile | None = None
    """None: there are no keys, ever."""
    required: bool = False
    """Whether nobody is let in without one."""
    every_s: float = 1.0
    """How long a change of the file may go unnoticed, in seconds."""
    keys: tuple[AccessKey, ...] = ()
    _stamp: tuple[int, int, int] | None = None
    _looked_at: float = float("-inf")
    _said: str = ""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def load(self) -> None:
        """Read the file; blocks.

        Raises:
            ConfigError: It cannot be read.
        """
        if self.file is None:
            return
        stamp = self.file.stamp()
        if stamp != self._stamp:
            self.keys, self._stamp = self.file.read(), stamp
        self.required = self.required or bool(self.keys)

    async def find(self, token: str) -> AccessKey | None:
        """The key whose token this is, or None."""
        await self.refresh()
        return matching(self.keys, token)

    async def named(self, name: str, sha256: str) -> AccessKey | None:
        """A key as it stands now; None if it is gone, or has been made anew."""
        await self.refresh()
        same = (key for key in self.keys if key.name == name and key.sha256 == sha256)
        return next(same, None)

    async def refresh(self) -> None:
        """Look at the file, if that was not done just now."""
        if self.file is None or time.monotonic() < self._looked_at + self.every_s:
            return
        async with self._turn:
            if time.monotonic() < self._looked_at + self.every_s:
                return
            try:
                await asyncio.to_thread(self.load)
                self._said = ""
            except ConfigError as error:
                if self._said != (words := str(error)):
                    _log.warning("the keys are those of before: %s", words)
                self._said = words
            self._looked_at = time.monotonic()
