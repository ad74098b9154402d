"""A chat model whose answer is a verdict: what goes in, and what comes out."""

from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    HumanMessage,
    SystemMessage,
)
from langchain_core.tools import tool
from panel import RIGHT, Recorder, panel, settings_for
from pydantic import ValidationError

import nsed
from nsed.chat_model import ChatNSED
from nsed.doors import adeliberate
from nsed.models.hire import Hire
from nsed.protocol.errors import (
    BudgetError,
    ConfigError,
    QuorumError,
    UnsupportedError,
)
from nsed.protocol.memory_text import token_estimate
from nsed.state.context import DeliberationConfig

TOML = """
[limits]
retry_wait_s = 0
[presets.short]
rounds = 1
[[experts]]
name = "ada"
provider = "scripted"
[experts.script]
proposals = ["Answer: 42"]
weights = { "42" = 80 }
[[experts]]
name = "bob"
provider = "scripted"
[experts.script]
proposals = ["Answer: 41", "Answer: 42"]
weights = { "42" = 80, "41" = -50 }
"""


def chat(*experts: Any, **more: Any) -> ChatNSED:
    words = ("hire", "budget", "max_tokens", "seed", "temperature", "timeout", "stop")
    model = {name: more.pop(name) for name in words if name in more}
    return ChatNSED(config=settings_for(*experts, **more), **model)


async def test_the_answer_is_the_verdict_and_the_bill_is_of_all_calls() -> None:
    record = await adeliberate("What is 6 * 7?", settings_for())

    message = await chat().ainvoke("What is 6 * 7?")

    found, verdict = message.response_metadata["nsed"], record.verdict
    assert message.text == verdict.text
    assert found["answer"] == "42"
    assert found["status"] == "complete"
    assert found["stop_reason"] == str(verdict.stop_reason)
    assert found["conviction"] == verdict.conviction
    assert (found["rounds"], found["absences"]) == (verdict.rounds, [])
    assert (found["usd"], found["calls"]) == (0.0, verdict.usage.calls)
    assert len(found["run_id"]) == 32
    assert "events" not in found
    assert message.response_metadata["model_name"] == "nsed"
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.usage_metadata == {
        "input_tokens": sum(c.usage.input_tokens for c in record.calls.values()),
        "output_tokens": sum(c.usage.output_tokens for c in record.calls.values()),
        "total_tokens": verdict.usage.tokens,
        "input_token_details": {"cache_read": 0},
    }


async def test_a_degraded_answer_says_so_and_who_is_missing() -> None:
    model = chat(*panel()[:2], nsed.scripted("cy", "x", fails="always"), rounds=1)

    found = (await model.ainvoke("What is 6 * 7?")).response_metadata["nsed"]

    assert found["status"] == "degraded"
    assert {absence["expert"] for absence in found["absences"]} == {"cy"}
    assert {absence["kind"] for absence in found["absences"]} == {"connection"}
    assert any("cy is missing" in note for note in found["notes"])


async def test_without_prices_the_dollars_are_unknown_and_not_nothing() -> None:
    bob = nsed.scripted("bob", "Answer: 42", usd_per_mtok_input=None)

    found = (await chat(panel()[0], bob, rounds=1).ainvoke("?")).response_metadata

    assert found["nsed"]["usd"] is None


@pytest.mark.blocks_the_loop
async def test_no_answer_is_an_error_however_one_asks() -> None:
    model = chat(nsed.scripted("ada", "x", fails="always"))

    with pytest.raises(QuorumError):
        await model.ainvoke("?")
    with pytest.raises(QuorumError):
        [_ async for _ in model.astream("?")]
    with pytest.raises(QuorumError):
        model.invoke("?")
    with pytest.raises(QuorumError):
        list(model.stream("?"))


async def test_the_experts_see_the_whole_chat() -> None:
    hire = Recorder()

    await chat(hire=hire).ainvoke(
        [
            SystemMessage("Be brief."),
            HumanMessage("What is 6 * 6?"),
            AIMessage("36"),
            HumanMessage("And one six more?"),
        ]
    )

    assert (
        hire.asked[0][1]
        .messages[-1]
        .content.startswith(
            "Task: Instructions:\nBe brief.\n\nConversation so far:\n"
            "User: What is 6 * 6?\n\nAnswer: 36\n\nThe question now:\nAnd one six more?"
        )
    )


@pytest.mark.parametrize(
    "messages", [[], [AIMessage("x")], [HumanMessage("")]], ids=len
)
async def test_messages_that_ask_nothing_are_refused(messages: list[Any]) -> None:
    with pytest.raises(ConfigError, match="ask nothing"):
        await chat().ainvoke(messages)


async def test_an_image_is_refused_before_anybody_is_asked() -> None:
    hire = Recorder()
    image = {"type": "image_url", "image_url": {"url": "data:"}}

    with pytest.raises(UnsupportedError, match="'image_url'"):
        await chat(hire=hire).ainvoke([HumanMessage([image])])
    assert hire.asked == []


