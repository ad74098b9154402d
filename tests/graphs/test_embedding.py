"""The deliberation inside a graph of the user's own."""

from dataclasses import dataclass
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command
from panel import Recorder, panel, settings_for
from typing_extensions import TypedDict

from nsed.graphs.catalogue import GRAPHS
from nsed.graphs.checkpointing import record_serializer
from nsed.graphs.deliberation import create_deliberation
from nsed.models.scripted import scripted
from nsed.protocol.errors import ConfigError, QuorumError
from nsed.runnable import as_runnable
from nsed.state.records import Verdict


class Outer(TypedDict, total=False):
    """A user's state that shares `task` and `verdict` with the deliberation."""

    task: str
    verdict: Verdict
    note: str


def shout(state: Outer) -> Outer:
    return {"note": state["verdict"].answer + "!"}


def outer(inner: Any, **options: Any) -> Any:
    graph = StateGraph(Outer, **options)
    graph.add_node("panel", inner)
    graph.add_node("shout", shout)
    graph.add_edge(START, "panel")
    graph.add_edge("panel", "shout")
    graph.add_edge("shout", END)
    return graph


@pytest.mark.parametrize("name", GRAPHS)
async def test_a_compiled_graph_is_a_node_of_another(name: str) -> None:
    inner = GRAPHS[name](config=settings_for()).compile()

    end = await outer(inner).compile().ainvoke({"task": "6 * 7?"})

    assert end["note"] == "42!"
    assert set(end) == {"task", "verdict", "note"}


async def test_state_of_another_shape_is_mapped_by_a_function() -> None:
    inner = create_deliberation(config=settings_for()).compile()

    async def ask(state: MessagesState) -> dict[str, Any]:
        end = await inner.ainvoke({"task": str(state["messages"][-1].content)})
        return {"messages": [AIMessage(end["verdict"].text)]}

    graph = StateGraph(MessagesState)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")

    end = await graph.compile().ainvoke({"messages": [HumanMessage("6 * 7?")]})

    assert "42" in end["messages"][-1].content


def agent() -> Any:
    """Asks the panel, and once more when it doubts the answer."""

    def answer(record: Any) -> dict[str, list[AnyMessage]]:
        return {"messages": [AIMessage(record.verdict.text, name="panel")]}

    def done(state: MessagesState) -> str:
        return END if len(state["messages"]) > 3 else "doubt"

    def doubt(_: MessagesState) -> dict[str, Any]:
        return {"messages": [HumanMessage("Are you sure?")]}

    graph = StateGraph(MessagesState)
    graph.add_node("panel", as_runnable(settings_for()) | answer)
    graph.add_node("doubt", doubt)
    graph.add_edge(START, "panel")
    graph.add_conditional_edges("panel", done, ["doubt", END])
    graph.add_edge("doubt", "panel")
    return graph.compile()


async def test_the_runnable_is_a_node_of_an_agents_graph() -> None:
    end = await agent().ainvoke({"messages": [HumanMessage("6 * 7?")]})

    assert [m.type for m in end["messages"]] == ["human", "ai", "human", "ai"]
    assert "42" in end["messages"][-1].content


def test_and_of_one_that_is_called_synchronously() -> None:
    end = agent().invoke({"messages": [HumanMessage("6 * 7?")]})

    assert end["messages"][-1].name == "panel"


@dataclass
class Theirs:
    """A context of the user's own."""

    user: str


async def test_a_surrounding_context_of_another_kind_leaves_the_bound_one() -> None:
    inner = create_deliberation(config=settings_for(rounds=1)).compile()
    graph = outer(inner, context_schema=Theirs).compile()

    end = await graph.ainvoke({"task": "6 * 7?"}, context=Theirs("u"))

    assert end["verdict"].rounds == 1


async def test_without_a_bound_one_it_is_an_error_that_says_what_to_do() -> None:
    graph = outer(create_deliberation().compile(), context_schema=Theirs).compile()

    with pytest.raises(ConfigError, match=r"Theirs.*create_deliberation\(config="):
        await graph.ainvoke({"task": "6 * 7?"}, context=Theirs("u"))


async def test_the_surrounding_graphs_context_wins_if_it_is_a_configuration() -> None:
    inner = create_deliberation(config=settings_for(rounds=1)).compile()
    config = settings_for(rounds=2)
    graph = outer(inner, context_schema=type(config)).compile()

    end = await graph.ainvoke({"task": "6 * 7?"}, context=config)

    assert end["verdict"].rounds == 2


async def test_a_context_of_plain_data_is_read() -> None:
    data: Any = settings_for(rounds=1).model_dump()

    end = await create_deliberation().compile().ainvoke({"task": "?"}, context=data)

    assert end["verdict"].rounds == 1


@pytest.mark.parametrize("way", ["invoke", "stream", "batch"])
@pytest.mark.parametrize("name", GRAPHS)
def test_a_synchronous_call_is_an_error_that_names_the_doors(
    name: str, way: str
) -> None:
    hire = Recorder()
    graph = GRAPHS[name](hire=hire, config=settings_for()).compile()
    task: Any = {"task": "6 * 7?"}

    with pytest.raises(ConfigError, match=r"ainvoke.*nsed.deliberate.*as_runnable"):
        list(getattr(graph, way)([task] if way == "batch" else task))

    assert not hire.asked


