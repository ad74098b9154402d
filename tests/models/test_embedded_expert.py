"""An expert on this machine: its weights, and the name of its server."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback_provider import Answer, Provider
from questions import QUESTION, expert_at

from nsed.models.embedded_expert import EmbeddedExpert, server_alias
from nsed.models.embedded_pool import EmbeddedPool
from nsed.models.endpoint import Abilities, Limits
from nsed.models.openai_endpoint import HttpClients
from nsed.protocol.errors import ExpertError, WeightError


class Served(EmbeddedPool):
    """Starts nothing: every model is served by the loopback provider."""

    def __init__(self, *urls: str) -> None:
        super().__init__(max_generations=1)
        self.urls, self.asked = list(urls), [("", 0)][:0]

    async def endpoint(self, path: Path, alias: str, context_tokens: int) -> str:
        self.asked.append((alias, context_tokens))
        return self.urls.pop(0) if len(self.urls) > 1 else self.urls[0]


def embedded(
    provider: Provider, pool: EmbeddedPool, weights: Callable[[], Path], **more: object
) -> tuple[EmbeddedExpert, HttpClients]:
    clients = HttpClients()
    config = expert_at(provider).model_copy(update={"provider": "embedded", **more})
    return (
        EmbeddedExpert(config, weights, pool, clients, Limits(), Abilities()),
        clients,
    )


async def test_weights_that_vanished_are_a_model_gone() -> None:
    def vanished() -> Path:
        raise WeightError("the weights of x are not on this machine")

    with Provider() as provider:
        expert, _ = embedded(provider, Served(provider.url), vanished)
        with pytest.raises(ExpertError, match="not on this machine") as caught:
            await expert.reply(QUESTION)

    assert caught.value.kind == "model_gone"


async def test_one_generation_at_a_time_over_all_models_and_a_seed() -> None:
    with Provider(latency_s=0.03) as provider:
        pool = Served(provider.url)
        expert, clients = embedded(provider, pool, lambda: Path("/w/x.gguf"))
        await asyncio.gather(*(expert.reply(QUESTION) for _ in range(3)))
        await clients.aclose()

    [alias] = {alias for alias, _ in pool.asked}
    assert {seen.body["model"] for seen in provider.seen} == {alias}
    assert all("seed" in seen.body for seen in provider.seen)
    assert provider.peak == 1


async def test_a_restarted_server_is_asked_at_its_new_address() -> None:
    with Provider() as first, Provider() as second:
        second.answers["*"] = [Answer("9")]
        pool = Served(first.url, second.url)
        expert, clients = embedded(first, pool, lambda: Path("/w/x.gguf"))
        texts = [(await expert.reply(QUESTION)).text for _ in range(3)]
        await clients.aclose()

    assert texts[1:] == ["9", "9"]
    assert (len(first.seen), len(second.seen)) == (1, 2)


def test_one_name_for_two_files_or_contexts_means_two_servers() -> None:
    one = server_alias("ada", Path("/w/x.gguf"), 512)

    assert one == server_alias("ada", Path("/w/x.gguf"), 512)
    assert one.startswith("ada-")
    others = {
        server_alias("ada", Path("/w/y.gguf"), 512),
        server_alias("ada", Path("/w/x.gguf"), 1024),
        server_alias("bob", Path("/w/x.gguf"), 512),
    }
    assert len(others | {one}) == 4
