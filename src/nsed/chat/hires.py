"""One `Hire` for all calls that are at work on a loop, gone with the last of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

from nsed.models.hire import Hire

__all__ = ["SharedHire"]


class _Used:
    """A hire, and how many calls use it."""

    def __init__(self, response_cache: Path | str | None) -> None:
        self.hire = Hire(response_cache=response_cache)
        self.users = 0


class SharedHire:
    """Lends a hire: calls at work together share its clients and its limits.

    Pickled and copied it is as new: nothing that is open goes along.
    """

    def __init__(self, response_cache: Path | str | None = None) -> None:
        """Open nothing yet.

        Args:
            response_cache: A file that keeps replies; see `Hire`.
        """
        self._response_cache = response_cache
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Used] = (
            WeakKeyDictionary()
        )

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Hire]:
        """Lend the running loop's hire; whoever gives it back last closes it."""
        loop = asyncio.get_running_loop()
        used = self._by_loop.get(loop)
        if used is None:
            used = self._by_loop[loop] = _Used(self._response_cache)
        used.users += 1
        try:
            yield used.hire
        finally:
            used.users -= 1
            if not used.users:
                del self._by_loop[loop]
                await asyncio.shield(used.hire.aclose())

    def __reduce__(self) -> tuple[type["SharedHire"], tuple[Path | str | None]]:
        """Leave out what is open."""
        return SharedHire, (self._response_cache,)

    def __eq__(self, other: object) -> bool:
        """Compare what they are made of, and not what is open."""
        if not isinstance(other, SharedHire):
            return NotImplemented
        return self._response_cache == other._response_cache

    def __hash__(self) -> int:
        """As `==` compares."""
        return hash(self._response_cache)
