"""OpenTelemetry spans of deliberations: their tree, what they say, what they do not."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from panel import Recorder, panel, settings_for

import nsed
from nsed.doors import adeliberate
from nsed.graphs.checkpointing import record_serializer
from nsed.graphs.deliberation import create_deliberation
from nsed.models.base import Request
from nsed.models.scripted import scripted
from nsed.protocol.errors import BudgetError, ExpertError, QuorumError
from nsed.runnable import as_runnable
from nsed.streaming import astream
from nsed.tracing import OTelHandler

Tree = dict[str, Any]


class Spans:
    """An SDK that keeps its spans, and a handler that sends them there."""

    def __init__(self, **options: Any) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.handler = OTelHandler(self.provider, **options)
        self.passed: Any = {"callbacks": [self.handler]}

    @property
    def all(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def children(self, of: ReadableSpan | None = None) -> list[ReadableSpan]:
        id_ = of.context.span_id if of else None
        mine = [s for s in self.all if (s.parent.span_id if s.parent else None) == id_]
        return sorted(mine, key=lambda span: span.start_time or 0)

    def tree(self, of: ReadableSpan | None = None) -> list[Any]:
        """Names, with their children; calls as expert and role."""
        return [
            (_name(span), self.tree(span)) if self.children(span) else _name(span)
            for span in self.children(of)
        ]

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.all if span.name == name]

    @property
    def calls(self) -> list[ReadableSpan]:
        return [span for span in self.all if span.kind is SpanKind.CLIENT]


def _name(span: ReadableSpan) -> str:
    facts = span.attributes or {}
    who = f"{facts.get('nsed.expert')} as {facts.get('nsed.role')}"
    return who if span.kind is SpanKind.CLIENT else span.name


def round_of(number: int, *names: str) -> Any:
    return (
        f"round {number}",
        [
            ("propose", [f"{name} as proposer" for name in names]),
            ("review", [f"{name} as reviewer" for name in names]),
        ],
    )


ALL = ("ada", "bob", "cy")
WHOLE = ("invoke_workflow nsed", [round_of(1, *ALL), round_of(2, *ALL)])


async def test_the_tree_is_run_round_phase_call() -> None:
    spans = Spans()

    await adeliberate("6 * 7?", settings_for(), runnable_config=spans.passed)

    assert spans.tree() == [WHOLE]
    assert len({span.context.trace_id for span in spans.all}) == 1


async def test_the_synthesizer_has_a_phase_after_the_rounds() -> None:
    spans, config = Spans(), settings_for(rounds=1, synthesizer="ada")

    await adeliberate("6 * 7?", config, runnable_config=spans.passed)

    end = ("synthesize", ["ada as synthesizer"])
    assert spans.tree() == [("invoke_workflow nsed", [round_of(1, *ALL), end])]


async def test_spans_lie_within_their_parents() -> None:
    spans = Spans()

    await adeliberate("6 * 7?", settings_for(), runnable_config=spans.passed)

    by_id = {span.context.span_id: span for span in spans.all}
    for span in spans.all:
        if span.parent is not None:
            above = by_id[span.parent.span_id]
            assert above.start_time <= span.start_time <= span.end_time  # type: ignore[operator]
            assert span.end_time <= above.end_time  # type: ignore[operator]


async def test_a_run_says_what_came_of_it() -> None:
    spans = Spans()

    record = await adeliberate("6 * 7?", settings_for(), runnable_config=spans.passed)

    (run,) = spans.children()
    used = record.verdict.usage
    assert dict(run.attributes or {}) == {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": "nsed",
        "gen_ai.usage.input_tokens": used.input_tokens,
        "gen_ai.usage.output_tokens": used.output_tokens,
        "nsed.absences": 0,
        "nsed.calls": 12,
        "nsed.conviction": record.verdict.conviction,
        "nsed.cost_usd": 0.0,
        "nsed.rounds": 2,
        "nsed.run_id": record.run_id,
        "nsed.status": "complete",
        "nsed.stop_reason": "unanimous",
    }


async def test_a_call_says_who_was_asked_what_for_and_the_bill() -> None:
    spans, config = Spans(), settings_for()

    record = await adeliberate("6 * 7?", config, runnable_config=spans.passed)

    call = spans.calls[0]
    used = record.calls["r1.propose.ada.1"].usage
    assert call.name == "chat scripted"
    assert dict(call.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "nsed.scripted",
        "gen_ai.request.max_tokens": 1024,
        "gen_ai.request.model": "scripted",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.input_tokens": used.input_tokens,
        "gen_ai.usage.output_tokens": used.output_tokens,
        "nsed.cached": False,
        "nsed.cost_usd": 0.0,
        "nsed.expert": "ada",
        "nsed.phase": "propose",
        "nsed.replica": False,
        "nsed.role": "proposer",
        "nsed.round": 1,
        "nsed.run_id": record.run_id,
        "nsed.usage_estimated": True,
    }


async def test_rounds_and_phases_add_up_their_calls() -> None:
    spans = Spans()

    await adeliberate("6 * 7?", settings_for(), runnable_config=spans.passed)

    def calls(name: str) -> list[Any]:
        return [(s.attributes or {})["nsed.calls"] for s in spans.named(name)]

    assert calls("propose") == calls("review") == [3, 3]
    assert calls("round 1") == calls("round 2") == [6]


async def test_an_unknown_price_is_left_out() -> None:
    spans = Spans()
    dear = panel()[0].model_copy(
        update={"usd_per_mtok_input": None, "usd_per_mtok_output": None}
    )

    await adeliberate(
        "6 * 7?", settings_for(dear, panel()[1]), runnable_config=spans.passed
    )

    (run,) = spans.children()
    assert "nsed.cost_usd" not in (run.attributes or {})
    priced = ["nsed.cost_usd" in (call.attributes or {}) for call in spans.calls]
    assert set(priced) == {True, False}


async def test_a_failing_call_has_the_status_of_an_error_and_no_words() -> None:
    spans = Spans()
    experts = (panel()[0], scripted("bob", "x", fails="review"), panel()[2])

    await adeliberate(
        "6 * 7?", settings_for(*experts, rounds=1), runnable_config=spans.passed
    )

    failed = [call for call in spans.calls if not call.status.is_ok]
    assert len(failed) == 2  # and once more
    for call in failed:
        facts = call.attributes or {}
        assert (facts["nsed.expert"], facts["nsed.phase"]) == ("bob", "review")
        assert facts["error.type"] == "connection"
        assert call.status.description == "connection"
    (phase,) = spans.named("review")
    assert (phase.attributes or {})["nsed.absences"] == 1
    (run,) = spans.children()
    assert (run.attributes or {})["nsed.status"] == "degraded"
    assert run.status.status_code is StatusCode.UNSET


async def test_a_call_that_is_cut_off_is_an_error_and_its_span_ends() -> None:
    spans = Spans()

    async def never(request: Request) -> None:
        if request.phase == "propose":
            await asyncio.Event().wait()

    await adeliberate(
        "6 * 7?",
        settings_for(rounds=1, propose_timeout_s=0.05),
        hire=Recorder(bob=never),
        runnable_config=spans.passed,
    )

    (cut,) = [call for call in spans.calls if not call.status.is_ok]
    assert (cut.attributes or {})["error.type"] == "CancelledError"
    assert spans.tree()[0][1] == [round_of(1, *ALL)]


@pytest.mark.parametrize(
    ("config", "error"),
    [
        (settings_for(scripted("ada", "x", fails="always")), QuorumError),
        (settings_for(max_tokens=1), BudgetError),
    ],
    ids=["no quorum", "no budget"],
)
async def test_a_run_that_fails_is_an_error(
    config: nsed.DeliberationConfig, error: type[Exception]
) -> None:
    spans = Spans()

    with pytest.raises(error):
        await adeliberate("?", config, runnable_config=spans.passed)

    (run,) = spans.children()
    assert run.status.status_code is StatusCode.ERROR
    assert (run.attributes or {})["error.type"] == error.__name__


async def test_runs_at_the_same_time_do_not_mix() -> None:
    spans = Spans()

    records = await asyncio.gather(
        *(
            adeliberate(task, settings_for(), runnable_config=spans.passed)
            for task in ("one", "two", "three")
        )
    )

    assert spans.tree() == [WHOLE] * 3
    runs = spans.children()
    ids = [(run.attributes or {})["nsed.run_id"] for run in runs]
    assert sorted(map(str, ids)) == sorted(record.run_id for record in records)
    for run in runs:
        todo = [run]
        while todo:
            span = todo.pop()
            assert span.context.trace_id == run.context.trace_id
            assert (span.attributes or {})["nsed.run_id"] == (run.attributes or {})[
                "nsed.run_id"
            ]
            todo += spans.children(span)


def test_synchronous_runs_in_threads_do_not_mix_either() -> None:
    spans = Spans()

    as_runnable(settings_for()).batch(["one", "two", "three"], spans.passed)

    assert spans.tree() == [WHOLE] * 3


@pytest.mark.parametrize("door", ["adeliberate", "deliberate"])
async def test_a_run_stands_below_the_span_that_is_current(door: str) -> None:
    spans = Spans()
    tracer = spans.provider.get_tracer("app")

    def wait() -> None:
        with tracer.start_as_current_span("app"):
            nsed.deliberate("6 * 7?", settings_for(), runnable_config=spans.passed)

    if door == "deliberate":
        await asyncio.to_thread(wait)
    else:
        with tracer.start_as_current_span("app"):
            await adeliberate("6 * 7?", settings_for(), runnable_config=spans.passed)

    assert spans.tree() == [("app", [WHOLE])]


async def test_a_deliberation_inside_a_chain_or_a_graph_of_the_users_is_found() -> None:
    spans = Spans()
    chain = RunnableLambda(str.strip) | as_runnable(settings_for())
    await chain.ainvoke("6 * 7?", spans.passed)
    assert spans.tree() == [WHOLE]

    spans.exporter.clear()
    graph = create_deliberation(config=settings_for()).compile()
    await graph.ainvoke({"task": "6 * 7?"}, spans.passed)
    assert spans.tree() == [WHOLE]


async def test_chains_that_are_no_deliberation_make_no_spans() -> None:
    spans = Spans()

    await (RunnableLambda(str.strip) | str.upper).ainvoke(" x ", spans.passed)

    assert not spans.all


async def test_a_run_that_was_killed_in_a_phase_goes_on_in_spans_of_its_own() -> None:
    spans, saver = Spans(), InMemorySaver(serde=record_serializer())

    class Killed(BaseException):
        pass

    def kill(request: Request) -> None:
        if request.phase == "review":
            raise Killed

    def graph(hire: Recorder) -> Any:
        return create_deliberation(hire=hire, config=settings_for(rounds=1)).compile(
            checkpointer=saver
        )

    thread = {"configurable": {"thread_id": "1"}, **spans.passed}
    with pytest.raises(Killed):
        await graph(Recorder(cy=kill)).ainvoke({"task": "6 * 7?"}, thread)
    spans.exporter.clear()
    await graph(Recorder()).ainvoke(None, thread)

    ((name, (only,)),) = spans.tree()
    assert name == "invoke_workflow nsed"
    assert only[0] == "round 1"
    assert "cy as reviewer" in only[1][0][1]


async def test_texts_are_there_only_if_they_are_asked_for() -> None:
    spans = Spans()
    await adeliberate("A secret?", settings_for(), runnable_config=spans.passed)
    said = [json.dumps(dict(s.attributes or {})) for s in spans.all]
    assert not [x for x in said if "secret" in x or "Answer" in x or '"42"' in x]

    spans = Spans(texts=True)
    await adeliberate("A secret?", settings_for(), runnable_config=spans.passed)
    facts = spans.calls[0].attributes or {}
    sent = json.loads(str(facts["gen_ai.input.messages"]))
    got = json.loads(str(facts["gen_ai.output.messages"]))
    assert [m["role"] for m in sent] == ["system", "user"]
    assert "A secret?" in sent[1]["parts"][0]["content"]
    assert got[0]["parts"] == [{"type": "text", "content": "6 * 7 = 42\nAnswer: 42"}]
    assert (spans.children()[0].attributes or {})["nsed.answer"] == "42"


async def test_an_error_quotes_nobody_unless_texts_are_asked_for() -> None:
    def leak(_: Request) -> None:
        raise ExpertError("server_error", "the prompt was: A secret?")

    async def said(**options: Any) -> set[str | None]:
        spans = Spans(**options)
        await adeliberate(
            "?",
            settings_for(retries=0),
            hire=Recorder(bob=leak),
            runnable_config=spans.passed,
        )
        return {call.status.description for call in spans.calls}

    assert await said() == {None, "server_error"}
    assert "the prompt was: A secret?" in await said(texts=True)


async def test_the_handler_forgets_what_has_ended() -> None:
    spans = Spans()

    with pytest.raises(QuorumError):
        await adeliberate(
            "?",
            settings_for(scripted("ada", "x", fails="always")),
            runnable_config=spans.passed,
        )
    events = astream("?", settings_for(), runnable_config=spans.passed)
    async for _ in events:
        break
    await events.aclose()

    assert not spans.handler._seen


async def test_a_run_that_is_left_ends_its_spans() -> None:
    spans = Spans()
    events = astream("?", settings_for(), runnable_config=spans.passed)
    async for event in events:
        if event["event"] == "voted":
            break
    await events.aclose()

    (run,) = spans.children()
    assert run.status.status_code is StatusCode.ERROR
    assert [s.name for s in spans.children(run)] == ["round 1"]


def test_without_opentelemetry_it_says_what_to_install() -> None:
    code = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "import nsed\n"
        "from nsed.tracing import OTelHandler\n"
        "from nsed.protocol.errors import ConfigError\n"
        "try:\n"
        "    OTelHandler()\n"
        "except ConfigError as error:\n"
        "    assert 'nsed[otel]' in str(error), error\n"
        "else:\n"
        "    raise SystemExit('no error')\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
