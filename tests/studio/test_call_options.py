"""What one call may choose: a list, and nothing beyond it."""

from typing import Any

import pytest
from panel import panel
from pydantic import ValidationError

from nsed.config.settings import Settings
from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig
from nsed.studio.call_options import CallOptions

SETTINGS = Settings(experts=panel(), knobs={"max_usd": 1.0, "deadline_s": 60.0})
PRICED = Settings(
    experts=tuple(
        e.model_copy(update={"usd_per_mtok_input": 1, "usd_per_mtok_output": 1})
        for e in panel()
    ),
    knobs=SETTINGS.knobs,
)


def test_nothing_chosen_is_the_configuration() -> None:
    assert CallOptions().settled(PRICED) == PRICED.config()


def test_every_option_arrives() -> None:
    chosen = {
        "rounds": 2,
        "rule": "borda",
        "gamma": 0.1,
        "effort": 2.0,
        "answer_kind": "number",
        "category": "math",
        "seed": 5,
        "answer_tokens": 100,
    }

    config = CallOptions(**chosen, temperature=0.3).settled(PRICED)

    assert {key: getattr(config, key) for key in chosen} == chosen
    assert {expert.temperature for expert in config.experts} == {0.3}


def test_a_preset_is_one_of_the_configuration_and_an_option_stands_above_it() -> None:
    assert CallOptions(preset="fast").settled(PRICED).rounds == 1
    assert CallOptions(preset="fast", rounds=4).settled(PRICED).rounds == 4
    with pytest.raises(ConfigError, match="no preset is named 'slow'"):
        CallOptions(preset="slow").settled(PRICED)


@pytest.mark.parametrize(("asked", "capped"), [(0.5, 0.5), (5.0, 1.0)])
def test_a_cap_may_be_lowered_and_never_raised(asked: float, capped: float) -> None:
    config = CallOptions(budget_usd=asked, deadline_s=60 * asked).settled(PRICED)

    assert (config.max_usd, config.deadline_s) == (capped, 60 * capped)


@pytest.mark.parametrize(
    "chosen",
    [
        {key: "x"}
        for key in (
            *("base_url", "experts", "api_key_file", "hosts", "telemetry", "pool"),
            *("max_usd", "human_review", "response_cache", "synthesizer"),
        )
    ]
    + [{"rounds": 0}, {"rounds": 21}, {"gamma": 2}, {"seed": -1}, {"rule": "coin"}]
    + [{"temperature": 3}, {"budget_usd": float("nan")}, {"answer_tokens": 1}],
    ids=str,
)
def test_nothing_else_can_be_chosen_and_nothing_out_of_range(
    chosen: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError):
        CallOptions(**chosen)


def test_every_range_is_within_that_of_the_knob() -> None:
    knobs = DeliberationConfig.model_json_schema()["properties"]
    options = CallOptions.model_json_schema()["properties"]
    for name in options.keys() & knobs.keys() - {"deadline_s"}:
        option, knob = options[name]["anyOf"][0], knobs[name]
        for limit in ("minimum", "maximum", "exclusiveMinimum", "maxLength", "enum"):
            assert option.get(limit) == knob.get(limit), (name, limit)


def test_where_nobody_can_decide_nobody_is_asked_to() -> None:
    with pytest.raises(ConfigError, match="human_review: nobody can decide here"):
        CallOptions().settled(Settings(experts=panel(), knobs={"human_review": True}))
