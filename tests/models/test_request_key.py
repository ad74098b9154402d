"""When two requests are the same: all that decides an answer, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from questions import QUESTION

from nsed.models.base import Message
from nsed.models.cached_expert import ASIDE, request_key
from nsed.state.expert_config import ExpertConfig

ADA = ExpertConfig(name="ada", model="m", base_url="http://127.0.0.1:9/v1")


@pytest.mark.parametrize(
    "other",
    [
        {"model": "n"},
        {"base_url": "http://127.0.0.1:10/v1"},
        {"base_url": None},
        {"provider": "embedded"},
        {"temperature": 0.5},
        {"model_kwargs": {"top_p": 0.5}},
        {"ballots": "tools"},
        {"context_tokens": 512},
        {"name": "bob"},
    ],
)
def test_what_decides_an_answer_is_in_the_key(other: dict[str, Any]) -> None:
    changed = ADA.model_copy(update=other)

    assert request_key(changed, QUESTION) != request_key(ADA, QUESTION)


@pytest.mark.parametrize(
    "other",
    [
        {"messages": QUESTION.messages[:1]},
        {"messages": (Message("user", "Be brief."), *QUESTION.messages[1:])},
        {"max_output_tokens": 65},
        {"seed": 1},
        {"round": 2},
        {"phase": "review"},
        {"json_schema": {}},
        {"json_schema": {"type": "object"}},
    ],
)
def test_so_is_what_is_asked(other: dict[str, Any]) -> None:
    assert request_key(ADA, replace(QUESTION, **other)) != request_key(ADA, QUESTION)


def test_what_does_not_decide_it_is_not() -> None:
    changed = ADA.model_copy(
        update={"usd_per_mtok_input": 9.0, "api_key_env": "X", "concurrency": 1}
    )
    patient = replace(QUESTION, timeout_s=1, finish="x", lead="y")

    assert set(ExpertConfig.model_fields) >= ASIDE
    assert request_key(changed, patient) == request_key(ADA, QUESTION)
    assert request_key(ADA, QUESTION, behind="x") != request_key(ADA, QUESTION)


def test_a_lone_surrogate_has_a_key() -> None:
    odd = replace(QUESTION, messages=(Message("user", "\ud800"),))

    assert len(request_key(ADA, odd)) == 64
