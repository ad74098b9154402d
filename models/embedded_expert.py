"""An expert whose model runs on this machine, behind its own loopback server."""

import asyncio
import hashlib
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
from nsed.protocol.errors import ExpertError, WeightError
from nsed.state.expert_config import ExpertConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["EmbeddedExpert", "server_alias"]


def server_alias(name: str, path: Path, context_tokens: int) -> str:
    """Name an expert's server: two runs may mean different files by one name."""
    served = hashlib.sha256(f"{path}\x1f{context_tokens}".encode("utf-8", "replace"))
    return f"{name}-{served.hexdigest()[:8]}"


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
        """Ask the model, one generation at a time, at most one a core in all.

        Raises:
            ExpertError: `model_gone` where the weights are, or the server does not
                start; else see `ChatModelExpert`.
        """
        try:
            path = await asyncio.to_thread(self.weights)
        except WeightError as error:
            raise ExpertError("model_gone", str(error)) from error
        context = self.config.context_tokens
        alias = server_alias(self.config.name, path, context)
        url = await self.pool.endpoint(path, alias=alias, context_tokens=context)
        if url not in self._inner:
            inner = await self._at(url, alias)
            self._inner.clear()  # a dead server's address is of no use
            self._inner[url] = inner
        else:
            inner = self._inner[url]
        return await inner.reply(request)

    async def _at(self, url: str, alias: str) -> ChatModelExpert:
        named = self.config.model_copy(update={"model": alias})
        model, output_limit = await chat_openai(
            named, base_url=url, api_key=None, clients=self.clients
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
            server, most = self.config.server_key, self.config.concurrency
            await stack.enter_async_context(self.limits.slot(server, most))
            await stack.enter_async_context(self.pool.generation_slot())
            yield
