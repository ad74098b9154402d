"""Written down, pickled, copied: what is open stays behind, answers stay the same."""

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from langchain_core.load import dumpd, dumps, load
from panel import panel, settings_for

import nsed
from nsed.chat_model import ChatNSED
from nsed.models.hire import Hire
from nsed.shared_hire import SharedHire

pytestmark = pytest.mark.filterwarnings("ignore:The function `load` is in beta")

MODELS = [
    ChatNSED(),
    ChatNSED(config=settings_for(rounds=2), preset="fast", seed=3, stop=["x"]),
    ChatNSED(experts=panel(), budget=0.5, temperature=0, trace_experts=False),
]


def loaded(written: Any) -> Any:
    return load(written, allowed_objects=[ChatNSED], valid_namespaces=["nsed"])


@pytest.mark.parametrize("model", MODELS, ids=["empty", "config", "experts"])
@pytest.mark.parametrize(
    "through",
    [
        lambda model: pickle.loads(pickle.dumps(model)),  # noqa: S301 - our own
        copy.deepcopy,
        lambda model: loaded(dumpd(model)),
        lambda model: loaded(json.loads(dumps(model))),
        lambda model: ChatNSED(**json.loads(dumps(model))["kwargs"]),
    ],
    ids=["pickle", "deepcopy", "load", "json", "kwargs"],
)
def test_a_model_that_went_away_and_came_back_is_the_same(
    model: ChatNSED, through: Any
) -> None:
    again = through(model)

    assert again == model
    assert again.asdict() == model.asdict()
    assert again._call(None, {}).config == model._call(None, {}).config


def test_it_still_answers() -> None:
    again = pickle.loads(pickle.dumps(MODELS[1]))  # noqa: S301

    assert again.invoke("What is 6 * 7?").response_metadata["nsed"]["rounds"] == 1


def test_what_is_written_down_is_what_was_given() -> None:
    kwargs = json.loads(dumps(MODELS[2]))["kwargs"]

    assert [expert["name"] for expert in kwargs["experts"]] == ["ada", "bob", "cy"]
    assert "family" not in kwargs["experts"][0]  # nobody said one
    assert set(kwargs) == {"budget", "experts", "temperature", "trace_experts"}


def test_a_hire_is_not_written_down_and_no_key_is_named_in_traces() -> None:
    expert = nsed.ExpertConfig(
        name="ada", model="x", base_url="http://secret.example/v1", api_key_env="MY_KEY"
    )
    model = ChatNSED(experts=(expert,), hire=Hire())

    assert "hire" not in json.loads(dumps(model))["kwargs"]
    assert model.asdict()["experts"] == {"ada": "x"}
    for word in ("secret.example", "MY_KEY"):
        assert word not in str(model.asdict())


def test_another_configuration_is_another_model_to_a_cache() -> None:
    keys = {model._get_llm_string() for model in MODELS}
    keys.add(MODELS[0]._get_llm_string(temperature=0.5))

    assert len(keys) == len(MODELS) + 1


def test_so_is_another_content_of_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "nsed.toml"
    keys = set()
    for rounds in (1, 2):
        file.write_text(f"[deliberation]\nrounds = {rounds}\n")
        keys.add(ChatNSED(config_file=str(file))._get_llm_string())

    assert len(keys) == 2


def test_the_response_cache_of_a_file_is_used_and_goes_along(tmp_path: Path) -> None:
    file = tmp_path / "nsed.toml"
    file.write_text('response_cache = "replies.sqlite"\n')
    model = ChatNSED(config_file=str(file))

    assert model == pickle.loads(pickle.dumps(model))  # noqa: S301
    assert model._shared == SharedHire(response_cache=str(tmp_path / "replies.sqlite"))
    assert model._shared != SharedHire()


def test_traces_are_told_the_usual_parameters() -> None:
    told = MODELS[1]._get_ls_params()

    assert told["ls_provider"] == "nsed"
    assert told["ls_model_name"] == "nsed-fast"
    assert told["ls_stop"] == ["x"]
    assert MODELS[2]._get_ls_params(stop=["y"])["ls_temperature"] == 0