async def test_a_stream_is_events_then_the_text_then_the_verdict() -> None:
    text = "Six sevens are as many as seven sixes, so six times seven is\nAnswer: 42"
    model = chat(nsed.scripted("ada", text, weights=RIGHT), panel()[2], rounds=1)

    chunks = [chunk async for chunk in model.astream("What is 6 * 7?")]

    spoken = [n for n, chunk in enumerate(chunks) if chunk.content]
    told = [
        n
        for n, c in enumerate(chunks)
        if "events" in c.response_metadata.get("nsed", {})
    ]
    assert told == list(range(len(told)))
    assert spoken == list(range(len(told), len(chunks) - 1))
    assert len(spoken) > 1
    assert "".join(str(chunk.content) for chunk in chunks) == text
    assert [chunk.chunk_position for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].chunk_position == "last"
    assert [n for n, c in enumerate(chunks) if c.usage_metadata] == [len(chunks) - 1]
    assert len({chunk.id for chunk in chunks}) == 1


async def test_chunks_add_up_to_the_message_with_the_events_as_a_list() -> None:
    model = chat(seed=3)
    whole: AIMessageChunk | None = None
    async for chunk in model.astream("What is 6 * 7?"):
        whole = chunk if whole is None else whole + chunk
    message = await model.ainvoke("What is 6 * 7?")

    assert whole is not None
    assert whole.content == message.content
    assert whole.usage_metadata == message.usage_metadata
    streamed, said = (m.response_metadata["nsed"] for m in (whole, message))
    events = streamed.pop("events")
    assert [e["event"] for e in events[:2]] == ["bound", "asked"]
    assert events[-1]["event"] == "halted"
    for found in (streamed, said):
        found["run_id"] = found["seconds"] = None
    assert streamed == said


async def test_stop_sequences_cut_the_text_and_nothing_that_is_read_from_it() -> None:
    hire = Recorder()
    model = chat(hire=hire, stop=["Answer"])

    message = await model.ainvoke("What is 6 * 7?")
    other = await model.ainvoke("What is 6 * 7?", stop=["=", "7"])
    whole = await model.ainvoke("What is 6 * 7?", stop=[])

    assert message.text == "6 * 7 = 42\n"
    assert message.response_metadata["nsed"]["answer"] == "42"
    assert message.response_metadata["nsed"]["cut_at_stop"] is True
    assert message.response_metadata["finish_reason"] == "stop"
    assert other.text == "6 * "
    assert whole.response_metadata["nsed"]["cut_at_stop"] is False
    assert not any("stop" in str(r.messages) for _, r in hire.asked)


async def test_what_one_call_asks_for_holds_for_that_call() -> None:
    hire = Recorder()
    model = chat(hire=hire, max_tokens=64)

    await model.ainvoke("?", max_tokens=32, seed=7, temperature=0.5)
    first = hire.asked[:]
    await model.ainvoke("?")

    assert {r.max_output_tokens for _, r in first if r.phase == "propose"} == {32}
    assert {r.seed for _, r in first} == {7}
    later = [r for _, r in hire.asked[len(first) :] if r.phase == "propose"]
    assert {(r.max_output_tokens, r.seed) for r in later} == {(64, 0)}


def test_temperature_budget_and_time_reach_the_configuration() -> None:
    model = chat(max_usd=0.5, deadline_s=100, temperature=0.25, budget=0.125, timeout=9)

    settled = model._call(None, {"budget": 0.0625, "temperature": 1})

    assert {e.temperature for e in settled.config.experts} == {1.0}
    assert (settled.config.max_usd, settled.config.deadline_s) == (0.0625, 9)
    assert model._call(None, {"budget": 3}).config.max_usd == 0.5  # never raised


async def test_a_budget_that_carries_nothing_is_an_error() -> None:
    priced = [
        nsed.scripted(n, "Answer: 1", usd_per_mtok_input=100, usd_per_mtok_output=100)
        for n in ("ada", "bob")
    ]

    with pytest.raises(BudgetError):
        await chat(*priced, budget=1e-6).ainvoke("?")


async def test_a_preset_is_a_model_and_a_model_is_a_preset() -> None:
    model = chat(rounds=3)

    fast = await model.ainvoke("What is 6 * 7?", model="nsed-fast")
    again = await ChatNSED(config=settings_for(), model="nsed-fast").ainvoke("?")
    whole = await ChatNSED(config=settings_for(), preset="fast").ainvoke(
        "What is 6 * 7?", model="nsed"
    )

    assert fast.response_metadata["model_name"] == "nsed-fast"
    assert fast.response_metadata["nsed"]["rounds"] == 1
    assert again.response_metadata["nsed"]["rounds"] == 1
    assert whole.response_metadata["model_name"] == "nsed"
    assert whole.response_metadata["nsed"]["rounds"] == 2


