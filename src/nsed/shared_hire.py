"""Experts that many calls share while at least one of them is at work."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
    servers. One that is given is left open: it is whoever's who made it.
    """

    def __init__(
        self,
        given: Hiring | None = None,
        *,
        models: Mapping[str, BaseChatModel] | None = None,
    ) -> None:
        """Make nothing yet.

        Args:
            given: Makes the experts; by default a `Hire`.
            models: Chat models by expert's name, for that.
        """
        self._given, self._models = given, models
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Counted] = (
            WeakKeyDictionary()
        )

    @asynccontextmanager
    async def hired(self) -> AsyncIterator[Hiring]:
        """Have the experts of the running loop at hand."""
        if self._given is not None:
            yield self._given
            return
        loop = asyncio.get_running_loop()
        mine = self._by_loop.get(loop)
        if mine is None:
            mine = self._by_loop[loop] = _Counted(Hire(models=self._models))
        mine.at_work += 1
        try:
            yield mine.hire
        finally:
            mine.at_work -= 1
            if not mine.at_work:
                del self._by_loop[loop]
                await mine.hire.aclose()
