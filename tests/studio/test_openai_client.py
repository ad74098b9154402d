"""The official client against a real server: everything it reads is there."""

from collections.abc import AsyncIterator, Iterator

import openai
import pytest
from a_server import priced_panel
from openai.types.chat import ChatCompletionMessageParam
from panel import Recorder
from pydantic import BaseModel
from served import Served, served

from nsed.config.settings import Settings
from nsed.models.base import Reply, Request
from nsed.protocol.usage import Usage

QUESTION: list[ChatCompletionMessageParam] = [
    {"role": "user", "content": "What is 6 * 7?"}
]


@pytest.fixture(scope="module")
def here() -> Iterator[Served]:
    settings = Settings(experts=priced_panel(), knobs={"retry_wait_s": 0})
    with served(settings) as server:
        yield server


@pytest.fixture
def client(here: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{here.url}/v1", api_key="-", max_retries=0) as made:
        yield made


@pytest.fixture
async def async_client(here: Served) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=f"{here.url}/v1", api_key="-", max_retries=0
    ) as made:
        yield made


def test_an_answer_with_all_that_the_client_reads(
    here: Served, client: openai.OpenAI
) -> None:
    found = client.chat.completions.create(model="nsed", messages=QUESTION)

    record = here.begun[-1].record
    assert record is not None
    assert found.id == f"chatcmpl-{record.run_id}"
    assert found.object == "chat.completion"
    assert found.model == "nsed"
    assert abs(found.created - record.started_at) < 60
    (choice,) = found.choices
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert choice.message.content == record.verdict.text
    assert choice.message.refusal is None
    usage = found.usage
    assert usage is not None
    calls = [call.usage for call in record.calls.values()]
    assert len(calls) == 12
    assert usage.prompt_tokens == sum(call.input_tokens for call in calls)
    assert usage.completion_tokens == sum(call.output_tokens for call in calls)
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert (found.model_extra or {})["nsed"]["answer"] == "42"


async def test_the_async_client_gets_the_same(
    here: Served, async_client: openai.AsyncOpenAI
) -> None:
    found = await async_client.chat.completions.create(model="nsed", messages=QUESTION)

    assert found.choices[0].message.content == "6 * 7 = 42\nAnswer: 42"


def test_a_stream_is_role_then_rounds_then_answer_then_end_then_usage(
    here: Served, client: openai.OpenAI
) -> None:
    chunks = list(
        client.chat.completions.create(
            model="nsed",
            messages=QUESTION,
            stream=True,
            stream_options={"include_usage": True},
        )
    )

    record = here.begun[-1].record
    assert record is not None
    assert {chunk.id for chunk in chunks} == {f"chatcmpl-{record.run_id}"}
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    *rest, last, bill = chunks
    deltas = [chunk.choices[0].delta.model_dump(exclude_unset=True) for chunk in rest]
    assert deltas[0] == {"role": "assistant", "content": ""}
    kinds = ["".join(delta) for delta in deltas[1:]]
    told = kinds.count("reasoning_content")
    assert kinds == ["reasoning_content"] * told + ["content"] * (len(kinds) - told)
    lines = "".join(delta.get("reasoning_content", "") for delta in deltas)
    assert lines.splitlines()[:3] == [
        "Round 1: ada, bob, cy deliberate.",
        "ada answers: 42",
        "bob answers: 41",
    ]
    assert lines.endswith("Stopped: unanimous.\n")
    assert "".join(d.get("content", "") for d in deltas) == record.verdict.text
    assert [c.choices[0].finish_reason for c in rest] == [None] * len(rest)
    assert last.choices[0].finish_reason == "stop"
    assert (last.model_extra or {})["nsed"]["run_id"] == record.run_id
    assert all("nsed" not in (chunk.model_extra or {}) for chunk in rest)
    assert bill.choices == []
    assert bill.usage is not None
    assert bill.usage.total_tokens == record.verdict.usage.tokens
    assert all(chunk.usage is None for chunk in (*rest, last))


async def test_without_asking_for_it_a_stream_has_no_usage(
    async_client: openai.AsyncOpenAI,
) -> None:
    stream = await async_client.chat.completions.create(
        model="nsed", messages=QUESTION, stream=True
    )
    chunks = [chunk async for chunk in stream]

    assert all(chunk.usage is None for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_the_streaming_helper_adds_up_to_the_same_answer(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="nsed", messages=QUESTION) as stream:
        final = stream.get_final_completion()

    assert final.choices[0].message.content == "6 * 7 = 42\nAnswer: 42"


def test_a_pydantic_class_is_filled_in() -> None:
    class Product(BaseModel):
        value: int
        reason: str

    settings = Settings(experts=priced_panel(), knobs={"retry_wait_s": 0})
    hire = Recorder(**dict.fromkeys(("ada", "bob", "cy"), in_form))
    with (
        served(settings, hire=hire) as here,
        openai.OpenAI(base_url=f"{here.url}/v1", api_key="-") as client,
    ):
        found = client.chat.completions.parse(
            model="nsed", messages=QUESTION, response_format=Product
        )

    assert found.choices[0].message.parsed == Product(value=42, reason="six sevens")
    summary = (found.model_extra or {})["nsed"]
    record = here.begun[0].record
    assert record is not None
    assert summary["reasked"] is True
    assert summary["calls"] == record.verdict.usage.calls + 1
    assert found.usage is not None
    assert found.usage.total_tokens == record.verdict.usage.tokens + 5 + 7


def in_form(request: Request) -> Reply | None:
    """Write the object, where it is asked for."""
    if "value" not in (request.json_schema or {}).get("properties", {}):
        return None
    return Reply(
        '{"value": 42, "reason": "six sevens"}',
        usage=Usage(calls=1, input_tokens=5, output_tokens=7),
    )


def test_the_raw_response_has_the_run_as_request_id(
    here: Served, client: openai.OpenAI
) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="nsed-fast", messages=QUESTION
    )

    assert raw.status_code == 200
    assert raw.headers["content-type"] == "application/json"
    assert raw.headers["x-request-id"] == here.begun[-1].run.run_id
    parsed = raw.parse()
    assert parsed._request_id == here.begun[-1].run.run_id
    assert (parsed.model_extra or {})["nsed"]["rounds"] == 1


def test_presets_are_the_models(client: openai.OpenAI) -> None:
    models = client.models.list().data

    assert [model.id for model in models] == ["nsed", "nsed-deep", "nsed-fast"]
    assert client.models.retrieve("nsed-deep").owned_by == "nsed"
    with pytest.raises(openai.NotFoundError, match="Did you mean 'nsed-fast'") as told:
        client.models.retrieve("nsed-fats")
    assert told.value.code == "model_not_found"


def test_errors_are_the_clients_own(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="nsed", messages=QUESTION, n=2)

    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    assert refused.value.type == "invalid_request_error"
    assert refused.value.param == "n"
