"""An answer as an object of a form: read, or asked for once more within the caps."""

import asyncio
from typing import Any

import pytest
from loopback_provider import Answer, Provider, filled
from panel import RIGHT, Recorder, deliberate, settings_for
from provider_script import Seen
from pydantic import BaseModel
from typing_extensions import TypedDict

from nsed.answer_form import answer_form
from nsed.models.base import Reply, Request
from nsed.models.hire import Hire
from nsed.models.scripted import scripted
from nsed.protocol.errors import ConfigError, ExpertError, StructureError
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.structured_answer import structured


class Found(BaseModel):
    value: int
    unit: str = "things"


class FoundDict(TypedDict):
    value: int


JSON_SCHEMA = Found.model_json_schema()


def config(text: str = "6 * 7 = 42\nAnswer: 42", **more: Any) -> DeliberationConfig:
    """Ada's answer wins after one round; Bob agrees."""
    script = {name: more.pop(name) for name in ("structured",) if name in more}
    ada = scripted("ada", text, weights=RIGHT, **script)
    bob = scripted("bob", "Answer: 41", weights=RIGHT)
    sol = scripted("sol", "never asked", synthesis=f"{text}", **script)
    roles = {"proposers": ("ada", "bob"), "reviewers": ("ada", "bob")}
    return settings_for(ada, bob, sol, **{"rounds": 1, **roles, **more})


@pytest.mark.parametrize(
    "text",
    [
        '{"value": 42}',
        ' \n{"value": 42}\n',
        'It is this:\n```json\n{"value": 42}\n```\nSo 42.',
        '```\n{"value": 7}\n```\nNo:\n```json\n{"value": 42}\n```',
        'Six sevens.\nAnswer: {"value": 42}',
    ],
)
async def test_an_answer_that_is_such_an_object_is_taken_as_it_is(text: str) -> None:
    hire = Recorder()
    record = await deliberate(config(text), hire=hire)
    calls = len(hire.asked)

    found = await structured(record, Found, hire=hire)

    assert found.value == Found(value=42)
    assert (found.text, found.reasked) == ('{"value": 42}', False)
    assert found.usage == Usage()
    assert len(hire.asked) == calls


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Found, Found(value=42)),
        (JSON_SCHEMA, {"value": 42}),
        (FoundDict, {"value": 42}),
        (None, {"value": 42}),
    ],
    ids=["pydantic", "json schema", "typed dict", "any object"],
)
async def test_the_author_of_the_winner_is_asked_once_to_put_it_into_the_form(
    schema: Any, value: object
) -> None:
    hire = Recorder()
    record = await deliberate(config(structured='{"value": 42}'), hire=hire)
    before = len(hire.asked)

    found = await structured(record, schema, hire=hire)

    assert found.value == value
    assert found.reasked
    assert found.asked == "ada"
    [(who, request)] = hire.asked[before:]
    assert who == "ada"
    assert found.usage.calls == 1
    assert found.usage.tokens > 0
    said = request.messages[-1].content
    assert record.task in said
    assert "\n6 * 7 = 42\nAnswer: 42\n</candidate" in said  # fenced, as foreign text
    assert ('"value"' in said) == (schema is not None)
    assert request.json_schema is not None


async def test_with_a_synthesizer_it_is_the_one_who_is_asked() -> None:
    hire = Recorder()
    record = await deliberate(
        config(synthesizer="sol", structured='{"value": 42}'), hire=hire
    )

    found = await structured(record, Found, hire=hire)

    assert record.verdict.synthesized
    assert (found.asked, hire.asked[-1][0]) == ("sol", "sol")


@pytest.mark.parametrize(
    ("wrote", "says"),
    [
        ("I would rather not.", "expected one JSON object, found str"),
        ('{"value": "many"}', "value: Input should be a valid integer"),
        ("{}", "expected one JSON object, found an empty one"),
        ("", "the reply is empty"),
    ],
)
async def test_what_still_does_not_fit_is_a_problem_and_is_not_asked_again(
    wrote: str, says: str
) -> None:
    hire = Recorder()
    record = await deliberate(config(structured=wrote), hire=hire)
    before = len(hire.asked)

    found = await structured(record, Found, hire=hire)

    assert found.value is None
    assert says in found.problem
    assert len(hire.asked) == before + 1
    assert found.usage.calls == 1
    with pytest.raises(StructureError, match="ada was asked to put the answer into"):
        found.required()


async def test_the_problem_with_a_json_schema_is_said_in_its_words() -> None:
    record = await deliberate(config(structured='{"value": "many"}'))

    found = await structured(record, JSON_SCHEMA, hire=Recorder())

    assert found.problem.endswith("did not: value: 'many' is not of type 'integer'")


async def test_a_reply_that_was_cut_off_is_not_mended() -> None:
    def cut_off(request: Request) -> Reply | None:
        if request.phase != "synthesize":
            return None
        return Reply(text='{"value": 4', usage=Usage(calls=1), truncated=True)

    hire = Recorder(ada=cut_off)
    record = await deliberate(config(), hire=hire)

    found = await structured(record, Found, hire=hire)

    assert "cut off by the limit on output" in found.problem


@pytest.mark.parametrize("room", [0, 1])
async def test_the_caps_of_the_run_hold(room: int) -> None:
    """Four calls are made by then; the fifth needs a fifth place."""
    hire = Recorder()
    knobs = {"max_calls": 4 + room, "structured": '{"value": 42}'}
    record = await deliberate(config(**knobs), hire=hire)
    assert len(hire.asked) == 4

    found = await structured(record, Found, hire=hire)

    assert len(hire.asked) == 4 + room
    assert found.usage.calls == room
    assert found.reasked == bool(room)
    assert ("under the caps" in found.problem) == (room == 0)


