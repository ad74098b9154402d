"""What a call may ask for: less than is configured, never more."""

import pytest
from panel import settings_for

from nsed.call_settings import adjusted
from nsed.protocol.errors import ConfigError


def test_nothing_asked_for_is_the_same_configuration() -> None:
    config = settings_for()
    assert adjusted(config) is config


def test_caps_only_go_down() -> None:
    config = settings_for(max_usd=0.5, answer_tokens=500)

    higher = adjusted(config, max_usd=2, answer_tokens=4000)
    lower = adjusted(config, max_usd=0.1, answer_tokens=100, deadline_s=5)

    assert (higher.max_usd, higher.answer_tokens) == (0.5, 500)
    assert (lower.max_usd, lower.answer_tokens, lower.deadline_s) == (0.1, 100, 5)


def test_temperature_and_seed_reach_everybody() -> None:
    config = adjusted(settings_for(), temperature=0.2, seed=7)

    assert {expert.temperature for expert in config.experts} == {0.2}
    assert config.seed == 7


def test_what_is_out_of_range_is_named() -> None:
    with pytest.raises(ConfigError, match="temperature"):
        adjusted(settings_for(), temperature=9)
