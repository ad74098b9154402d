"""An expert that is made when it is first asked, with what takes time off the loop."""

import asyncio
from collections.abc import Awaitable, Callable

from nsed.models.base import Expert, Reply, Request
from nsed.state.expert_config import ExpertConfig

__all__ = ["LateExpert"]


class LateExpert:
    """Stands for an expert whose key, modules or classes are yet to be loaded."""

    def __init__(
        self, config: ExpertConfig, make: Callable[[], Awaitable[Expert]]
    ) -> None:
        """Make nothing yet; `make` may raise `ConfigError`."""
        self.config = config
        self._make = make
        self._made: Expert | None = None
        self._making = asyncio.Lock()

    async def ready(self) -> Expert:
        """Return the expert itself, made on first use."""
        async with self._making:
            if self._made is None:
                self._made = await self._make()
        return self._made

    async def reply(self, request: Request) -> Reply:
        """Ask the expert.

        Raises:
            ConfigError: It cannot be made.
            ExpertError: As the expert does.
        """
        return await (self._made or await self.ready()).reply(request)
