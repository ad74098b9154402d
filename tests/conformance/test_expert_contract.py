"""What every expert promises, whatever stands behind it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args

import pytest
from loopback_provider import Answer, Provider
from questions import QUESTION, REVIEW, expert_at

from nsed.models.asking import ask
from nsed.models.base import Expert, FailureKind, Reply
from nsed.models.embedded_pool import EmbeddedPool
from nsed.models.hire import Hire, weights_cache
from nsed.models.scripted import scripted
from nsed.models.weights import locate
from nsed.models.weights_manifest import find_weight
from nsed.nodes.ballot_form import read_marks
from nsed.protocol.errors import ExpertError
from nsed.state.expert_config import ExpertConfig
from nsed.state.records import Mark

SMALLEST = "smollm2-135m-instruct"
WITHOUT_WEIGHTS = ["scripted", "langchain", "endpoint"]
EMBEDDED = pytest.param("embedded", marks=pytest.mark.live_weights)
WORKING = [*WITHOUT_WEIGHTS, EMBEDDED]


@dataclass
class Office:
    """Where the experts of a test come from."""

    hire: Hire
    provider: Provider
    has_weights: bool

    def expert(self, kind: str, **settings: Any) -> Expert:
        return self.hire(getattr(self, kind)(**settings))

    def scripted(self, **settings: Any) -> ExpertConfig:
        return scripted("ada", "Answer: 8", **settings)

    def langchain(self, **settings: Any) -> ExpertConfig:
        ballot = '{"A": {"critique": "x", "weight": 9}, "B": {"weight": -9}}'
        return ExpertConfig(
            name="ada",
            provider="langchain",
            model_class="fake_chat:Patient",
            model_kwargs={"says": ballot},
            **settings,
        )

    def endpoint(self, **settings: Any) -> ExpertConfig:
        return expert_at(self.provider, **settings)

    def embedded(self, **settings: Any) -> ExpertConfig:
        if not self.has_weights:
            pytest.skip(f"{SMALLEST} is not here: run `nsed models pull {SMALLEST}`")
        known = {"context_tokens": 2048, "temperature": 0, **settings}
        return ExpertConfig(name="ada", provider="embedded", model=SMALLEST, **known)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    """Load the model once: a pool belongs to no loop."""
    pool = EmbeddedPool()
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def has_weights() -> bool:
    """Look for the model outside of any loop."""
    return locate(find_weight(SMALLEST), cache_dir=weights_cache()) is not None


@pytest.fixture
async def office(
    provider: Provider, pool: EmbeddedPool, has_weights: bool
) -> AsyncIterator[Office]:
    office = Office(Hire(), provider, has_weights)
    own, office.hire.pool = office.hire.pool, pool
    yield office
    office.hire.pool = own
    await office.hire.aclose()


def marks(reply: Reply) -> dict[str, Mark]:
    return read_marks(reply.text, chars=80, claims=0)[0]


@pytest.mark.parametrize("kind", WORKING)
async def test_a_reply_has_text_and_the_usage_of_one_call(
    office: Office, kind: str
) -> None:
    reply = await office.expert(kind).reply(replace(QUESTION, timeout_s=60))

    assert reply.text
    assert reply.method == "json_schema" if kind == "scripted" else "text"
    assert reply.usage.calls == 1
    assert reply.usage.input_tokens > 0
    assert reply.usage.output_tokens > 0


@pytest.mark.parametrize("kind", WITHOUT_WEIGHTS)
async def test_an_unknown_price_is_unpriced_and_a_known_one_counted(
    office: Office, kind: str
) -> None:
    unknown = {"usd_per_mtok_input": None, "usd_per_mtok_output": None}
    known = {"usd_per_mtok_input": 1.0, "usd_per_mtok_output": 1.0}

    free, priced = [
        (await office.expert(kind, **prices).reply(QUESTION)).usage
        for prices in (unknown, known)
    ]

    assert (free.unpriced_calls, free.usd) == (1, None)
    assert priced.unpriced_calls == 0
    assert priced.nano_usd == 1000 * (priced.input_tokens + priced.output_tokens)


@pytest.mark.parametrize("kind", WORKING)
async def test_asked_for_a_ballot_it_gives_one(office: Office, kind: str) -> None:
    outcome = await ask(
        office.expert(kind),
        replace(REVIEW, max_output_tokens=400, timeout_s=60),
        marks,
        attempts=5,
        retries=1,
        retry_wait_s=0,
    )

    assert outcome.failure is None
    assert set(outcome.value or {}) <= {"A", "B"}
    assert all(-100 <= mark.weight <= 100 for mark in (outcome.value or {}).values())


@pytest.mark.parametrize("kind", WORKING)
async def test_concurrent_calls_are_safe(office: Office, kind: str) -> None:
    request = replace(QUESTION, max_output_tokens=8, timeout_s=60)
    expert = office.expert(kind)

    replies = await asyncio.gather(*(expert.reply(request) for _ in range(6)))

    assert [reply.usage.calls for reply in replies] == [1] * 6
    assert all(reply.text for reply in replies)


@pytest.mark.parametrize("kind", WITHOUT_WEIGHTS)
async def test_one_expert_is_asked_in_one_loop_after_another(
    office: Office, kind: str
) -> None:
    config = getattr(office, kind)()
    hire = Hire()

    async def once() -> str:
        try:
            return (await hire(config).reply(QUESTION)).text
        finally:
            await hire.aclose()

    texts = [await asyncio.to_thread(asyncio.run, once()) for _ in range(2)]

    assert all(texts)


def failing(office: Office) -> dict[str, Callable[[], ExpertConfig]]:
    """One that fails of each kind."""
    office.provider.answers["model-x"] = [Answer(status=500)]
    return {
        "scripted": lambda: office.scripted(fails="always"),
        "langchain": lambda: office.langchain().model_copy(
            update={"model_kwargs": {"says": "fail"}}
        ),
        "endpoint": office.endpoint,
        "embedded": lambda: ExpertConfig(
            name="ada", provider="embedded", model="/nowhere/x.gguf"
        ),
    }


@pytest.mark.parametrize("kind", ["scripted", "langchain", "endpoint", "embedded"])
async def test_a_failure_is_an_expert_error_of_a_known_kind(
    office: Office, kind: str
) -> None:
    expert = office.hire(failing(office)[kind]())

    with pytest.raises(ExpertError) as caught:
        await expert.reply(QUESTION)

    assert caught.value.kind in get_args(FailureKind)
    assert str(caught.value)


@pytest.mark.parametrize("kind", ["langchain", "endpoint", EMBEDDED])
async def test_the_time_limit_is_kept_and_the_next_call_is_served(
    office: Office, kind: str
) -> None:
    turns = itertools.count()
    office.provider.answers["*"] = lambda _: Answer(
        fault=None if next(turns) else "hang"
    )
    expert = office.expert(kind, concurrency=1)
    if kind == "embedded":  # loading the model does not count
        await expert.reply(replace(QUESTION, max_output_tokens=1))
    short = replace(QUESTION, timeout_s=0.05, max_output_tokens=1000)

    with pytest.raises(ExpertError) as caught:
        await expert.reply(short)

    assert caught.value.kind == "timeout"
    assert (await expert.reply(QUESTION)).text
