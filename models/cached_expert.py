"""An expert that does not ask again what it was asked before."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from nsed.models.base import Expert, Reply, Request
from nsed.models.response_cache import ResponseCache
from nsed.models.structured_reply import strip_reasoning
from nsed.state.expert_config import ExpertConfig

__all__ = ["CachedExpert", "request_key"]

ASIDE = {
    "answer_tokens",
    "api_key_env",
    "api_key_file",
    "concurrency",
    "family",
    "few_shot",
    "hedge_base_url",
    "host",
    "licence",
    "params_b",
    "price_source",
    "script",
    "server",
    "skill",
    "tags",
    "usd_per_mtok_cached_input",
    "usd_per_mtok_input",
    "usd_per_mtok_output",
    "vram_bytes",
}
"""What does not decide an answer, or is in the request. A field that is not listed
counts: an unknown one may cost a call, but never gives a wrong answer."""


@dataclass(frozen=True)
class CachedExpert:
    """Answers from the cache, else asks and keeps the reply.

    Kept are usable words only: no failure, and no reply that is empty but for its
    reasoning. A hit has no usage and is marked.
    """

    inner: Expert
    cache: ResponseCache
    behind: Callable[[], str] = str
    """What else decides an answer, such as the file behind a name. Called off the
    loop."""

    @property
    def config(self) -> ExpertConfig:
        """The expert's configuration."""
        return self.inner.config

    async def reply(self, request: Request) -> Reply:
        """Answer one request.

        Raises:
            ConfigError: The cache cannot be used.
            ExpertError: As the expert does.
        """
        behind = await asyncio.to_thread(self.behind)
        key = request_key(self.config, request, behind=behind)
        if (kept := await self.cache.get(key)) is not None:
            return kept
        reply = await self.inner.reply(request)
        if strip_reasoning(reply.text):
            self.cache.put(key, reply)
        return reply


def request_key(config: ExpertConfig, request: Request, *, behind: str = "") -> str:
    """SHA-256 of everything that decides an answer, and of whose turn it is.

    Name, phase and round count although no model sees them: two seats of one model
    are two draws, and so are two rounds. Sharing one reply would make them agree.
    """
    asked = {
        "expert": config.model_dump(mode="json", exclude=ASIDE),
        "behind": behind,
        "messages": [[m.role, m.content] for m in request.messages],
        "max_output_tokens": request.max_output_tokens,
        "seed": request.seed,
        "phase": request.phase,
        "round": request.round,
        "json_schema": request.json_schema,
    }
    text = json.dumps(asked, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
