"""A deliberation as a LangChain Runnable."""

import asyncio
import threading
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField, RunnableLambda
from loopback_provider import Provider
from panel import Recorder, settings_for
from questions import expert_at

from nsed.doors import adeliberate
from nsed.models.base import Request
from nsed.protocol.errors import ConfigError, QuorumError
from nsed.runnable import as_runnable
from nsed.state.run_record import RunRecord


def answer_of(record: RunRecord) -> str:
    return record.verdict.answer


class Book(BaseCallbackHandler):
    """Notes what begins: name, tags, metadata, ids."""

    run_inline = True

    def __init__(self) -> None:
        self.began: list[dict[str, Any]] = []

    def on_chain_start(self, *_: Any, **more: Any) -> None:
        self.began.append(more)

    @property
    def names(self) -> list[str]:
        return [one["name"] for one in self.began]


def test_invoke_and_batch_from_synchronous_code() -> None:
    nsed = as_runnable(settings_for())

    assert nsed.invoke("6 * 7?").verdict.answer == "42"
    assert [r.task for r in nsed.batch(["a", "b"])] == ["a", "b"]
    found = dict(nsed.batch_as_completed(["a", "b"]))
    assert [found[n].task for n in (0, 1)] == ["a", "b"]  # type: ignore[union-attr]


@pytest.mark.blocks_the_loop
async def test_and_inside_a_running_loop() -> None:
    nsed = as_runnable(settings_for())

    assert nsed.invoke("6 * 7?").verdict.answer == "42"
    assert len(nsed.batch(["a", "b"])) == 2
    assert list(nsed.stream("6 * 7?"))[-1]["event"] == "finished"


async def test_ainvoke_and_abatch() -> None:
    nsed = as_runnable(settings_for())

    assert (await nsed.ainvoke("6 * 7?")).verdict.answer == "42"
    assert [r.task for r in await nsed.abatch(["a", "b"])] == ["a", "b"]


async def test_a_batch_may_return_its_failures() -> None:
    nsed = as_runnable(settings_for())

    records = await nsed.abatch(["fine", " "], return_exceptions=True)

    assert [type(r) for r in records] == [RunRecord, ConfigError]


def test_also_from_synchronous_code() -> None:
    nsed = as_runnable(settings_for())

    records = nsed.batch(["fine", " "], return_exceptions=True)

    assert [type(r) for r in records] == [RunRecord, ConfigError]


async def test_streamed_alone_it_tells_events_in_a_chain_it_gives_the_record() -> None:
    nsed = as_runnable(settings_for())
    chain = RunnableLambda(str.strip) | nsed | answer_of

    assert [e["event"] async for e in nsed.astream("6 * 7?")][-1] == "finished"
    assert [x async for x in chain.astream(" 6 * 7? ")] == ["42"]
    assert await chain.ainvoke(" 6 * 7? ") == "42"


def test_the_same_chain_from_synchronous_code() -> None:
    chain = RunnableLambda(str.strip) | as_runnable(settings_for()) | answer_of

    assert list(chain.stream(" 6 * 7? ")) == ["42"]
    assert chain.invoke(" 6 * 7? ") == "42"
    assert chain.batch([" a ", " b "]) == ["42", "42"]


CHAT = [
    SystemMessage("Be brief."),
    HumanMessage("Hello"),
    AIMessage("Hi"),
    HumanMessage("6 * 7?"),
]
AS_A_TASK = (
    "Instructions:\nBe brief.\n\nConversation so far:\nUser: Hello\n\nAnswer: Hi\n\n"
    "The question now:\n6 * 7?"
)