@pytest.mark.parametrize("name", ["gpt-4", "nsed-", "nsedfast", "nsed-quick"])
async def test_a_model_that_is_not_there_is_said(name: str) -> None:
    with pytest.raises(
        ConfigError, match=r"model: expected|no preset is named 'quick'"
    ):
        await chat().ainvoke("?", model=name)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"temprature": 1}, "temprature: not an argument of ChatNSED. Did you mean"),
        ({"n": 2}, "n: not an argument"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 3}, "answer_tokens"),
        ({"stop": [""]}, "stop: each"),
        ({"response_format": None, "stop": ["x"]}, "stop: a JSON object cannot be cut"),
        ({"budget": -1}, "max_usd"),
    ],
)
async def test_a_wrong_argument_of_a_call_is_said(
    given: dict[str, Any], says: str
) -> None:
    hire = Recorder()

    with pytest.raises(ConfigError, match=says):
        await chat(hire=hire).ainvoke("?", **given)
    assert hire.asked == []


def test_configurations_come_from_a_file_an_object_experts_or_nowhere(
    tmp_path: Any,
) -> None:
    file = tmp_path / "nsed.toml"
    file.write_text(TOML)

    one = ChatNSED(config_file=str(file), preset="short").invoke("?")
    two = ChatNSED(config=settings_for(rounds=1)).invoke("?")
    three = ChatNSED(experts=panel(), preset="fast").invoke("?")

    metadata = [m.response_metadata for m in (one, two, three)]
    assert [m["nsed"]["rounds"] for m in metadata] == [1, 1, 1]
    assert [m["model_name"] for m in metadata] == ["nsed-short", "nsed", "nsed-fast"]
    assert ChatNSED()._call(None, {}).config == DeliberationConfig()


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (
            {"config": {"rounds": 1}, "experts": panel()},
            ConfigError,
            "config or experts",
        ),
        ({"config_file": "no-such.toml"}, ConfigError, r"no-such.toml: No such file"),
        ({"preset": "quick"}, ConfigError, "no preset is named 'quick'"),
        ({"model": "nsed-fast", "preset": "deep"}, ConfigError, "contradict"),
        ({"config": {"human_review": True}}, ConfigError, "human_review"),
        ({"temperature": 9}, ConfigError, "temperature"),
        ({"budget": 1}, ConfigError, "price of .* is unknown"),
        ({"temprature": 1}, ValidationError, "temprature"),
        ({"api_key": "x"}, ValidationError, "api_key"),
    ],
)
def test_a_wrong_configuration_is_found_when_the_model_is_made(
    given: dict[str, Any], error: type[Exception], says: str
) -> None:
    if "budget" in given:
        given = {**given, "experts": (nsed.ExpertConfig(name="a", model="x"),)}
    with pytest.raises(error, match=says):
        ChatNSED(**given)


def test_tools_are_refused_with_what_to_do_instead() -> None:
    @tool
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    model = chat()

    with pytest.raises(UnsupportedError, match=r"nsed.as_tool\(\)"):
        model.bind_tools([add])
    with pytest.raises(NotImplementedError):  # what LangChain's own models raise
        model.bind_tools([add], tool_choice="any")
    with pytest.raises(UnsupportedError, match="call no tools"):
        model.invoke("?", tools=[{"type": "function"}])
    assert model.bind_tools([]).invoke("What is 6 * 7?").text


async def test_an_answer_out_of_langchains_cache_asks_nobody() -> None:
    hire = Recorder()
    model = chat(hire=hire).model_copy(update={"cache": InMemoryCache()})

    first = await model.ainvoke("What is 6 * 7?")
    asked = len(hire.asked)
    again = await model.ainvoke("What is 6 * 7?")
    other = await model.ainvoke("What is 6 * 7?", temperature=0.1)

    assert again.text == first.text
    assert len(hire.asked) > asked  # by the third, which is another question
    assert (
        other.response_metadata["nsed"]["run_id"]
        != (again.response_metadata["nsed"]["run_id"])
    )


async def test_calls_at_work_together_share_one_hire_that_is_then_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Hire] = []
    closed: list[Hire] = []
    init, close = Hire.__init__, Hire.aclose

    def noted(self: Hire, **more: Any) -> None:
        made.append(self)
        init(self, **more)

    async def ended(self: Hire) -> None:
        closed.append(self)
        await close(self)

    monkeypatch.setattr(Hire, "__init__", noted)
    monkeypatch.setattr(Hire, "aclose", ended)
    model = chat()

    await model.abatch(["What is 6 * 7?"] * 5)
    await model.ainvoke("?")

    assert len(made) == 2
    assert closed == made


def test_tokens_are_estimated_without_any_download() -> None:
    assert chat().get_num_tokens("x" * 400) == token_estimate("x" * 400)
