"""Who is logged in with a browser: a cookie that stands for a key, for some hours."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from nsed.studio.access_key import AccessKey, digest_of

__all__ = ["COOKIE", "Sessions"]

COOKIE: Final = "nsed_session"
_MOST = 10_000


@dataclass
class Sessions:
    """Kept in memory: a restart logs everybody out. Found by hash, never by value."""

    hours: float
    clock: Callable[[], float] = time.monotonic
    _held: OrderedDict[str, tuple[str, str, float]] = field(default_factory=OrderedDict)

    def begin(self, key: AccessKey) -> str:
        """Log in; returns the cookie's value."""
        token = secrets.token_urlsafe(32)
        until = self.clock() + 3600 * self.hours
        self._held[digest_of(token)] = (key.name, key.sha256, until)
        while len(self._held) > _MOST:
            self._held.popitem(last=False)
        return token

    def find(self, token: str) -> tuple[str, str] | None:
        """Name and hash of the key that a cookie stands for, or None."""
        # Looked up by its hash: nothing to be learned from how long that takes.
        held = self._held.get(digest_of(token))
        if held is None:
            return None
        name, sha256, until = held
        if self.clock() >= until:
            self.end(token)
            return None
        return name, sha256

    def end(self, token: str) -> None:
        """Log out."""
        self._held.pop(digest_of(token), None)