def test_also_inside_of_another_graph() -> None:
    graph = outer(create_deliberation(config=settings_for()).compile()).compile()

    with pytest.raises(ConfigError, match=r"nsed\.deliberate"):
        graph.invoke({"task": "6 * 7?"})


async def test_a_failure_inside_is_the_surrounding_runs() -> None:
    config = settings_for(scripted("ada", "x", fails="always"))
    graph = outer(create_deliberation(config=config).compile()).compile()

    with pytest.raises(QuorumError):
        await graph.ainvoke({"task": "6 * 7?"})


def saver() -> InMemorySaver:
    return InMemorySaver(serde=record_serializer())


async def test_the_users_checkpointer_keeps_both_and_history_can_be_read() -> None:
    inner = create_deliberation(config=settings_for()).compile()
    graph = outer(inner).compile(checkpointer=saver())
    thread: Any = {"configurable": {"thread_id": "1"}}

    await graph.ainvoke({"task": "6 * 7?"}, thread)

    state = await graph.aget_state(thread)
    assert isinstance(state.values["verdict"], Verdict)
    history = [snapshot async for snapshot in graph.aget_state_history(thread)]
    assert [s.next for s in history] == [(), ("shout",), ("panel",), ("__start__",)]


async def test_a_run_that_was_killed_inside_goes_on_inside() -> None:
    keeper, thread = saver(), {"configurable": {"thread_id": "1"}}

    class Killed(BaseException):
        pass

    def kill(request: Any) -> None:
        if request.phase == "review":
            raise Killed

    def graph(hire: Recorder) -> Any:
        inner = create_deliberation(hire=hire, config=settings_for()).compile()
        return outer(inner).compile(checkpointer=keeper)

    with pytest.raises(Killed):
        await graph(Recorder(bob=kill)).ainvoke({"task": "6 * 7?"}, thread)
    again = Recorder()
    end = await graph(again).ainvoke(None, thread)

    assert end["note"] == "42!"
    first = [name for name, r in again.asked if (r.phase, r.round) == ("propose", 1)]
    assert first == []


async def test_a_question_to_the_user_comes_up_through_the_surrounding_graph() -> None:
    inner = create_deliberation(config=settings_for(human_review=True)).compile()
    graph = outer(inner).compile(checkpointer=saver())
    thread: Any = {"configurable": {"thread_id": "1"}}

    waits = await graph.ainvoke({"task": "6 * 7?"}, thread)
    assert waits["__interrupt__"][0].value["round"] == 1
    end = await graph.ainvoke(Command(resume="stop"), thread)

    assert end["verdict"].stop_reason == "user_stop"


async def test_streaming_with_subgraphs_shows_the_steps_inside_and_their_events() -> (
    None
):
    inner = create_deliberation(config=settings_for(rounds=1)).compile()
    graph = outer(inner).compile()
    nodes, events = [], []

    async for space, mode, part in graph.astream(
        {"task": "6 * 7?"}, stream_mode=["updates", "custom"], subgraphs=True
    ):
        if mode == "updates":
            nodes += [(space[0].partition(":")[0] if space else "", x) for x in part]
        else:
            events.append(part["event"])

    assert nodes[0] == ("panel", "opening")
    assert nodes.count(("panel", "proposer")) == 3
    assert nodes[-2:] == [("", "panel"), ("", "shout")]
    assert events.count("voted") == 3


async def test_two_panels_in_one_graph_do_not_mix() -> None:
    class Two(TypedDict, total=False):
        task: str
        one: str
        two: str

    def asking(key: str, answer: str) -> Any:
        experts = [scripted(n, f"{n}\nAnswer: {answer}") for n in ("ada", "bob")]
        nsed = as_runnable(settings_for(*experts))
        return (
            (lambda state: state["task"])
            | nsed
            | (lambda record: {key: record.verdict.answer})
        )

    graph = StateGraph(Two)
    for key, answer in (("one", "1"), ("two", "2")):
        graph.add_node(f"ask {key}", asking(key, answer))
        graph.add_edge(START, f"ask {key}")

    end = await graph.compile().ainvoke({"task": "?"})

    assert (end["one"], end["two"]) == ("1", "2")


async def test_a_door_inside_a_node_keeps_its_own_thread() -> None:
    """The surrounding graph's checkpointer and thread are not the run's."""
    keeper = saver()
    nsed = as_runnable(settings_for(*panel()))

    async def ask(state: Outer) -> dict[str, Any]:
        return {"verdict": (await nsed.ainvoke(state["task"])).verdict}

    graph = outer(ask).compile(checkpointer=keeper)
    thread: Any = {"configurable": {"thread_id": "1"}}
    await graph.ainvoke({"task": "6 * 7?"}, thread)

    assert set(keeper.storage) == {"1"}
    assert set(keeper.storage["1"]) == {""}
