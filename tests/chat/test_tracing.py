"""The experts' calls below the chat model's run: in traces, and not twice."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
from langchain_core.messages import AIMessageChunk
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from loopback_provider import Answer, Provider, filled

from nsed.chat_model import ChatNSED


class Runs(BaseCallbackHandler):
    """Who was the child of whom, and who was a chat model."""

    def __init__(self) -> None:
        self.parents: dict[UUID, UUID | None] = {}
        self.chat_models: list[UUID] = []
        self.tags: dict[UUID, list[str]] = {}
        self.metadata: dict[UUID, dict[str, Any]] = {}
        self.told: dict[UUID, dict[str, Any]] = {}
        self.tokens: list[str] = []

    def on_llm_new_token(self, token: Any, **_: Any) -> None:
        self.tokens.append(token)

    def on_chat_model_start(self, *_: Any, run_id: UUID, **more: Any) -> None:
        self.chat_models.append(run_id)
        self.told[run_id] = more["invocation_params"]
        self._note(run_id, **more)

    def on_chain_start(self, *_: Any, run_id: UUID, **more: Any) -> None:
        self._note(run_id, **more)

    def _note(self, run_id: UUID, **more: Any) -> None:
        self.parents[run_id] = more.get("parent_run_id")
        self.tags[run_id] = more.get("tags") or []
        self.metadata[run_id] = more.get("metadata") or {}

    def below_the_first(self) -> int:
        """How many chat models' runs stand below the first one's."""
        first, *others = self.chat_models
        return sum(first in self._above(run_id) for run_id in others)

    def _above(self, run_id: UUID | None) -> Iterator[UUID]:
        while (run_id := self.parents[run_id] if run_id else None) is not None:
            yield run_id


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        started.answers["*"] = lambda seen: (
            Answer(filled(seen.schema)) if seen.schema else Answer("Answer: 5")
        )
        yield started


def chat(provider: Provider, **more: Any) -> ChatNSED:
    experts = [
        {"name": name, "model": f"model-{name}", "base_url": provider.url}
        for name in ("ada", "bob")
    ]
    config: Any = {"experts": experts, "rounds": 1, "retry_wait_s": 0}
    return ChatNSED(config=config, **more)


@pytest.mark.blocks_the_loop
@pytest.mark.parametrize("how", ["invoke", "ainvoke", "stream", "astream"])
async def test_the_experts_calls_are_runs_below_the_chat_models(
    provider: Provider, how: str
) -> None:
    heard = Runs()
    config: Any = {"callbacks": [heard], "tags": ["mine"], "metadata": {"who": "me"}}
    model = chat(provider)

    if how == "astream":
        assert [c async for c in model.astream("?", config)]
    elif how == "ainvoke":
        await model.ainvoke("?", config)
    else:
        found = getattr(model, how)("?", config)
        assert list(found) if how == "stream" else found

    assert len(heard.chat_models) == 1 + 4  # its own; two answers, two ballots
    assert heard.below_the_first() == 4
    assert "run_manager" not in heard.told[heard.chat_models[0]]
    for run_id in heard.chat_models:
        assert "mine" in heard.tags[run_id]
        assert heard.metadata[run_id]["who"] == "me"


@pytest.mark.blocks_the_loop
@pytest.mark.parametrize("streaming", [True, False])
async def test_with_streaming_an_invoke_tells_of_chunks(
    provider: Provider, *, streaming: bool
) -> None:
    model, heard = chat(provider, streaming=streaming), [Runs(), Runs()]

    await model.ainvoke("?", {"callbacks": [heard[0]]})
    model.invoke("?", {"callbacks": [heard[1]]})

    assert [h.below_the_first() for h in heard] == [4, 4]
    assert ["Answer: 5" in h.tokens for h in heard] == [streaming] * 2


async def test_what_is_asked_for_a_form_is_below_it_as_well(provider: Provider) -> None:
    provider.answers["*"] = lambda seen: Answer(
        filled(seen.schema)
        if "critique" in str(seen.schema)
        else '{"value": 5}'
        if seen.schema
        else "Answer: 5"
    )
    heard = Runs()
    form: Any = {"type": "object", "title": "f", "properties": {"value": {}}}

    found = (
        await chat(provider)
        .with_structured_output(form)
        .ainvoke("?", {"callbacks": [heard]})
    )

    assert found == {"value": 5}
    assert len(heard.chat_models) == 1 + 5
    assert heard.below_the_first() == 5


@pytest.mark.parametrize("traced", [True, False])
async def test_a_callback_counts_the_experts_too_unless_it_does_not_hear_them(
    provider: Provider, *, traced: bool
) -> None:
    with get_usage_metadata_callback() as counted:
        message = await chat(provider, trace_experts=traced).ainvoke("?")
        assert [c async for c in chat(provider, trace_experts=traced).astream("?")]

    experts = {"model-ada", "model-bob"}
    assert set(counted.usage_metadata) == {"nsed", *(experts if traced else ())}
    assert message.usage_metadata is not None
    assert counted.usage_metadata["nsed"]["total_tokens"] == (
        2 * message.usage_metadata["total_tokens"]
    )


async def test_an_experts_calls_stay_as_they_are_when_events_are_listened_to(
    provider: Provider,
) -> None:
    """A listener makes LangChain's models stream: without usage, or not at all."""
    events = [e async for e in chat(provider).astream_events("?", version="v2")]

    assert {seen.body.get("stream") for seen in provider.seen} == {False}
    names = [e["name"] for e in events if e["event"] == "on_chat_model_end"]
    assert sorted(names) == ["ChatNSED", *["CompatibleChat"] * 4]


