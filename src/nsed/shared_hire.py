"""Experts that many calls share while at least one of them is at work."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from langchain_core.language_models import BaseChatModel

from nsed.models.hire import Hire
from nsed.nodes.hiring import Hiring

__all__ = ["SharedHire"]


@dataclass
class _Counted:
    hire: Hire
    at_work: int = 0


class SharedHire:
    """One `Hire` an event loop, closed when the last call that needs it is done.

    So calls at the same time keep an endpoint's limit together, and share local
    servers. One that is given is left open: it is whoever's who made it. Pickled and
    copied it is as new: nothing that is open goes along.
    """

    def __init__(
        self,
        given: Hiring | None = None,
        models: Mapping[str, BaseChatModel] | None = None,
        response_cache: Path | str | None = None,
    ) -> None:
        """Make nothing yet.

        Args:
            given: Makes the experts; by default a `Hire`.
            models: Chat models by expert's name, for that.
            response_cache: A file that keeps replies, for that; see `Hire`.
        """
        self._made_of = given, models, response_cache
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Counted] = (
            WeakKeyDictionary()
        )

    @asynccontextmanager
    async def hired(self) -> AsyncIterator[Hiring]:
        """Have the experts of the running loop at hand."""
        given, models, response_cache = self._made_of
        if given is not None:
            yield given
            return
        loop = asyncio.get_running_loop()
        mine = self._by_loop.get(loop)
        if mine is None:
            made = Hire(models=models, response_cache=response_cache)
            mine = self._by_loop[loop] = _Counted(made)
        mine.at_work += 1
        try:
            yield mine.hire
        finally:
            mine.at_work -= 1
            if not mine.at_work:
                del self._by_loop[loop]
                await asyncio.shield(mine.hire.aclose())

    def __reduce__(self) -> tuple[type["SharedHire"], tuple[object, ...]]:
        """Leave out what is open."""
        return SharedHire, self._made_of

    def __eq__(self, other: object) -> bool:
        """Compare what they are made of, and not what is open."""
        if not isinstance(other, SharedHire):
            return NotImplemented
        return self._made_of == other._made_of

    def __hash__(self) -> int:
        """As `==` compares."""
        return hash(self._made_of[2])
