"""LangChain chat models by class name."""

import pytest
from langchain_core.language_models import FakeListChatModel, GenericFakeChatModel
from langchain_openai import ChatOpenAI
from questions import QUESTION

from nsed.models.chat_model_expert import ChatModelExpert
from nsed.models.endpoint import Abilities, Limits
from nsed.models.model_class import chat_model_of, limit_field_of
from nsed.protocol.errors import ConfigError
from nsed.state.expert_config import ExpertConfig


def by_class(name: str, **settings: object) -> ExpertConfig:
    known = {"name": "ada", "provider": "langchain", "model_class": name}
    return ExpertConfig.model_validate({**known, **settings})


def test_the_class_gets_model_temperature_and_arguments() -> None:
    config = by_class(
        "langchain_openai:ChatOpenAI",
        model="m",
        temperature=0.5,
        model_kwargs={"api_key": "none", "max_retries": 0},
    )

    model = chat_model_of(config)

    assert isinstance(model, ChatOpenAI)
    assert (model.model_name, model.temperature, model.max_retries) == ("m", 0.5, 0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no.such.module:Model", "cannot load model_class 'no.such.module:Model'"),
        ("json:Model", "cannot load model_class"),
        ("json", "expected 'package.module:Class'"),
        (":Model", "cannot load model_class"),
        ("collections:Counter", "is not a chat model"),
        ("langchain_openai:ChatOpenAI", "cannot be made"),  # it has no key
    ],
)
def test_what_does_not_make_a_chat_model_is_one_line(
    name: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    with pytest.raises(ConfigError, match=words) as caught:
        chat_model_of(by_class(name))

    assert "'ada'" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_key_among_the_arguments_is_not_quoted() -> None:
    config = by_class(
        "langchain_openai:ChatOpenAI",
        model_kwargs={"api_key": "sk-SECRETSECRET", "temperature": "hot"},
    )

    with pytest.raises(ConfigError) as caught:
        chat_model_of(config)

    assert "SECRET" not in str(caught.value)


def test_the_output_limit_is_found_by_its_usual_names() -> None:
    assert limit_field_of(ChatOpenAI(model="m", api_key="x")) == "max_tokens"  # type: ignore[arg-type]
    assert limit_field_of(FakeListChatModel(responses=["8"])) is None


async def test_a_limit_that_is_a_field_is_set_for_the_call_alone() -> None:
    seen: list[int] = []

    class Bounded(GenericFakeChatModel):
        num_predict: int = 1

        async def _agenerate(self, *args: object, **more: object) -> object:  # type: ignore[override]
            seen.append(self.num_predict)
            assert "max_tokens" not in more
            return await super()._agenerate(*args, **more)  # type: ignore[arg-type]

    model = Bounded(messages=iter(["8"]))
    limits = Limits()
    expert = ChatModelExpert(
        config=by_class("x:Y"),
        model=model,
        slot=lambda: limits.slot("x", 1),
        abilities=Abilities(),
        limit_field=limit_field_of(model),
    )

    assert (await expert.reply(QUESTION)).text == "8"
    assert (seen, model.num_predict) == ([64], 1)
