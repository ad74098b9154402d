"""Chat models that the user has made, as experts: over real sockets, and scripted."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_chat import Fake, says
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from loopback_provider import Answer, Provider
from panel import Recorder, settings_for

import nsed
from nsed.doors import adeliberate
from nsed.models.hire import Hire
from nsed.protocol.errors import ConfigError, QuorumError
from nsed.runnable import as_runnable
from nsed.staffing import staffed


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


def live(provider: Provider, model: str, **more: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model=model, base_url=provider.url, api_key="k", max_retries=0, **more
    )


def agrees(messages: Any, **more: Any) -> AIMessage:
    """Answers 42, and gives everybody 50 when asked for a ballot."""
    shown = str(messages[-1].content)
    if "tool_choice" not in more:
        return AIMessage("Answer: 42")
    labels = [x for x in "ABC" if f'label="{x}"' in shown]
    marks = {x: {"critique": "right", "weight": 50} for x in labels}
    call = {"name": more["tool_choice"], "args": marks, "id": "1"}
    return AIMessage("", tool_calls=[call])


def test_the_same_live_models_serve_one_synchronous_call_after_another(
    provider: Provider,
) -> None:
    """Their HTTP clients belong to the loop of the first call."""
    pool = [live(provider, "a"), live(provider, "b")]

    records = [nsed.deliberate("4 * 2?", pool=pool) for _ in range(3)]

    assert [r.verdict.answer for r in records] == ["8"] * 3
    assert [r.verdict.status for r in records] == ["complete"] * 3
    assert {seen.body["model"] for seen in provider.seen} == {"a", "b"}
    assert "json_schema" in provider.methods
    limits = {seen.body.get("max_completion_tokens") for seen in provider.seen}
    assert 1024 in limits
    assert records[0].verdict.usage.usd is None  # unknown is not 0


@pytest.mark.blocks_the_loop
async def test_and_the_same_inside_a_running_loop(provider: Provider) -> None:
    pool = [live(provider, "a"), live(provider, "b")]

    first = nsed.deliberate("4 * 2?", pool=pool)
    again = await adeliberate("4 * 2?", pool={"x": live(provider, "a")})

    assert (first.verdict.answer, again.verdict.answer) == ("8", "8")


async def test_models_that_were_used_elsewhere_before_can_be_used_here(
    provider: Provider,
) -> None:
    """Here and in a thread, one after the other, as in a notebook."""
    model = live(provider, "a")

    assert (await model.ainvoke("4 * 2?")).content.endswith("8")
    for _ in range(2):
        apart = await asyncio.to_thread(nsed.deliberate, "4 * 2?", pool=[model])
        here = await adeliberate("4 * 2?", pool=[model])
        assert (apart.verdict.answer, here.verdict.answer) == ("8", "8")
    assert (await model.ainvoke("4 * 2?")).content.endswith("8")


async def test_a_models_own_retries_are_off_and_every_call_is_counted(
    provider: Provider,
) -> None:
    model = ChatOpenAI(model="a", base_url=provider.url, api_key="k", max_retries=5)
    provider.answers["a"] = [Answer(status=500), Answer()]

    record = await adeliberate("4 * 2?", settings_for(rounds=1), pool=[model])

    assert len(provider.seen) == len(record.calls) == 2
    assert model.max_retries == 5


async def test_any_chat_model_will_do() -> None:
    pool = {"ada": Fake(does=agrees), "bob": Fake(does=agrees)}

    record = await adeliberate("6 * 7?", settings_for(), pool=pool)

    assert record.verdict.answer == "42"
    assert len(record.ballots) == 2
    assert {call.method for call in record.calls.values()} == {"text", "tools"}


async def test_a_record_of_live_models_holds_no_key(provider: Provider) -> None:
    secret = "sk-do-not-write-this-down-0123456789"  # noqa: S105 - of nothing
    model = ChatOpenAI(model="a", base_url=provider.url, api_key=secret, max_retries=0)

    record = await adeliberate("4 * 2?", pool=[model])

    assert secret not in record.model_dump_json()
    sent = {seen.headers["authorization"] for seen in provider.seen}
    assert sent == {f"Bearer {secret}"}


async def test_a_live_model_that_fails_is_absent() -> None:
    def down(*_: Any, **__: Any) -> None:
        raise ConnectionError("down")

    with pytest.raises(QuorumError, match=r"ada: connection: .*down"):
        await adeliberate("?", settings_for(retries=0), pool={"ada": Fake(does=down)})


async def test_a_temperature_reaches_the_model_or_is_refused(
    provider: Provider,
) -> None:
    warm = nsed.expert("ada", live(provider, "a"), temperature=0.3)
    await adeliberate("4 * 2?", pool=[warm])

    assert {seen.body["temperature"] for seen in provider.seen} == {0.3}
    fake = nsed.expert("bob", Fake(does=says("x")), temperature=0.3)
    with pytest.raises(ConfigError, match="a temperature is set, and Fake has none"):
        await adeliberate("?", pool=[fake])


async def test_a_hire_of_ones_own_and_live_models_do_not_go_together() -> None:
    with pytest.raises(ConfigError, match=r"Hire\(models="):
        await adeliberate("?", pool=[Fake(does=says("x"))], hire=Recorder())
    with pytest.raises(ConfigError, match=r"Hire\(models="):
        as_runnable(pool=[Fake(does=says("x"))], hire=Recorder())


async def test_a_model_by_provider_is_loaded_when_the_run_begins(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_API_BASE", provider.url)

    record = await adeliberate("4 * 2?", pool=["openai:a"])

    assert record.verdict.answer == "8"
    with pytest.raises(ConfigError, match="init_chat_model cannot be made"):
        await adeliberate("4 * 2?", pool=["nobody:a"])


def test_the_record_of_a_live_model_is_plain_data() -> None:
    record = nsed.deliberate("6 * 7?", settings_for(), pool=[Fake(does=agrees)])

    assert nsed.RunRecord.model_validate(json.loads(record.model_dump_json())) == record


async def test_a_live_model_never_answers_out_of_the_cache(tmp_path: Path) -> None:
    """Its settings are not in the configuration, so nobody can tell two apart."""
    asked = []

    def count(*_: Any, **__: Any) -> AIMessage:
        asked.append(1)
        return AIMessage("Answer: 42")

    config = staffed(settings_for(rounds=1), {"ada": Fake(does=count)}).config
    for _ in range(2):
        hire = Hire(response_cache=tmp_path / "cache", models={"ada": Fake(does=count)})
        await adeliberate("6 * 7?", config, hire=hire)
        await hire.aclose()

    assert len(asked) == 2
