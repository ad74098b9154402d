"""Opening: a task or the messages of a chat, and a thread that is asked again."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage, ChatMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from panel import Recorder, settings_for

from nsed.graphs.catalogue import GRAPHS, create_graph
from nsed.graphs.checkpointing import record_serializer
from nsed.nodes.chat import task_in
from nsed.protocol.errors import ConfigError, QuorumError
from nsed.state.context import DeliberationConfig

TASK = "What is 6 * 7?"


class Thread:
    """One thread of a graph."""

    def __init__(self, graph: str = "deliberation", **instead: Any) -> None:
        self.hire = Recorder(**instead)
        saver = InMemorySaver(serde=record_serializer())
        self.graph = create_graph(graph, hire=self.hire).compile(checkpointer=saver)

    async def ask(self, **given: Any) -> dict[str, Any]:
        config = {"configurable": {"thread_id": "one"}}
        return await self.graph.ainvoke(given, config, context=settings_for(rounds=1))

    @property
    def asked(self) -> str:
        """What the last proposer was asked, in full."""
        requests = [r for _, r in self.hire.asked if r.phase == "propose"]
        return requests[-1].messages[-1].content


@pytest.mark.parametrize("graph", GRAPHS)
async def test_a_task_and_its_answer_are_a_chat(graph: str) -> None:
    result = await Thread(graph).ask(task=TASK)

    question, answer = result["messages"]
    assert (question.type, question.text) == ("human", TASK)
    assert (answer.type, answer.text) == ("ai", result["verdict"].text)
    assert answer.response_metadata["answer"] == result["verdict"].answer == "42"
    assert answer.response_metadata["status"] == "complete"


async def test_the_experts_see_the_whole_chat() -> None:
    thread = Thread()
    chat = [("system", "Be brief."), ("user", "Hi"), ("ai", "Hello."), ("user", TASK)]

    result = await thread.ask(messages=chat)

    for said in ("Be brief.", "User: Hi", "Answer: Hello.", f"now:\n{TASK}"):
        assert said in thread.asked
    kinds = [message.type for message in result["messages"]]
    assert kinds == ["system", "human", "ai", "human", "ai"]


async def test_a_thread_that_is_asked_again_begins_afresh_but_for_the_chat() -> None:
    thread = Thread()
    first = await thread.ask(task=TASK)
    again = await thread.ask(messages=[("user", "Are you sure?")])

    assert [m.type for m in again["messages"]] == ["human", "ai", "human", "ai"]
    assert again["messages"][:2] == first["messages"]
    assert again["verdict"].usage.calls == first["verdict"].usage.calls
    assert again["verdict"].rounds == 1
    assert f"User: {TASK}" in thread.asked
    assert "now:\nAre you sure?" in thread.asked


async def test_a_message_that_is_edited_is_asked_anew_in_its_place() -> None:
    thread = Thread()
    await thread.ask(messages=[HumanMessage("Hi", id="1")])
    result = await thread.ask(messages=[HumanMessage(TASK, id="1")])

    assert [m.id for m in result["messages"]] == ["1", "answer-1"]
    assert TASK in thread.asked
    assert "Conversation" not in thread.asked


@pytest.mark.parametrize(
    "given",
    [{"task": TASK}, {"messages": [HumanMessage(TASK, id="1")]}],
    ids=["task", "message"],
)
async def test_the_same_once_more_is_asked_once_more(given: dict[str, Any]) -> None:
    thread = Thread()
    first = await thread.ask(**given)
    asked = len(thread.hire.asked)
    again = await thread.ask(**given)

    assert len(thread.hire.asked) == 2 * asked
    assert [m.id for m in again["messages"]] == [m.id for m in first["messages"]]
    assert TASK in thread.asked
    assert "Conversation" not in thread.asked


async def test_a_task_on_a_thread_stands_alone() -> None:
    thread = Thread()
    await thread.ask(messages=[("user", "Hi")])
    result = await thread.ask(task=TASK)

    assert [m.type for m in result["messages"]] == ["human", "ai", "human", "ai"]
    assert TASK in thread.asked
    assert "Conversation so far" not in thread.asked


async def test_a_thread_whose_question_failed_can_be_asked_again() -> None:
    down = {"now": True}

    def fail(_: object) -> None:
        if down["now"]:
            raise ConfigError("down")

    thread = Thread(ada=fail, bob=fail, cy=fail)
    with pytest.raises((QuorumError, ConfigError)):
        await thread.ask(messages=[("user", "Hi")])
    down["now"] = False
    result = await thread.ask(messages=[("user", TASK)])

    assert result["verdict"].answer == "42"
    assert [m.type for m in result["messages"]] == ["human", "human", "ai"]
    assert "User: Hi" in thread.asked


async def test_a_thread_that_waits_for_the_user_may_be_asked_something_else() -> None:
    thread = Thread()
    config = {"configurable": {"thread_id": "one"}}
    waits = settings_for(human_review=True)
    assert "__interrupt__" in await thread.graph.ainvoke(
        {"task": "Hi"}, config, context=waits
    )
    result = await thread.ask(task=TASK)

    assert result["verdict"].rounds == 1
    assert TASK in thread.asked


async def test_as_a_node_of_an_agent_it_answers_in_the_agents_chat() -> None:
    agent = StateGraph(MessagesState, context_schema=DeliberationConfig)
    agent.add_node("nsed", create_graph("deliberation", hire=Recorder()).compile())
    agent.add_edge(START, "nsed")
    graph = agent.compile(checkpointer=InMemorySaver(serde=record_serializer()))
    config = {"configurable": {"thread_id": "one"}}
    for question in ("Hi", TASK):
        result = await graph.ainvoke(
            {"messages": [("user", question)]}, config, context=settings_for()
        )

    assert [m.type for m in result["messages"]] == ["human", "ai", "human", "ai"]
    assert result["messages"][-1].response_metadata["answer"] == "42"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"task": TASK, "messages": [("user", "Hi")]}, "not both"),
        ({"messages": []}, 'give a "task" or "messages"'),
        ({"messages": [("system", "Be brief.")]}, "ask nothing"),
        ({"task": " "}, "task: should be a text"),
        ({"task": 6}, "task: should be a text"),
        ({"messages": [ChatMessage("Hi", role="wizard")]}, "found the role 'wizard'"),
        (
            {"messages": [HumanMessage([{"type": "image", "url": "http://x/y.png"}])]},
            "a block of type 'image'",
        ),
        (
            {"messages": [HumanMessage([{"type": "non_standard", "value": {}}])]},
            "a block of type 'non_standard'",
        ),
    ],
    ids=str,
)
async def test_what_asks_nothing_or_twice_is_refused_and_nobody_is_asked(
    given: dict[str, Any], words: str
) -> None:
    thread = Thread()

    with pytest.raises(ConfigError, match=words):
        await thread.ask(**given)

    assert not thread.hire.asked


def test_a_reply_of_a_model_is_read_without_its_calls_and_thoughts() -> None:
    call = {"name": "add", "args": {"a": 1}, "id": "1"}
    chat = [
        HumanMessage("Add."),
        AIMessage(
            [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "ok"}],
            tool_calls=[call],
        ),
        ToolMessage("2", tool_call_id="1"),
        HumanMessage([{"type": "text", "text": "And?"}]),
    ]

    task = task_in(chat)

    assert "Answer: ok" in task
    assert "Tool result: 2" in task
    assert "hm" not in task
    assert task.endswith("And?")