@pytest.mark.parametrize(
    ("asked", "task"),
    [
        ("6 * 7?", "6 * 7?"),
        ({"task": "6 * 7?"}, "6 * 7?"),
        (HumanMessage("6 * 7?"), "6 * 7?"),
        ([("user", "6 * 7?")], "6 * 7?"),
        (["6 * 7?"], "6 * 7?"),
        ([{"role": "user", "content": "6 * 7?"}], "6 * 7?"),
        ([HumanMessage([{"type": "text", "text": "6 * 7?"}])], "6 * 7?"),
        (CHAT, AS_A_TASK),
        ({"messages": CHAT}, AS_A_TASK),
        (ChatPromptTemplate.from_messages(CHAT).invoke({}), AS_A_TASK),
        (
            [HumanMessage("6 * 7?"), ToolMessage("42", tool_call_id="1")],
            "Conversation so far:\nTool result: 42\n\nThe question now:\n6 * 7?",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_task_or_a_chat_goes_in(asked: Any, task: str) -> None:
    record = await as_runnable(settings_for(rounds=1)).ainvoke(asked)

    assert record.task == task


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "the task is empty"),
        (" \n", "the task is empty"),
        ([], "there is no user message"),
        ([AIMessage("Hi")], "there is no user message"),
        ({}, "either 'task' or 'messages'"),
        ({"task": "x", "messages": ["x"]}, "either 'task' or 'messages'"),
        ({"tsk": "x"}, "unknown key 'tsk'. Did you mean 'task'?"),
        ({"task": 7}, "task: expected text, found int"),
        (7, "found int"),
        ([7], "not as LangChain has them"),
        (
            [HumanMessage([{"type": "image_url", "image_url": {"url": "x"}}])],
            "experts read text only",
        ),
        ([{"role": "critic", "content": "x"}], "critic"),
    ],
    ids=str,
)
async def test_what_asks_nothing_is_refused(asked: Any, said: str) -> None:
    hire = Recorder()

    with pytest.raises(ConfigError) as caught:
        await as_runnable(settings_for(), hire=hire).ainvoke(asked)

    assert said in str(caught.value)
    assert not hire.asked


async def test_an_argument_that_would_do_nothing_is_refused() -> None:
    with pytest.raises(TypeError, match="takes no argument 'stop'"):
        await as_runnable(settings_for()).ainvoke("?", stop=["x"])


async def test_what_is_passed_on_reaches_the_graph() -> None:
    book = Book()
    id_ = "00000000-0000-4000-8000-000000000008"

    record = await as_runnable(settings_for()).ainvoke(
        "6 * 7?",
        {
            "callbacks": [book],
            "tags": ["mine"],
            "metadata": {"user": "u"},
            "run_name": "my panel",
            "run_id": id_,  # type: ignore[typeddict-item]
        },
    )

    root = book.began[0]
    assert (root["name"], str(root["run_id"])) == ("my panel", id_)
    assert {"broker", "proposer", "peer_review", "verdict"} <= set(book.names)
    assert all("mine" in one["tags"] for one in book.began)
    assert all(one["metadata"]["user"] == "u" for one in book.began)
    assert {one["metadata"]["nsed_run_id"] for one in book.began} == {record.run_id}


async def test_in_a_chain_it_is_part_of_the_chains_trace_and_each_step_told_once() -> (
    None
):
    book = Book()
    chain = as_runnable(settings_for(rounds=1)) | answer_of

    await chain.ainvoke("6 * 7?", {"callbacks": [book], "tags": ["mine"]})

    assert book.names.count("deliberation") == 1
    assert book.names.count("proposer ada, round 1") == 1
    ids = {one["run_id"] for one in book.began}
    roots = [one for one in book.began if one["parent_run_id"] not in ids]
    assert [one["name"] for one in roots] == ["RunnableSequence"]


def test_the_synchronous_door_is_part_of_the_trace_too() -> None:
    book = Book()
    chain = RunnableLambda(str.strip) | as_runnable(settings_for(rounds=1)) | answer_of

    chain.invoke("6 * 7?", {"callbacks": [book]})

    graph = book.began[book.names.index("deliberation")]
    assert graph["parent_run_id"] == book.began[0]["run_id"]
    assert book.names.count("proposer ada, round 1") == 1


async def test_astream_events_show_the_nodes_and_the_calls() -> None:
    nsed = as_runnable(settings_for(rounds=1))
    names = [
        event["name"]
        async for event in nsed.astream_events("6 * 7?", version="v2")
        if event["event"] == "on_chain_start"
    ]

    assert "quadratic_voting" in names
    assert "reviewer bob, round 1" in names