@pytest.mark.parametrize("traced", [True, False])
async def test_in_a_node_of_a_graph_only_its_own_message_is_streamed(
    provider: Provider, *, traced: bool
) -> None:
    model = chat(provider, trace_experts=traced)

    async def ask(state: MessagesState) -> Any:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState).add_node("ask", ask)
    graph.add_edge(START, "ask").add_edge("ask", END)
    app = graph.compile(checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "1"}}
    asked: Any = {"messages": [("user", "Why?")]}

    deep = [
        p
        async for p in app.astream(
            asked,
            {"configurable": {"thread_id": "0"}},
            stream_mode="messages",
            subgraphs=True,
        )
    ]
    events = [
        e async for e in app.astream_events(asked, {"configurable": {"thread_id": "2"}})
    ]
    parts = [p async for p in app.astream(asked, thread, stream_mode="messages")]
    again = [p async for p in app.astream(asked, thread, subgraphs=True)]

    assert len({message.id for _, (message, _) in deep}) == 1
    mine = [e for e in events if e["name"] == "ChatNSED"]
    assert len({e["run_id"] for e in mine}) == 1
    assert sum(e["event"] == "on_chat_model_stream" for e in mine) > 2
    others = [e for e in events if e["event"] == "on_chat_model_end"][:-1]
    assert len(others) == (4 if traced else 0)
    assert all(mine[0]["run_id"] in e["parent_ids"] for e in others)
    ids = {message.id for message, _ in parts}
    assert len(ids) == 1
    assert all(isinstance(message, AIMessageChunk) for message, _ in parts)
    assert "".join(message.text for message, _ in parts) == "Answer: 5"
    assert [space for space, _ in again] == [()]  # its graph is no subgraph of ours
    assert len((await app.aget_state(thread)).values["messages"]) == 4
    history = [s async for s in app.aget_state_history(thread)]
    assert len(history) == 2 * 3


async def test_many_calls_at_once_stay_apart(provider: Provider) -> None:
    heard = [Runs() for _ in range(5)]
    model = chat(provider)

    await asyncio.gather(*(model.ainvoke("?", {"callbacks": [h]}) for h in heard))

    assert [len(h.chat_models) for h in heard] == [5] * 5
    assert [h.below_the_first() for h in heard] == [4] * 5
