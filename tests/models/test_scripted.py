"""Scripted experts say what their script says, and note what they were asked."""

import json
from dataclasses import replace

import pytest
from questions import QUESTION, REVIEW

from nsed.models.base import Message, Request
from nsed.models.scripted import ScriptedExpert, scripted
from nsed.nodes.peer_text import frame
from nsed.protocol.errors import ConfigError, ExpertError
from nsed.state.expert_config import ExpertConfig


def review_of(**texts: str) -> Request:
    shown = frame("candidate", list(texts.items()), call="e", chars=999)
    return replace(REVIEW, messages=(Message("user", shown),))


@pytest.mark.parametrize(("number", "text"), [(1, "one"), (2, "two"), (9, "two")])
async def test_the_round_chooses_the_line_and_the_last_repeats(
    number: int, text: str
) -> None:
    expert = ScriptedExpert(scripted("ada", "one", "two"))

    assert (await expert.reply(replace(QUESTION, round=number))).text == text


async def test_weights_go_to_the_candidates_that_hold_the_key() -> None:
    expert = ScriptedExpert(
        scripted("ada", "x", weights={"42": 80, "41": -60}, critique="Look.")
    )

    reply = await expert.reply(review_of(A="so 41", B="so 42"))

    assert json.loads(reply.text) == {
        "A": {"critique": "Look.", "weight": -60},
        "B": {"critique": "Look.", "weight": 80},
    }


async def test_a_candidate_it_has_no_weight_for_gets_none() -> None:
    reply = await ScriptedExpert(scripted("ada", "x")).reply(review_of(A="8", B="9"))

    assert [mark["weight"] for mark in json.loads(reply.text).values()] == [0, 0]


async def test_questions_are_noted_also_those_it_fails_on() -> None:
    expert = ScriptedExpert(scripted("ada", "x", fails="review"))

    await expert.reply(QUESTION)
    with pytest.raises(ExpertError) as caught:
        await expert.reply(REVIEW)

    assert expert.questions == [QUESTION, REVIEW]
    assert caught.value.kind == "connection"


async def test_without_a_line_it_says_so() -> None:
    with pytest.raises(ExpertError, match="no proposal"):
        await ScriptedExpert(scripted("ada")).reply(QUESTION)


async def test_its_tokens_are_estimates_and_its_price_is_known() -> None:
    usage = (await ScriptedExpert(scripted("ada", "x")).reply(QUESTION)).usage

    assert (usage.calls, usage.estimated_calls) == (1, 1)
    assert usage.usd == 0


def test_settings_reach_the_script_and_the_config() -> None:
    config = scripted("ada", "x", critique="Hm.", skill={"general": 0.5})

    assert config.script is not None
    assert config.script.critique == "Hm."
    assert config.skill == {"general": 0.5}


def test_a_scripted_expert_needs_a_script() -> None:
    with pytest.raises(ConfigError, match="script"):
        ScriptedExpert(ExpertConfig(name="ada", model="x"))
