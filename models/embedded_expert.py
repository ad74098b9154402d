"""An expert whose model runs on this machine, behind its own loopback server."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nsed.models.base import Reply, Request
from nsed.models.chat_model_expert import LADDER_OPENAI, ChatModelExpert
from nsed.models.embedded_pool import EmbeddedPool
from nsed.models.endpoint import Abilities, Limits
from nsed.models.openai_endpoint import HttpClients, chat_openai
from nsed.state.expert_config import ExpertConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["EmbeddedExpert"]


@dataclass(frozen=True)
class EmbeddedExpert:
    """Starts its server when first asked, and again should it have died."""

    config: ExpertConfig
    weights: Callable[[], Path]
    """Finds the weights file; may raise `WeightError`. Called off the loop."""
    pool: EmbeddedPool
    clients: HttpClients
    limits: Limits
    abilities: Abilities
    _inner: dict[str, ChatModelExpert] = field(default_factory=dict)

    async def reply(self, request: Request) -> Reply:
        """Ask the model, one generation at a time, at most one a core in all."""
        path = await asyncio.to_thread(self.weights)
        url = await self.pool.endpoint(
            path, alias=self.config.name, context_tokens=self.config.context_tokens
        )
        if url not in self._inner:
            self._inner.clear()
            self._inner[url] = self._at(url)
        return await self._inner[url].reply(request)

    def _at(self, url: str) -> ChatModelExpert:
        named = self.config.model_copy(update={"model": self.config.name})
        model, output_limit = chat_openai(
            named, base_url=url, api_key=None, http_client=self.clients.client()
        )
        return ChatModelExpert(
            config=self.config,
            model=model,
            slot=self._slot,
            abilities=self.abilities,
            ladder=LADDER_OPENAI,
            output_limit=output_limit,
            takes_seed=True,
        )

    @asynccontextmanager
    async def _slot(self) -> "AsyncIterator[None]":
        async with AsyncExitStack() as stack:
            endpoint, most = self.config.endpoint, self.config.concurrency
            await stack.enter_async_context(self.limits.slot(endpoint, most))
            await stack.enter_async_context(self.pool.generation_slot())
            yield