async def test_max_concurrency_bounds_the_calls_of_a_run() -> None:
    now, peak = 0, 0

    async def count(_: Request) -> None:
        nonlocal now, peak
        now += 1
        peak = max(peak, now)
        await asyncio.sleep(0)
        now -= 1

    def hire() -> Recorder:
        return Recorder(ada=count, bob=count, cy=count)

    await as_runnable(settings_for(), hire=hire()).ainvoke("?")
    at_will = peak
    peak = 0
    await as_runnable(settings_for(), hire=hire()).ainvoke("?", {"max_concurrency": 1})

    assert (at_will, peak) == (3, 1)


def test_a_synchronous_batch_keeps_the_endpoints_limit() -> None:
    with Provider(latency_s=0.02) as provider:
        experts = [expert_at(provider, "ada", concurrency=2)]
        nsed = as_runnable(settings_for(*experts, rounds=1))

        records = nsed.batch(["a", "b", "c", "d"])

    assert [r.verdict.answer for r in records] == ["8"] * 4
    assert provider.peak == 2


async def test_an_unknown_key_of_what_is_passed_on_is_refused() -> None:
    wrong: Any = {"calbacks": []}

    with pytest.raises(ConfigError, match="Did you mean 'callbacks'"):
        await as_runnable(settings_for()).ainvoke("?", wrong)


@pytest.mark.parametrize("key", ["configurable", "recursion_limit"])
async def test_what_is_the_runs_own_is_refused_and_a_surrounding_graphs_left_alone(
    key: str,
) -> None:
    passed: Any = {key: {"thread_id": "1"} if key == "configurable" else 5}

    with pytest.raises(ConfigError, match=f"{key} is the run's own"):
        await adeliberate("?", settings_for(), runnable_config=passed)

    record = await as_runnable(settings_for()).ainvoke("6 * 7?", passed)
    assert record.run_id != "1"
    assert record.verdict.rounds == 2


async def test_a_knob_may_be_opened_to_callers_and_only_lowers() -> None:
    nsed = as_runnable(settings_for()).configurable_fields(
        rounds=ConfigurableField("rounds"), seed=ConfigurableField("seed")
    )

    def once(**knobs: Any) -> Any:
        return nsed.ainvoke("?", {"configurable": knobs})

    assert (await once()).verdict.rounds == 2
    one = await once(rounds=1, seed=5)
    assert (one.verdict.rounds, one.context.rounds, one.context.seed) == (1, 1, 5)
    with pytest.raises(ConfigError, match="rounds: expected 1 to 3, found 4"):
        await once(rounds=4)


async def test_a_preset_may_be_an_alternative() -> None:
    nsed = as_runnable(settings_for()).configurable_alternatives(
        ConfigurableField("preset"),
        default_key="normal",
        fast=as_runnable(settings_for(rounds=1)),
    )

    fast = await nsed.ainvoke("?", {"configurable": {"preset": "fast"}})

    assert fast.context.rounds == 1
    assert (await nsed.ainvoke("?")).context.rounds == 3


def test_its_schemas_say_what_goes_in_and_out() -> None:
    nsed = as_runnable(settings_for())
    kinds = nsed.get_input_jsonschema()["anyOf"]

    assert {"type": "string"} in kinds
    assert len(kinds) == 3
    assert nsed.get_output_jsonschema()["title"] == "RunRecord"
    assert nsed.get_name() == "nsed"


async def test_experts_are_let_go_when_the_last_call_that_needs_them_is_done() -> None:
    nsed = as_runnable(settings_for())
    shared = nsed.experts

    async with shared.hired() as first, shared.hired() as second:
        assert first is second
        await nsed.ainvoke("?")
        async with shared.hired() as third:
            assert third is first
    async with shared.hired() as later:
        assert later is not first


def test_each_loop_has_experts_of_its_own() -> None:
    nsed = as_runnable(settings_for())
    answers: list[str] = []

    def work() -> None:
        answers.append(asyncio.run(nsed.ainvoke("?")).verdict.answer)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == ["42"] * 4


async def test_a_failure_is_raised() -> None:
    from nsed.models.scripted import scripted

    failing = as_runnable(settings_for(scripted("ada", "x", fails="always")))

    with pytest.raises(QuorumError):
        await failing.ainvoke("?")
