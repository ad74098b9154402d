"""What a call runs with: configuration, pool and budget, made one or refused."""

from typing import Any

import pytest
from fake_chat import Fake, says
from panel import panel, settings_for

import nsed
from nsed.protocol.errors import ConfigError
from nsed.staffing import staffed


def names(pool: Any, config: Any = None) -> list[str]:
    return [e.name for e in staffed(config or settings_for(), pool).config.experts]


def test_without_pool_and_budget_the_configuration_is_what_it_was() -> None:
    config = settings_for(seed=7)

    assert staffed(config).config is config
    assert staffed(None).config == nsed.DeliberationConfig()


def test_a_pool_may_name_experts_of_the_configuration() -> None:
    assert names(["cy", "ada"]) == ["cy", "ada"]
    assert staffed(settings_for(seed=7), ["cy"]).config.seed == 7


def test_a_model_may_be_written_with_its_provider() -> None:
    staff = staffed(settings_for(), ["ada", "openai:gpt-x", "anthropic:claude-x"])
    _, openai, other = staff.config.experts

    assert (openai.name, openai.provider, openai.model) == ("gpt-x", "openai", "gpt-x")
    assert openai.api_key_env == "OPENAI_API_KEY"
    assert other.model_class == "langchain.chat_models:init_chat_model"
    assert (other.name, other.model) == ("claude-x", "anthropic:claude-x")
    assert not openai.prices.known


def test_two_experts_of_one_model_get_two_names() -> None:
    assert names(["openai:org/a b", "openai:org/a b"]) == ["a-b", "a-b-2"]
    assert names(["openai:ada", "ada"]) == ["ada-2", "ada"]


def test_a_dict_gives_names() -> None:
    live = Fake(does=says("x"))
    staff = staffed(settings_for(), {"x": "ada", "y": "openai:m", "z": live})

    assert [e.name for e in staff.config.experts] == ["x", "y", "z"]
    assert staff.models == {"z": live}


def test_a_live_model_is_recorded_by_class_and_has_no_known_price() -> None:
    (expert,) = staffed(settings_for(), [Fake(does=says("x"))]).config.experts

    assert expert.name == "Fake"
    assert (expert.provider, expert.model_class) == ("langchain", "fake_chat:Fake")
    assert not expert.prices.known


def test_a_live_model_may_have_a_name_and_prices() -> None:
    ada = nsed.expert(
        "ada", Fake(does=says("x")), usd_per_mtok_input=1, usd_per_mtok_output=2
    )
    staff = staffed(settings_for(), [ada], 0.5)

    assert staff.config.experts[0].prices.known
    assert staff.config.max_usd == 0.5


@pytest.mark.parametrize(
    ("pool", "said"),
    [
        ([], "it is empty"),
        ("ada", "one expert is a list of one"),
        (nsed.scripted("ada", "x"), "one expert is a list of one"),
        (["adda"], "no expert is named 'adda'. Did you mean 'ada'?"),
        (["openai:"], "A model is written 'provider:model'"),
        (["ada", "ada"], "two experts are named 'ada'"),
        ([panel()[0], "ada"], "two experts are named 'ada'"),
        ([7], "found int"),
        ([Fake(does=says("x")).with_retry()], "without with_retry"),
        ({"a b": "openai:m"}, "'a b': name"),
        ({"a b": Fake(does=says("x"))}, "'a b': name"),
    ],
    ids=range(11),
)
def test_what_is_no_pool_is_refused(pool: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        staffed(settings_for(), pool)

    assert said in str(caught.value)
    assert "--pool" not in str(caught.value)


def test_who_has_a_role_alone_may_not_be_left_out() -> None:
    with pytest.raises(ConfigError, match=r"^pool: leaves nobody among the proposers"):
        staffed(settings_for(proposers=("ada",)), ["bob", "cy"])


def test_a_budget_sets_the_caps() -> None:
    budget = nsed.Budget(usd=1, tokens=2000, calls=30, seconds=4)
    config = staffed(settings_for(), None, budget).config

    assert (config.max_usd, config.max_tokens, config.max_calls) == (1, 2000, 30)
    assert config.deadline_s == 4
    assert staffed(settings_for(), None, 0.25).config.max_usd == 0.25


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (True, "found bool"),
        ("1", "found str"),
        (-1, "at least 0"),
        (float("nan"), "found nan"),
        (float("inf"), "at most 1e"),
    ],
    ids=str,
)
def test_what_is_no_budget_is_refused(budget: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        staffed(settings_for(), None, budget)

    assert said in str(caught.value)


def test_two_limits_that_differ_are_an_error_and_equal_ones_are_not() -> None:
    with pytest.raises(ConfigError, match="usd is 1, and the configuration says max_"):
        staffed(settings_for(max_usd=2), None, 1)

    assert staffed(settings_for(max_usd=2), None, 2).config.max_usd == 2


def test_a_budget_in_dollars_needs_prices() -> None:
    with pytest.raises(ConfigError, match="the price of 'Fake' is unknown"):
        staffed(settings_for(), [Fake(does=says("x"))], 1)


def test_a_file_is_not_a_configuration_but_makes_one() -> None:
    wrong: Any = "nsed.toml"

    with pytest.raises(ConfigError, match=r"load_config\(.nsed.toml.\)"):
        staffed(wrong)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base_url": "http://x"}, "base_url has no effect"),
        ({"concurency": 1}, "concurency"),
    ],
)
def test_settings_of_a_live_model_that_do_nothing_are_refused(
    settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        nsed.expert("ada", Fake(does=says("x")), **settings)
