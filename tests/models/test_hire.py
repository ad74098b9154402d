"""Hiring: from configuration to experts; and what is checked before it costs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from questions import QUESTION

from nsed.models import hire as edge
from nsed.models.base import Expert
from nsed.models.chat_model_expert import LADDER_OPENAI, LADDER_OTHER, ChatModelExpert
from nsed.models.embedded_expert import EmbeddedExpert
from nsed.models.hire import Hire, api_key_of, weights_cache, weights_paths
from nsed.models.late_expert import LateExpert
from nsed.models.scripted import ScriptedExpert, scripted
from nsed.protocol.errors import ConfigError, WeightError
from nsed.state.expert_config import ExpertConfig

FAKE = "fake_chat:Patient"


def at(name: str = "ada", **settings: object) -> ExpertConfig:
    known = {"name": name, "model": "m", "base_url": "http://127.0.0.1:9/v1"}
    return ExpertConfig.model_validate({**known, **settings})


async def made(hire: Hire, config: ExpertConfig) -> Expert:
    expert = hire(config)
    assert isinstance(expert, LateExpert)
    assert await expert.ready() is await expert.ready()
    return await expert.ready()


@pytest.fixture
async def hire() -> AsyncIterator[Hire]:
    hire = Hire()
    yield hire
    await hire.aclose()


@pytest.fixture(autouse=True)
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this machine's weights and keys out of it."""
    monkeypatch.setenv("NSED_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NSED_WEIGHTS", raising=False)
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)


async def test_each_provider_has_its_kind_of_expert(hire: Hire) -> None:
    assert isinstance(hire(scripted("ada", "x")), ScriptedExpert)
    assert isinstance(
        hire(at(provider="embedded", model="smollm2-135m-instruct")), EmbeddedExpert
    )
    endpoint = await made(hire, at())
    assert isinstance(endpoint, ChatModelExpert)
    assert (endpoint.ladder, endpoint.output_limit) == (LADDER_OPENAI, "max_tokens")
    openai = await made(hire, at(base_url=None))
    assert isinstance(openai, ChatModelExpert)
    assert openai.output_limit == "max_completion_tokens"


async def test_an_expert_is_made_once(hire: Hire) -> None:
    assert hire(at()) is hire(at())
    assert hire(at()) is not hire(at(temperature=0.5))


def test_an_expert_belongs_to_one_loop() -> None:
    hire = Hire()

    async def hired() -> object:
        return hire(at())

    assert asyncio.run(hired()) is not asyncio.run(hired())


async def test_a_sound_pool_passes_and_is_ready(
    hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "k-1234")
    pool = (
        scripted("ada", "x"),
        at("bob", api_key_env="MY_KEY"),
        ExpertConfig(name="cy", provider="langchain", model_class=FAKE),
    )

    await hire.check(pool)

    assert [hire(config).config.name for config in pool] == ["ada", "bob", "cy"]


async def test_all_problems_are_told_at_once_one_a_line(hire: Hire) -> None:
    pool = (
        scripted("fine", "x"),
        at("ada", api_key_env="NO_SUCH_KEY"),
        ExpertConfig(name="bob", provider="langchain", model_class="no.such:Model"),
        at("cy", provider="embedded", model="smollm2-135m-instruct"),
        at("di", provider="embedded", model="/nowhere/x.gguf"),
    )

    with pytest.raises(ConfigError) as caught:
        await hire.check(pool)

    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert "'ada': the environment variable NO_SUCH_KEY is not set" in lines[0]
    assert "'bob': cannot load model_class 'no.such:Model'" in lines[1]
    assert "nsed models pull smollm2-135m-instruct" in lines[2]
    assert "'di': no file at /nowhere/x.gguf" in lines[3]


async def test_missing_weights_alone_are_a_weight_error_named_once(hire: Hire) -> None:
    model = {"provider": "embedded", "model": "smollm2-135m-instruct"}

    with pytest.raises(WeightError) as caught:
        await hire.check([at("ada", **model), at("bob", **model)])

    assert len(str(caught.value).splitlines()) == 1


