"""The run context: frozen, bounded, documented, offline by default."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nsed.models.scripted import scripted
from nsed.protocol.ledger import Caps
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

TWO = (scripted("ada", "x"), scripted("bob", "y"))


def test_the_defaults_need_no_network_and_cost_nothing() -> None:
    config = DeliberationConfig()

    assert {expert.provider for expert in config.experts} == {"embedded"}
    assert all(expert.prices.known for expert in config.experts)
    assert config.caps == Caps()


def test_every_knob_has_a_help_text_and_numbers_have_bounds() -> None:
    for model in (DeliberationConfig, ExpertConfig):
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name} has no docstring"
    numbers = {
        name: field
        for name, field in DeliberationConfig.model_fields.items()
        if field.annotation in (int, float, int | None, float | None)
    }
    assert len(numbers) > 20
    for name, field in numbers.items():
        assert field.metadata, f"{name} has no bounds"


def test_the_context_is_plain_data_with_a_schema() -> None:
    config = DeliberationConfig(experts=TWO)

    again = DeliberationConfig.model_validate_json(config.model_dump_json())

    assert again == config
    assert DeliberationConfig.model_json_schema()["properties"]["gamma"]["maximum"] == 1


def test_the_context_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        DeliberationConfig().rounds = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("knobs", "complaint"),
    [
        ({"gama": 0.5}, "gama"),
        ({"gamma": 1.5}, "less than or equal to 1"),
        ({"rounds": 0}, "greater than or equal to 1"),
        ({"rounds": "many"}, "valid integer"),
        ({"experts": ()}, "at least one"),
        ({"experts": (TWO[0], TWO[0])}, "two experts are named 'ada'"),
        ({"experts": TWO, "proposers": ("adda",)}, "Did you mean 'ada'"),
        ({"experts": TWO, "reviewers": ("zed",)}, "no expert is named 'zed'"),
        ({"rule": "loudest"}, "signed"),
        ({"max_usd": -1}, "greater than or equal to 0"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_bad_knob_is_refused_by_name(
    knobs: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        DeliberationConfig(**knobs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"provider": "openai"}, "needs 'model'"),
        ({"provider": "scripted"}, "needs 'script'"),
        ({"provider": "community"}, "needs 'model_class'"),
        ({"model": "m", "usd_per_mtok_input": -1}, "greater than or equal to 0"),
        ({"model": "m", "skill": {"math": 1.5}}, "between 0 and 1"),
        ({"model": "m", "base_url": "ftp://x"}, "pattern"),
        ({"model": "m", "name": "a b"}, "pattern"),
    ],
)
def test_a_bad_expert_is_refused(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        ExpertConfig(**{"name": "ada", **fields})  # type: ignore[arg-type]


@given(usd=st.floats(0, 1000, allow_nan=False))
def test_a_cap_in_dollars_is_never_rounded_up(usd: float) -> None:
    config = DeliberationConfig(experts=TWO, max_usd=usd)

    assert config.caps.nano_usd is not None
    assert config.caps.nano_usd <= usd * 1e9


def test_skill_falls_back_to_general_and_then_to_unknown() -> None:
    expert = scripted("ada", "x", skill={"math": 0.9, "general": 0.5})

    assert expert.skill_for("math") == 0.9
    assert expert.skill_for("code") == 0.5
    assert scripted("bob", "x").skill_for("math") is None


@pytest.mark.parametrize(
    ("usd", "nano"), [(2.01, 2_010_000_000), (0.000065, 65_000), (0.1, 100_000_000)]
)
def test_a_cap_of_so_many_dollars_is_exactly_so_many(usd: float, nano: int) -> None:
    priced = scripted("a", "1")

    assert DeliberationConfig(experts=(priced,), max_usd=usd).caps.nano_usd == nano
