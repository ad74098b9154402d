"""What was asked before is not asked again: by whom, of whom, and what it costs."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from loopback_provider import Answer, Provider
from panel import deliberate
from questions import QUESTION, REVIEW, Told, expert_at
from rich.console import Console

from nsed.cli.usage_table import usage_table
from nsed.models.cached_expert import CachedExpert
from nsed.models.failures import CallError
from nsed.models.hire import Hire
from nsed.models.response_cache import ResponseCache
from nsed.models.scripted import ScriptedExpert, scripted
from nsed.protocol.errors import ConfigError, ExpertError
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.run_record import RunRecord

KEY = "k-very-secret-123456"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "replies.db"


@pytest.fixture
async def hire(file: Path) -> AsyncIterator[Hire]:
    hire = Hire(response_cache=file)
    yield hire
    await hire.aclose()


def bill(record: RunRecord) -> str:
    console = Console(width=100)
    with console.capture() as shown:
        console.print(usage_table(record))
    return shown.get()


async def test_the_second_time_nobody_is_asked(file: Path) -> None:
    told = Told("8")
    expert = CachedExpert(told, ResponseCache(file))

    first, second = [await expert.reply(QUESTION) for _ in range(2)]

    assert expert.config is told.config
    assert (first.text, first.cached, first.usage.calls) == ("8", False, 1)
    assert (second.text, second.cached, second.usage) == ("8", True, Usage())
    assert len(told.asked) == 1


@pytest.mark.parametrize(
    "useless",
    [CallError("server_error", "x"), "", " \n", "<think>hm</think>", "<think>"],
)
async def test_failures_and_replies_without_words_are_not_kept(
    file: Path, useless: str | Exception
) -> None:
    told = Told(useless, "8")
    expert = CachedExpert(told, ResponseCache(file))

    with suppress(ExpertError):
        assert (await expert.reply(QUESTION)).text == useless
    assert (await expert.reply(QUESTION)).text == "8"


async def test_two_endpoints_with_one_model_name_do_not_share(
    hire: Hire, provider: Provider
) -> None:
    with Provider() as other:
        provider.answers["*"], other.answers["*"] = [Answer("here")], [Answer("there")]
        texts = [
            (await hire(expert_at(place)).reply(QUESTION)).text
            for place in (provider, other, provider, other)
        ]

    assert texts == ["here", "there"] * 2
    assert (len(provider.seen), len(other.seen)) == (1, 1)


async def test_openais_own_address_counts_where_the_environment_moves_it(
    file: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = expert_at(provider, base_url=None)
    with Provider() as other:
        other.answers["*"] = [Answer("there")]
        for place in (provider, other):
            monkeypatch.setenv("OPENAI_BASE_URL", place.url)
            away = Hire(response_cache=file)
            reply = await away(here).reply(QUESTION)
            await away.aclose()

    assert (reply.text, reply.cached) == ("there", False)


async def test_another_file_behind_the_same_path_is_another_model(
    hire: Hire, tmp_path: Path
) -> None:
    weights = tmp_path / "x.gguf"
    config = ExpertConfig(name="ada", provider="embedded", model=str(weights))
    expert = hire(config)
    assert isinstance(expert, CachedExpert)

    seen = [await asyncio.to_thread(expert.behind)]
    for content in (b"GGUF", b"GGUF 2"):
        await asyncio.to_thread(weights.write_bytes, content)
        seen.append(await asyncio.to_thread(expert.behind))
    named = hire(config.model_copy(update={"model": "smollm2-135m-instruct"}))
    assert isinstance(named, CachedExpert)

    assert len(set(seen)) == 3
    assert len(await asyncio.to_thread(named.behind)) == 64


async def test_no_key_and_no_prompt_is_in_the_file(
    provider: Provider, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    hire = Hire(response_cache=file)
    in_url = provider.url.replace("//", f"//me:{KEY}@") + f"?key={KEY}"
    experts = [
        expert_at(provider, api_key_env="MY_KEY"),
        expert_at(provider, "bob", base_url=in_url),
        ExpertConfig(
            name="cy",
            provider="langchain",
            model_class="fake_chat:Patient",
            model_kwargs={"api_key": KEY, "says": "Answer: 8"},
        ),
    ]
    for config in experts:
        for request in (QUESTION, REVIEW):
            await hire(config).reply(request)
    await hire.aclose()

    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*) FROM full_llm_cache").fetchone() == (
            6,
        )
    content = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert b"Answer: 8" in content
    for secret in (KEY, "What is 4 * 2?", "127.0.0.1"):
        assert secret.encode() not in content


@pytest.mark.parametrize("kind", ["openai", "langchain"])
async def test_models_of_every_kind_are_kept_and_checked_as_ever(
    hire: Hire, provider: Provider, kind: str
) -> None:
    made = {"provider": kind, "model_class": "fake_chat:Patient"}
    config = expert_at(provider).model_copy(update=made)
    await hire.check([config])

    replies = [await hire(config).reply(QUESTION) for _ in range(2)]

    assert [reply.cached for reply in replies] == [False, True]
    assert replies[0].text == replies[1].text


async def test_scripted_experts_are_their_own_record(hire: Hire) -> None:
    assert isinstance(hire(scripted("ada", "x")), ScriptedExpert)


async def test_without_a_file_nothing_is_kept(provider: Provider) -> None:
    hire = Hire()
    replies = [await hire(expert_at(provider)).reply(QUESTION) for _ in range(2)]
    await hire.aclose()

    assert [reply.cached for reply in replies] == [False, False]


async def test_a_file_that_cannot_be_used_is_told_before_anybody_is_asked(
    provider: Provider, tmp_path: Path
) -> None:
    hire = Hire(response_cache=tmp_path)
    problems = [expert_at(provider, api_key_env="NO_SUCH_KEY_AT_ALL")]

    with pytest.raises(ConfigError, match="response cache") as caught:
        await hire.check(problems)
    await hire.aclose()

    assert len(str(caught.value).splitlines()) == 2
    assert provider.seen == []


async def test_a_run_done_twice_asks_once_and_the_second_bill_is_nothing(
    provider: Provider, file: Path
) -> None:
    """One member refuses JSON schemas and one is cut off: both are replayed."""
    provider.refuses = {"json_schema"}
    long = Answer("4 * 2 is", finish_reason="length")
    provider.answers["bob"] = [long, Answer("Answer: 9"), Answer()]
    prices = {"usd_per_mtok_input": 1.0, "usd_per_mtok_output": 1.0}
    config = DeliberationConfig(
        experts=tuple(
            expert_at(provider, x, model=x, **prices) for x in ("ada", "bob")
        ),
        retry_wait_s=0,
        max_usd=1,
    )
    records, asked = [], []
    for _ in range(2):
        hire = Hire(response_cache=file)
        records.append(await deliberate(config, hire=hire, task="What is 4 * 2?"))
        await hire.aclose()
        asked.append(len(provider.seen))
    first, second = records

    assert asked[0] == asked[1] == first.verdict.usage.calls
    assert second.verdict.answer == first.verdict.answer
    assert second.verdict.usage == Usage()
    assert second.verdict.usage.usd == 0
    assert not any(call.cached for call in first.calls.values())
    assert all(call.cached for call in second.calls.values())
    assert [c.reply for c in first.calls.values() if c.reply] == [
        c.reply for c in second.calls.values()
    ]
    assert "Cached" not in bill(first)
    lines = bill(second).splitlines()
    assert lines[0].split()[:3] == ["Expert", "Calls", "Cached"]
    ours = [line.split() for line in lines if line.startswith(("ada", "bob", "total"))]
    assert [row[1] for row in ours] == ["0"] * 3
    assert int(ours[0][2]) + int(ours[1][2]) == int(ours[2][2]) == len(second.calls)
    assert "at no cost" in bill(second)


async def test_seats_with_one_model_are_asked_one_by_one(
    hire: Hire, provider: Provider
) -> None:
    """Sharing a reply would make them agree, whatever the temperature."""
    for name in ("ada", "bob"):
        assert not (await hire(expert_at(provider, name)).reply(QUESTION)).cached

    assert len(provider.seen) == 2
