"""Answers as objects, through LangChain's interface."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage
from panel import RIGHT, Recorder, settings_for
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

import nsed
from nsed.chat_model import ChatNSED
from nsed.protocol.errors import ConfigError, StructureError, UnsupportedError


class Found(BaseModel):
    """What was found."""

    value: int = Field(ge=0)


class FoundDict(TypedDict):
    """What was found."""

    value: int


FUNCTION = {
    "name": "found",
    "description": "What was found.",
    "parameters": Found.model_json_schema(),
}
OPENAI = {
    "type": "json_schema",
    "json_schema": {"name": "found", "schema": Found.model_json_schema()},
}


def chat(wrote: str = '{"value": 42}', **more: Any) -> ChatNSED:
    ada = nsed.scripted("ada", "Answer: 42", weights=RIGHT, structured=wrote)
    bob = nsed.scripted("bob", "Answer: 41", weights=RIGHT)
    return ChatNSED(config=settings_for(ada, bob, rounds=1), **more)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Found, Found(value=42)),
        (FoundDict, {"value": 42}),
        (Found.model_json_schema(), {"value": 42}),
        (FUNCTION, {"value": 42}),
        ({"type": "function", "function": FUNCTION}, {"value": 42}),
        (OPENAI, {"value": 42}),
        ({"type": "json_object"}, {"value": 42}),
        (None, {"value": 42}),
    ],
    ids=str,
)
async def test_however_a_schema_is_written_the_answer_fits_it(
    schema: Any, value: object
) -> None:
    bound = chat().with_structured_output(schema)

    assert await bound.ainvoke("What is 6 * 7?") == value
    assert [part async for part in bound.astream("What is 6 * 7?")] == [value]


def test_from_synchronous_code() -> None:
    bound = chat().with_structured_output(Found)

    assert bound.invoke("What is 6 * 7?") == Found(value=42)
    assert list(bound.stream("What is 6 * 7?")) == [Found(value=42)]


async def test_the_raw_message_says_that_it_was_asked_again_and_bills_it() -> None:
    hire = Recorder()
    model = chat(hire=hire)
    plain = await model.ainvoke("What is 6 * 7?")

    found: Any = await model.with_structured_output(Found, include_raw=True).ainvoke(
        "What is 6 * 7?"
    )

    raw = found["raw"]
    assert isinstance(raw, AIMessage)
    assert (raw.text, found["parsed"]) == ('{"value": 42}', Found(value=42))
    assert found["parsing_error"] is None
    said = raw.response_metadata["nsed"]
    assert said["structured"] == {"reasked": True, "asked": "ada", "problem": ""}
    assert said["answer"] == "42"
    assert said["calls"] == 5
    assert raw.usage_metadata
    assert plain.usage_metadata
    assert raw.usage_metadata["total_tokens"] > plain.usage_metadata["total_tokens"]


@pytest.mark.parametrize("wrote", ['{"value": -1}', "no"])
async def test_what_does_not_fit_is_an_error_or_stands_beside_the_raw_message(
    wrote: str,
) -> None:
    with pytest.raises(
        StructureError, match="ada was asked to put the answer"
    ) as error:
        await chat(wrote).with_structured_output(Found).ainvoke("?")
    assert error.value.text == wrote

    raw: Any = chat(wrote).with_structured_output(Found, include_raw=True)
    found = await raw.ainvoke("?")
    assert found["parsed"] is None
    assert isinstance(found["parsing_error"], StructureError)
    assert found["raw"].text == wrote
    assert found["raw"].usage_metadata["total_tokens"] > 0


@pytest.mark.parametrize(
    "method", ["json_schema", "function_calling", "json_mode", None]
)
async def test_the_words_of_other_models_are_taken(method: Any) -> None:
    bound = chat().with_structured_output(Found, method=method, strict=True)

    assert await bound.ainvoke("?") == Found(value=42)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"method": "xml"}, ConfigError, "method: expected one of json_schema"),
        ({"sctrict": True}, ConfigError, "found 'sctrict'"),
        ({"tools": [1]}, UnsupportedError, "nsed.as_tool"),
    ],
)
def test_other_words_are_refused(given: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        chat().with_structured_output(Found, **given)


@pytest.mark.parametrize(
    "schema", [int, 3, {"nothing": 1}, {"type": "object", "properties": 3}]
)
def test_a_schema_of_no_use_is_refused_before_anything_is_asked(schema: Any) -> None:
    with pytest.raises(ConfigError, match="schema"):
        chat().with_structured_output(schema)
