"""A probe: whether that very model answers, and why it does not."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from loopback_provider import Answer, Provider
from questions import Told, expert_at

from nsed.models.failures import CallError
from nsed.models.hire import Hire
from nsed.models.probe import PROBE_TOKENS, probe
from nsed.models.scripted import scripted
from nsed.protocol.errors import ConfigError, ExpertError
from nsed.protocol.usage import Usage
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


async def test_a_probe_asks_that_very_model_for_a_word(
    hire: Hire, provider: Provider
) -> None:
    config = expert_at(provider, usd_per_mtok_input=1.0, usd_per_mtok_output=1.0)

    result = await probe(hire(config), timeout_s=20)

    assert (result.up, result.kind, result.reason) == (True, "ok", "")
    assert (result.usage.calls, result.usage.nano_usd) == (1, 18_000)
    [seen] = provider.seen
    assert seen.body["model"] == "model-x"
    assert seen.body["max_tokens"] == PROBE_TOKENS == 16


@pytest.mark.parametrize(
    "answer",
    [
        Answer(content=""),
        Answer(content="O", finish_reason="length"),
        Answer(body=b'{"choices": []}'),
        Answer(status=400, message="Could not finish the message because max_tokens"),
    ],
)
async def test_a_reply_without_words_still_means_up(
    hire: Hire, provider: Provider, answer: Answer
) -> None:
    provider.answers["*"] = [answer]

    result = await probe(hire(expert_at(provider)), timeout_s=20)

    assert (result.up, result.kind, result.usage.calls) == (True, "ok", 1)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(status=401, message="bad key: k-123456"), "auth"),
        (Answer(status=404, message="no model-x"), "model_gone"),
        (Answer(status=429), "rate_limit"),
        (Answer(status=500), "server_error"),
        (Answer(fault="reset"), "connection"),
        (Answer(body=b"<html>"), "server_error"),
    ],
)
async def test_a_model_may_be_down_where_somebody_is_there(
    hire: Hire,
    provider: Provider,
    answer: Answer,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", "k-123456")
    config = expert_at(provider, api_key_env="MY_KEY")
    provider.answers["*"], provider.listing = [answer], answer

    result = await probe(hire(config), timeout_s=20)

    assert await hire.reachable([config]) == {}
    assert (result.up, result.kind, result.usage) == (False, kind, Usage(calls=1))
    assert result.reason
    assert "k-123456" not in result.reason


async def test_a_probe_of_a_killed_endpoint_is_down(
    hire: Hire, provider: Provider
) -> None:
    expert = hire(expert_at(provider))
    assert (await probe(expert, timeout_s=20)).up

    await asyncio.to_thread(provider.kill)

    result = await probe(expert, timeout_s=20)
    assert (result.up, result.kind) == (False, "connection")


async def test_a_probe_ends_in_time_and_tells_how_long_it_took(
    hire: Hire, provider: Provider
) -> None:
    expert = hire(expert_at(provider))
    await probe(expert, timeout_s=20)  # imports
    provider.answers["*"] = [Answer(fault="hang")]

    result = await probe(expert, timeout_s=0.1)

    assert (result.up, result.kind) == (False, "timeout")
    assert "no answer within 0.1 s" in result.reason
    assert 90 <= result.latency_ms < 5000


async def test_an_expert_that_never_gets_to_its_call_is_cut_off() -> None:
    result = await probe(Told(asyncio.Event().wait), timeout_s=0.01)

    assert (result.up, result.kind) == (False, "timeout")


@pytest.mark.parametrize("kind", ["truncated", "empty"])
async def test_failures_that_show_life_are_up(kind: str) -> None:
    assert (await probe(Told(CallError(kind, "x")), timeout_s=1)).up


async def test_bugs_and_mistakes_of_ours_are_raised(hire: Hire) -> None:
    with pytest.raises(KeyError):
        await probe(Told(KeyError("bug")), timeout_s=1)
    with pytest.raises(TimeoutError):
        await probe(Told(TimeoutError("bug")), timeout_s=1)
    missing = at(nobody(), api_key_env="NO_SUCH_KEY_AT_ALL")
    with pytest.raises(ConfigError, match="NO_SUCH_KEY_AT_ALL"):
        await probe(hire(missing), timeout_s=1)


async def test_a_probe_is_never_answered_from_the_cache_nor_kept_in_it(
    provider: Provider, tmp_path: Path
) -> None:
    hire = Hire(response_cache=tmp_path / "replies.db")
    expert = hire(expert_at(provider))
    results = [await probe(expert, timeout_s=20) for _ in range(2)]
    await hire.aclose()

    assert [result.usage.calls for result in results] == [1, 1]
    assert len(provider.seen) == 2
    assert not (tmp_path / "replies.db").exists()


async def test_a_scripted_expert_is_up_unless_its_script_says_otherwise(
    hire: Hire,
) -> None:
    assert (await probe(hire(scripted("ada", "x")), timeout_s=1)).up
    down = await probe(hire(scripted("bob", "x", fails="always")), timeout_s=1)
    assert (down.up, down.kind) == (False, "connection")


async def test_expert_errors_of_any_wording_are_redacted() -> None:
    said = ExpertError("auth", "Bearer sk-SECRETSECRET is wrong")

    assert "SECRET" not in (await probe(Told(said), timeout_s=1)).reason