@pytest.mark.parametrize("kind", ["unsupported", "server_error"])
async def test_so_do_they_where_asking_in_another_way_or_again_would_help(
    kind: str,
) -> None:
    def fail(request: Request) -> None:
        if request.phase == "synthesize":
            raise ExpertError(kind, "no")

    hire = Recorder(ada=fail)
    record = await deliberate(config(max_calls=5), hire=hire)
    free = await deliberate(config(), hire=Recorder())

    found = await structured(record, Found, hire=hire)
    again = await structured(free, Found, hire=Recorder(ada=fail))

    assert (found.usage.calls, again.usage.calls) == (1, 2)
    assert "ada could not put the answer into the form: no" in found.problem


async def test_the_deadline_of_the_run_holds() -> None:
    hire = Recorder()
    record = await deliberate(config(deadline_s=60), hire=hire)
    late = record.model_copy(update={"started_at": record.started_at - 61})
    before = len(hire.asked)

    found = await structured(late, Found, hire=hire)

    assert len(hire.asked) == before
    assert "the deadline of the run was reached" in found.problem


async def test_whoever_does_not_answer_is_a_problem_with_its_cause_and_its_cost() -> (
    None
):
    async def hang(request: Request) -> None:
        if request.phase == "synthesize":
            await asyncio.Event().wait()

    hire = Recorder(ada=hang)
    record = await deliberate(config(synthesize_timeout_s=0.05), hire=hire)

    found = await structured(record, Found, hire=hire)

    assert (
        "ada could not put the answer into the form: no answer within" in found.problem
    )
    assert found.usage.calls == 1


async def test_a_run_without_an_answer_has_nothing_to_put_into_a_form() -> None:
    record = await deliberate(config())
    failed = record.verdict.model_copy(update={"status": "failed", "text": ""})

    found = await structured(
        record.model_copy(update={"verdict": failed}), Found, hire=Recorder()
    )

    assert found.problem == "the run has no answer"


@pytest.mark.parametrize("schema", [int, "Found", 3, {"type": "array"}])
async def test_a_form_of_no_use_is_refused(schema: Any) -> None:
    record = await deliberate(config())

    with pytest.raises(ConfigError, match="schema"):
        await structured(record, schema, hire=Recorder())


def panel_at(url: str, **more: Any) -> DeliberationConfig:
    experts = [
        {"name": name, "model": name, "base_url": url, **more}
        for name in ("ada", "bob")
    ]
    return DeliberationConfig.model_validate(
        {"experts": experts, "rounds": 1, "retry_wait_s": 0}
    )


def picky(seen: Seen) -> Answer:
    """A server that takes schemas of ballots, and no other."""
    if "critique" in str(seen.schema):
        return Answer(filled(seen.schema))
    if seen.schema:
        return Answer(status=400, message="json_schema: unsupported schema")
    asked = "Write this answer as one JSON object" in str(seen.body["messages"])
    return Answer('Here:\n{"value": 8,}' if asked else "Answer: 8")


async def test_a_schema_that_the_server_refuses_is_asked_for_in_words() -> None:
    """And the server is thought no less of when the next ballots are due."""
    hire = Hire()
    with Provider() as provider:
        provider.answers["*"] = picky
        record = await deliberate(panel_at(provider.url), hire=hire)
        found = await structured(record, JSON_SCHEMA, hire=hire)
        asked = provider.methods[-2:]
        await deliberate(panel_at(provider.url), hire=hire)
        ballots = [seen.method for seen in provider.seen if seen.schema][-2:]
    await hire.aclose()

    assert found.value == {"value": 8}  # mended, and whole
    assert asked == ["json_schema", "text"]
    assert found.usage.calls == 2
    assert ballots == ["json_schema", "json_schema"]


@pytest.mark.parametrize("method", ["json_schema", "tools", "json_mode", "text"])
async def test_an_expert_with_its_own_way_of_json_is_asked_in_that_way(
    method: str,
) -> None:
    hire = Hire()
    with Provider() as provider:
        provider.answers["*"] = lambda seen: Answer(
            filled(seen.schema)
            if "critique" in str(seen.body)
            else '{"value": 8}'
            if "as one JSON object" in str(seen.body)
            else "Answer: 8"
        )
        config = panel_at(provider.url, ballots=method)
        record = await deliberate(config, hire=hire)
        found = await structured(record, JSON_SCHEMA, hire=hire)
        last = provider.methods[-1]
    await hire.aclose()

    assert (found.value, last) == ({"value": 8}, method)


def test_a_schema_of_parts_is_not_closed_or_no_object_would_fit() -> None:
    parts = [{"properties": {name: {"type": "integer"}}} for name in "ab"]

    assert answer_form({"allOf": parts}).enforced == {"allOf": parts}


async def test_the_schema_that_is_sent_is_closed_and_the_check_is_the_callers() -> None:
    hire = Recorder()
    record = await deliberate(config(structured='{"value": 42, "more": 1}'), hire=hire)

    found = await structured(record, JSON_SCHEMA, hire=hire)

    sent = hire.asked[-1][1].json_schema
    assert sent is not None
    assert sent["additionalProperties"] is False
    assert "additionalProperties" not in JSON_SCHEMA
    assert found.value == {"value": 42, "more": 1}
