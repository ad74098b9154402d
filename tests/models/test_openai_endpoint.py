"""OpenAI-compatible endpoints, over real sockets: limits, connections, what is sent."""

import asyncio
import json
import warnings
from collections.abc import AsyncIterator, Iterator

import pytest
from loopback_provider import Provider
from questions import QUESTION, expert_at

from nsed.models.hire import Hire
from nsed.models.openai_endpoint import HttpClients


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


@pytest.fixture
async def hire() -> AsyncIterator[Hire]:
    hire = Hire()
    yield hire
    await hire.aclose()


async def test_the_endpoints_limit_is_kept(hire: Hire, provider: Provider) -> None:
    provider.latency_s = 0.03
    ada = hire(expert_at(provider, "ada", concurrency=2))
    bob = hire(expert_at(provider, "bob", concurrency=2))

    await asyncio.gather(*(x.reply(QUESTION) for x in (ada, bob) for _ in range(5)))

    assert len(provider.seen) == 10
    assert provider.peak == 2


async def test_experts_share_their_connections(hire: Hire, provider: Provider) -> None:
    for _ in range(3):
        await asyncio.gather(
            *(hire(expert_at(provider, x, model=x)).reply(QUESTION) for x in "abc")
        )

    assert (len(provider.seen), provider.connections) == (9, 3)


def test_one_hire_serves_one_loop_after_another(provider: Provider) -> None:
    """And leaves nothing open behind."""
    hire = Hire()

    async def once() -> str:
        reply = await hire(expert_at(provider)).reply(QUESTION)
        await hire.aclose()
        return reply.text

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        texts = [asyncio.run(once()) for _ in range(3)]

    assert texts == ["4 * 2 = 8\nAnswer: 8"] * 3


async def test_a_client_is_made_once_a_loop_and_again_once_closed() -> None:
    clients = HttpClients()
    first, second = await asyncio.gather(clients.client(), clients.client())
    assert first is second is await clients.client()

    await clients.aclose()
    await clients.aclose()  # nothing left to close

    assert first.is_closed
    assert await clients.client() is not first
    await clients.aclose()


async def test_a_proxy_for_the_world_is_not_used_on_this_machine(
    hire: Hire, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert (await hire(expert_at(provider)).reply(QUESTION)).text


async def test_what_is_sent_is_what_imitations_understand(
    hire: Hire, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "k-123456")
    config = expert_at(provider, api_key_env="MY_KEY", temperature=0.5)

    await hire(config).reply(QUESTION)

    [seen] = provider.seen
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["authorization"] == "Bearer k-123456"
    assert seen.body["max_tokens"] == 64
    assert "max_completion_tokens" not in json.dumps(seen.body)
    assert set(seen.body) == {
        "model",
        "messages",
        "max_tokens",
        "temperature",
        "stream",
    }
    assert seen.body["stream"] is False