async def test_without_the_extra_embedded_models_are_refused(
    hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "find_spec", lambda _: None)

    with pytest.raises(ConfigError, match=r"nsed\[local\]"):
        await hire.check([at(provider="embedded", model="smollm2-135m-instruct")])


async def test_weights_of_the_users_need_only_be_there(
    hire: Hire, tmp_path: Path
) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"GGUF")

    await hire.check([at(provider="embedded", model=str(tmp_path / "mine.gguf"))])


async def test_settings_a_model_does_not_take_are_one_line(hire: Hire) -> None:
    with pytest.raises(ConfigError, match="'ada' cannot be made") as caught:
        await hire.check([at(model_kwargs={"temperature": "hot"})])

    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("value", ["", None])
def test_a_key_comes_from_the_environment_or_is_missed_by_name(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = at(api_key_env="MY_KEY")
    monkeypatch.setenv("MY_KEY", " k-1234\n")
    assert api_key_of(config) == "k-1234"
    assert api_key_of(at()) is None

    if value is None:
        monkeypatch.delenv("MY_KEY")
    else:
        monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(ConfigError, match="MY_KEY is not set"):
        api_key_of(config)


@pytest.mark.parametrize("key", ["two words", "k\u00e9y", "a\nb", "   "])
def test_a_key_that_cannot_be_sent_is_refused_and_not_quoted(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", key)

    with pytest.raises(ConfigError, match="holds no key") as caught:
        api_key_of(at(api_key_env="MY_KEY"))

    assert key.strip() == "" or key not in str(caught.value)


def test_a_key_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    config = at(api_key_file=str(secret))

    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        api_key_of(config)
    secret.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="it is not text"):
        api_key_of(config)
    secret.write_text(" \n")
    with pytest.raises(ConfigError, match="is empty"):
        api_key_of(config)
    secret.write_text("k-1234\n")
    assert api_key_of(config) == "k-1234"


def test_folders_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert weights_cache() == tmp_path / "cache" / "weights"
    assert weights_paths() == ()
    monkeypatch.setenv("NSED_WEIGHTS", "/a::/b/c.gguf")
    assert weights_paths() == (Path("/a"), Path("/b/c.gguf"))
    monkeypatch.delenv("NSED_CACHE")
    assert weights_cache().parts[-2:] == ("nsed", "weights")


async def test_model_classes_climb_the_short_ladder(hire: Hire) -> None:
    config = ExpertConfig(name="ada", provider="langchain", model_class=FAKE)

    expert = await made(hire, config)

    assert isinstance(expert, ChatModelExpert)
    assert expert.ladder == LADDER_OTHER


async def test_an_unchecked_expert_tells_at_its_first_reply(hire: Hire) -> None:
    expert = hire(at(api_key_env="NO_SUCH_KEY"))

    with pytest.raises(ConfigError, match="NO_SUCH_KEY is not set"):
        await expert.reply(QUESTION)


@pytest.mark.parametrize("server", ["box", None])
async def test_experts_who_name_one_server_share_its_limit(
    hire: Hire, server: str | None
) -> None:
    settings = {"server": server, "concurrency": 1}
    one = await made(hire, at("ada", model="m", **settings))
    other = await made(hire, at("bob", model="n", **settings))
    assert isinstance(one, ChatModelExpert)
    assert isinstance(other, ChatModelExpert)

    async with one.slot():
        waiting = asyncio.create_task(other.slot().__aenter__())
        await asyncio.sleep(0)
        assert waiting.done() is (server is None)
        waiting.cancel()


async def test_a_base_model_without_a_chat_template_is_refused(hire: Hire) -> None:
    gemma = ExpertConfig(name="gemma", provider="embedded", model="gemma-3-270m")

    with pytest.raises(WeightError, match="without a chat template"):
        await hire.check([gemma])
