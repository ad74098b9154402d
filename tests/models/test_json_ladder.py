"""The ladder of ways to ask for JSON: climbed down once, then remembered."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from loopback_provider import Answer, Provider
from questions import REVIEW, expert_at

from nsed.models.asking import Outcome, ask
from nsed.models.base import Reply
from nsed.models.hire import Hire
from nsed.nodes.ballot_form import read_marks


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


@pytest.fixture
async def hire() -> AsyncIterator[Hire]:
    hire = Hire()
    yield hire
    await hire.aclose()


def marks(reply: Reply) -> dict[str, Any]:
    return read_marks(reply.text, chars=80, claims=0)[0]


async def review(
    hire: Hire, provider: Provider, *, attempts: int = 9
) -> Outcome[dict[str, Any]]:
    return await ask(
        hire(expert_at(provider)),
        REVIEW,
        marks,
        attempts=attempts,
        retries=1,
        retry_wait_s=0,
    )


async def test_a_server_that_enforces_the_schema_is_asked_once(
    hire: Hire, provider: Provider
) -> None:
    outcome = await review(hire, provider)

    assert outcome.value is not None
    assert list(outcome.value) == ["A", "B"]
    assert provider.methods == ["json_schema"]
    sent = provider.seen[0].body["response_format"]["json_schema"]
    assert (sent["strict"], sent["schema"]) == (True, REVIEW.json_schema)


@pytest.mark.parametrize(
    ("refused", "rungs"),
    [
        ({"json_schema"}, ["json_schema", "tools"]),
        ({"json_schema", "tools"}, ["json_schema", "tools", "json_mode"]),
        (
            {"json_schema", "tools", "json_mode"},
            ["json_schema", "tools", "json_mode", "text"],
        ),
    ],
    ids=len,
)
async def test_refused_rungs_are_skipped_and_the_working_one_remembered(
    hire: Hire, provider: Provider, refused: set[str], rungs: list[str]
) -> None:
    provider.refuses = refused
    ballot = '{"A": {"critique": "", "weight": 1}}'
    provider.answers["model-x"] = [Answer(ballot)]

    first = await review(hire, provider)
    second = await review(hire, provider)

    assert (first.value is not None, second.value is not None) == (True, True)
    assert provider.methods == [*rungs, rungs[-1]]
    assert [a.method for a in first.attempts] == rungs


async def test_the_ladder_never_takes_more_attempts_than_granted(
    hire: Hire, provider: Provider
) -> None:
    provider.refuses = {"json_schema", "tools", "json_mode"}

    outcome = await review(hire, provider, attempts=2)

    assert (len(provider.seen), len(outcome.attempts)) == (2, 2)
    assert outcome.failure is not None
    assert outcome.failure.kind == "unsupported"


async def test_a_refusal_that_is_not_about_the_form_teaches_nothing(
    hire: Hire, provider: Provider
) -> None:
    provider.refuses = {"json_schema", "tools", "json_mode", "text"}
    assert (await review(hire, provider)).failure is not None
    assert provider.methods == ["json_schema", "tools", "json_mode", "text"]
    provider.refuses = set()

    await review(hire, provider)

    assert provider.methods[-1] == "json_schema"
