"""What an endpoint answers, good and bad: replies, usage, kinds of failure."""

import gzip
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from loopback_provider import Answer, Provider
from questions import QUESTION, expert_at

from nsed.models.asking import ask
from nsed.models.failures import CallError
from nsed.models.hire import Hire


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


@pytest.fixture
async def hire() -> AsyncIterator[Hire]:
    hire = Hire()
    yield hire
    await hire.aclose()


async def failed(hire: Hire, provider: Provider, *answers: Answer) -> CallError:
    provider.answers["model-x"] = answers
    with pytest.raises(CallError) as caught:
        await hire(expert_at(provider)).reply(QUESTION)
    return caught.value


async def test_a_refused_question_in_words_is_not_asked_again(
    hire: Hire, provider: Provider
) -> None:
    refused = await failed(hire, provider, Answer(status=400))

    assert (refused.kind, refused.lower_rung) == ("unsupported", False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(status=401, message="bad key"), "auth"),
        (Answer(status=404), "model_gone"),
        (Answer(status=429), "rate_limit"),
        (Answer(status=500), "server_error"),
        (Answer(status=501), "unsupported"),
        (Answer(status=503), "server_error"),
        (Answer(status=400, message="maximum context length is 8"), "context_too_long"),
        (Answer(fault="reset"), "connection"),
        (Answer(body=b""), "server_error"),
        (Answer(body=b"<html>busy</html>"), "server_error"),
        (Answer(body=b'{"error": {"message": "overloaded"}}'), "server_error"),
        (Answer(body=b'{"choices": []}'), "empty"),
        (Answer(body=b'{"choices": null}'), "empty"),
        (Answer(body=b'{"choices": [{}]}'), "server_error"),
        (Answer(body=b"[1, 2]"), "server_error"),
        (Answer(body=b"[" * 100_000), "server_error"),
        (Answer(body=b"\xff\xfe\x00"), "server_error"),
        (
            Answer(body=b'{"choices": [{"message": {"content": "a\xffb"}}]}'),
            "server_error",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_failure_has_its_kind(
    hire: Hire, provider: Provider, answer: Answer, kind: str
) -> None:
    assert (await failed(hire, provider, answer)).kind == kind


async def test_nobody_listening_is_a_connection_failure(hire: Hire) -> None:
    with Provider() as gone:
        config = expert_at(gone)

    with pytest.raises(CallError) as caught:
        await hire(config).reply(QUESTION)

    assert caught.value.kind == "connection"


async def test_a_hanging_server_times_out_and_is_left(
    hire: Hire, provider: Provider
) -> None:
    provider.answers["model-x"] = [Answer(fault="hang"), Answer("8")]
    asked = hire(expert_at(provider, concurrency=1))

    with pytest.raises(CallError) as caught:
        await asked.reply(replace(QUESTION, timeout_s=0.2))

    assert caught.value.kind == "timeout"
    assert (await asked.reply(QUESTION)).text == "8"  # its place is free again
    assert provider.abandoned == 1


async def test_a_wait_the_server_asks_for_is_kept(
    hire: Hire, provider: Provider
) -> None:
    limited = Answer(status=429, headers={"retry-after": "1"})
    provider.answers["model-x"] = [limited, Answer("8")]
    began = time.monotonic()

    outcome = await ask(
        hire(expert_at(provider)),
        QUESTION,
        lambda reply: reply.text,
        attempts=2,
        retries=1,
        retry_wait_s=0.001,
    )

    assert outcome.value == "8"
    assert time.monotonic() - began >= 1


async def test_usage_is_read_cached_tokens_included(
    hire: Hire, provider: Provider
) -> None:
    said = {
        "prompt_tokens": 50,
        "completion_tokens": 4,
        "total_tokens": 54,
        "prompt_tokens_details": {"cached_tokens": 32},
    }
    provider.answers["model-x"] = [Answer("8", usage=said), Answer("8", usage=None)]
    asked = hire(expert_at(provider))

    reported, silent = [(await asked.reply(QUESTION)).usage for _ in range(2)]

    assert (reported.input_tokens, reported.cached_input_tokens) == (50, 32)
    assert (reported.output_tokens, reported.estimated_calls) == (4, 0)
    assert silent.estimated_calls == 1
    assert reported.usd is silent.usd is None


async def test_odd_replies_arrive(hire: Hire, provider: Provider) -> None:
    asked = hire(expert_at(provider))
    large = "x" * 2_000_000
    provider.answers["model-x"] = [
        Answer(large),
        Answer("8", finish_reason="length"),
        Answer(""),
    ]

    texts = [await asked.reply(QUESTION) for _ in range(3)]

    assert texts[0].text == large
    assert texts[1].truncated is True
    assert texts[2].text == ""


async def test_a_reply_that_is_too_long_is_not_read_to_its_end(
    hire: Hire, provider: Provider
) -> None:
    failure = await failed(hire, provider, Answer("x" * 10_000_000))

    assert (failure.kind, str(failure)) == ("server_error", "the reply is over 4 MiB")
    assert failure.may_be_billed


async def test_a_small_body_that_unpacks_to_a_large_one_is_too_long(
    hire: Hire, provider: Provider
) -> None:
    bomb = gzip.compress(b"x" * 10_000_000)
    assert len(bomb) < 20_000

    failure = await failed(
        hire, provider, Answer(body=bomb, headers={"content-encoding": "gzip"})
    )

    assert str(failure) == "the reply is over 4 MiB"


async def test_a_packed_reply_is_unpacked(hire: Hire, provider: Provider) -> None:
    body = json.dumps({"choices": [{"message": {"role": "assistant", "content": "8"}}]})
    packed = Answer(
        body=gzip.compress(body.encode()), headers={"content-encoding": "gzip"}
    )
    provider.answers["model-x"] = [packed]

    assert (await hire(expert_at(provider)).reply(QUESTION)).text == "8"


async def test_a_key_that_a_server_quotes_stays_secret(
    hire: Hire, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "hunter2hunter2")
    provider.answers["model-x"] = [Answer(status=401, message="who is hunter2hunter2?")]

    with pytest.raises(CallError) as caught:
        await hire(expert_at(provider, api_key_env="MY_KEY")).reply(QUESTION)

    assert "hunter2" not in str(caught.value)
