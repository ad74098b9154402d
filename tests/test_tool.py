"""A deliberation as a tool of an agent."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.checkpoint.memory import InMemorySaver
from panel import Recorder, settings_for

import nsed
from nsed.models.base import Request
from nsed.models.scripted import scripted
from nsed.protocol.errors import ConfigError
from nsed.state.run_record import RunRecord
from nsed.tool import as_tool

ALONE = (scripted("ada", "Answer: 42"), scripted("bob", "x", fails="always"))
NOBODY = (scripted("ada", "x", fails="always"),)


class Scripted(GenericFakeChatModel):
    """Calls tools as it is told, and keeps what it was shown."""

    shown: list[list[BaseMessage]] = []  # noqa: RUF012 - a field
    bound: list[Any] = []  # noqa: RUF012 - a field

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        self.bound.extend(tools)
        return self

    def _generate(self, messages: Any, *args: Any, **more: Any) -> Any:
        self.shown.append(messages)
        return super()._generate(messages, *args, **more)


def model(tool: BaseTool, **arguments: Any) -> Scripted:
    call = {"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"}
    said: Iterator[AIMessage] = iter(
        [AIMessage("", tool_calls=[call]), AIMessage("It is 42.")]
    )
    return Scripted(messages=said, shown=[], bound=[])


def result(tool: BaseTool, **arguments: Any) -> ToolMessage:
    asking = model(tool, **arguments)
    agent = create_agent(asking, [tool])
    end = agent.invoke({"messages": [("user", "What is 6 * 7?")]})
    assert end["messages"][-1].content == "It is 42."
    (message,) = (m for m in asking.shown[-1] if isinstance(m, ToolMessage))
    return message


def test_an_agent_asks_and_reads_the_answer() -> None:
    message = result(as_tool(settings_for()), task="What is 6 * 7?")

    assert message.status == "success"
    assert "Answer: 42" in message.content
    assert "conviction after 2 rounds" in message.content
    assert "Degraded" not in message.content


async def test_an_agent_may_be_asynchronous() -> None:
    tool = as_tool(settings_for())
    agent = create_agent(model(tool, task="What is 6 * 7?"), [tool])

    end = await agent.ainvoke({"messages": [("user", "What is 6 * 7?")]})

    assert "42" in end["messages"][2].content


def test_the_record_is_the_artifact() -> None:
    message = result(as_tool(settings_for()), task="What is 6 * 7?")

    record = RunRecord.model_validate(message.artifact)
    assert record.task == "What is 6 * 7?"
    assert len(record.ballots) == 6
    assert json.dumps(message.artifact)


def test_a_degraded_answer_says_so() -> None:
    message = result(as_tool(settings_for(*ALONE)), task="What is 6 * 7?")

    assert message.status == "success"
    assert "Degraded: not all experts took part" in message.content
    assert "bob is missing from round 1" in message.content


def test_a_failure_is_an_error_that_the_agent_can_read() -> None:
    message = result(as_tool(settings_for(*NOBODY)), task="What is 6 * 7?")

    assert message.status == "error"
    assert "The panel gave no answer (QuorumError)" in message.content
    assert "ada is scripted to fail" in message.content
    assert "Traceback" not in message.content


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "task: Field required"),
        ({"task": ""}, "task: String should have at least 1 character"),
        ({"task": " "}, "the task is empty"),
        ({"task": "x", "rounds": 9}, "rounds: Input should be less than or equal to 3"),
        ({"task": "x", "max_usd": 1}, "max_usd: Extra inputs are not permitted"),
    ],
    ids=str,
)
def test_wrong_arguments_are_an_error_and_nobody_is_asked(
    arguments: dict[str, Any], said: str
) -> None:
    hire = Recorder()
    tool = as_tool(settings_for(), hire=hire, agent_may_set=["rounds"])

    message = result(tool, **arguments)

    assert message.status == "error"
    assert said in message.content
    assert not hire.asked


def test_a_bug_is_not_hidden_from_the_developer() -> None:
    def bug(_: Request) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        as_tool(settings_for(), hire=Recorder(ada=bug)).invoke({"task": "x"})


def test_the_agent_may_set_what_it_was_allowed_to_and_only_lower_it() -> None:
    tool = as_tool(settings_for(max_usd=1), agent_may_set=["max_usd", "rounds"])

    assert list(tool.args) == ["task", "rounds", "max_usd"]
    record = RunRecord.model_validate(
        result(tool, task="x", rounds=1, max_usd=5).artifact
    )
    assert (record.context.rounds, record.context.max_usd) == (1, 1)
    lower = RunRecord.model_validate(result(tool, task="x", max_usd=0.5).artifact)
    assert (lower.context.rounds, lower.context.max_usd) == (3, 0.5)


def test_by_default_the_agent_sets_nothing_but_the_task() -> None:
    tool = as_tool(settings_for(), name="panel", description="Ask them.")

    assert list(tool.args) == ["task"]
    assert (tool.name, tool.description) == ("panel", "Ask them.")
    with pytest.raises(ConfigError, match="Did you mean 'rounds'"):
        as_tool(settings_for(), agent_may_set=["round"])  # type: ignore[list-item]


def test_a_cap_in_dollars_needs_known_prices_when_the_tool_is_made() -> None:
    ada = nsed.ExpertConfig(name="ada", model="m")

    with pytest.raises(ConfigError, match="the price of 'ada' is unknown"):
        as_tool(settings_for(ada), agent_may_set=["max_usd"])


def test_a_cap_that_carries_nothing_is_an_error_that_the_agent_can_read() -> None:
    tool = as_tool(settings_for(max_tokens=10))

    message = result(tool, task="x")

    assert message.status == "error"
    assert "cannot carry a single answer" in message.content


def test_without_an_agent_a_call_gives_the_text() -> None:
    assert "42" in as_tool(settings_for()).invoke({"task": "x"})


@pytest.mark.blocks_the_loop
async def test_a_synchronous_call_inside_a_running_loop_works() -> None:
    assert "42" in as_tool(settings_for()).invoke({"task": "x"})


def test_a_conversation_with_the_record_in_it_can_be_kept_and_gone_on_with() -> None:
    tool = as_tool(settings_for())
    asking = model(tool, task="x")
    agent = create_agent(asking, [tool], checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "1"}}
    agent.invoke({"messages": [("user", "?")]}, thread)
    asking.messages = iter([AIMessage("Again.")])

    end = agent.invoke({"messages": [("user", "And?")]}, thread)

    (message,) = (m for m in end["messages"] if isinstance(m, ToolMessage))
    assert RunRecord.model_validate(message.artifact).verdict.answer == "42"


@pytest.mark.parametrize("door", ["invoke", "ainvoke"])
async def test_the_deliberation_stands_below_the_tool_in_the_trace(door: str) -> None:
    class Book(BaseCallbackHandler):
        run_inline = True

        def __init__(self) -> None:
            self.tools: list[Any] = []
            self.graphs: list[Any] = []

        def on_tool_start(self, *_: Any, run_id: Any, **__: Any) -> None:
            self.tools.append(run_id)

        def on_chain_start(self, *_: Any, **more: Any) -> None:
            if more["name"] == "deliberation":
                self.graphs.append(more["parent_run_id"])

    book, tool = Book(), as_tool(settings_for(rounds=1))
    if door == "ainvoke":
        await tool.ainvoke({"task": "x"}, {"callbacks": [book]})
    else:
        await asyncio.to_thread(tool.invoke, {"task": "x"}, {"callbacks": [book]})

    assert len(book.tools) == 1
    assert book.graphs == book.tools
