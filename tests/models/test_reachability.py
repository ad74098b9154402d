"""Who is there: a URL that answers anything at all, whatever it says."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import pytest
from loopback_provider import Answer, Provider
from questions import QUESTION, expert_at

from nsed.models.hire import Hire
from nsed.models.scripted import scripted
from nsed.state.expert_config import ExpertConfig


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


@pytest.fixture
async def hire() -> AsyncIterator[Hire]:
    hire = Hire()
    yield hire
    await hire.aclose()


def nobody() -> str:
    """A URL at which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def at(url: str, name: str = "ada", **settings: object) -> ExpertConfig:
    known = {"name": name, "model": "m", "base_url": url}
    return ExpertConfig.model_validate({**known, **settings})


@pytest.mark.parametrize("status", [200, 302, 401, 404, 405, 429, 500, 503])
async def test_whatever_is_answered_somebody_is_there(
    hire: Hire, provider: Provider, status: int
) -> None:
    provider.listing = Answer(status=status, headers={"location": nobody()})

    assert await hire.reachable([expert_at(provider)]) == {}
    assert (provider.probes, provider.seen) == (1, [])


async def test_a_killed_endpoint_is_gone_and_its_experts_are_named(
    hire: Hire, provider: Provider
) -> None:
    pool = [expert_at(provider, "ada"), expert_at(provider, "bob", model="other")]
    await hire(pool[0]).reply(QUESTION)  # and its connection stays in the pool
    assert await hire.reachable(pool) == {}

    await asyncio.to_thread(provider.kill)

    cause = f"nobody answers at {provider.url} (connection refused)"
    assert await hire.reachable(pool) == {"ada": cause, "bob": cause}


async def test_each_url_is_asked_once_and_all_at_the_same_time(
    hire: Hire, provider: Provider
) -> None:
    with Provider() as other:
        provider.listing = other.listing = Answer(fault="hang")
        pool = [expert_at(p, f"e{i}") for i, p in enumerate([provider, other] * 8)]
        await hire.reachable([])
        started = time.monotonic()
        gone = await hire.reachable(pool, timeout_s=0.3)

        assert time.monotonic() - started < 2 * 0.3 + 1
        assert set(gone) == {expert.name for expert in pool}
        assert "(no answer within 0.3 s)" in gone["e0"]
        assert (provider.probes, other.probes) == (1, 1)


async def test_who_has_just_answered_is_slow_and_not_gone(
    hire: Hire, provider: Provider
) -> None:
    provider.listing = Answer(fault="hang")
    pool = [expert_at(provider, "ada"), at(nobody(), "bob")]

    gone = await hire.reachable(pool, timeout_s=0.3, patient_with={"ada", "bob"})

    assert set(gone) == {"bob"}  # nobody listens there: no patience helps


async def test_only_urls_are_asked(hire: Hire) -> None:
    pool = [
        scripted("ada", "x"),
        at(nobody(), "bob", provider="embedded", model="smollm2-135m-instruct"),
        at(nobody(), "cy", provider="langchain", model_class="fake_chat:Patient"),
        ExpertConfig(name="di", model="gpt"),
    ]

    assert await hire.reachable(pool) == {}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://no-such-host.invalid/v1", "no such host"),
        ("http://127.0.0.1:99999/v1", "nobody answers"),
        ("http://[bad/v1", "nobody answers"),
    ],
)
async def test_a_url_that_leads_nowhere_is_gone(
    hire: Hire, url: str, words: str
) -> None:
    assert words in (await hire.reachable([at(url)]))["ada"]


@pytest.mark.parametrize(
    ("said", "words"), [(b"", ""), (b"SSH-2.0-x\r\n\r\n", "Protocol")]
)
async def test_who_hangs_up_or_speaks_something_else_is_gone(
    hire: Hire, said: bytes, words: str
) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gone = await hire.reachable([at(f"http://127.0.0.1:{port}/v1")])
    server.close()

    assert words in gone["ada"]


async def test_a_body_without_an_end_is_not_waited_for(
    hire: Hire, provider: Provider
) -> None:
    endless = {"content-length": "1000000"}
    provider.listing = Answer(body=b"{", headers=endless)

    assert await hire.reachable([expert_at(provider)], timeout_s=5) == {}


async def test_no_secret_is_quoted(hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "k-123456")
    url = nobody().replace("//", "//me:hunter22@") + "/k-123456"

    cause = (await hire.reachable([at(url, api_key_env="MY_KEY")]))["ada"]

    assert "connection refused" in cause
    assert "hunter22" not in cause
    assert "k-123456" not in cause


async def test_the_key_is_sent_and_a_missing_one_is_for_others_to_tell(
    hire: Hire, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    monkeypatch.setenv("MY_KEY", "k-123456")
    ada = expert_at(provider, "ada", api_key_env="NO_SUCH_KEY")
    bob = expert_at(provider, "bob", api_key_env="MY_KEY")
    heard: list[bool] = []

    async def listen(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        heard.append("authorization: bearer k-123456" in head)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    keyed = [e.model_copy(update={"base_url": url}) for e in (ada, bob)]

    assert await hire.reachable(keyed) == {}
    assert await hire.reachable(keyed[:1]) == {}
    server.close()
    assert heard == [True, False]


def test_a_killed_provider_refuses_and_may_be_killed_again(provider: Provider) -> None:
    port = int(provider.url.split(":")[2].split("/")[0])
    with closing(socket.create_connection(("127.0.0.1", port))) as client:
        provider.kill()
        provider.kill()

        assert client.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
