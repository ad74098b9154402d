"""What a tracer sees of a run: LangSmith's is one, and here it keeps what it gets."""

import asyncio
from typing import Any

import pytest
from fake_chat import Fake
from langchain_core.messages import AIMessage
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run as Traced
from panel import Recorder, settings_for

import nsed
from nsed.doors import adeliberate
from nsed.models.base import Request
from nsed.models.scripted import scripted
from nsed.protocol.errors import ExpertError

KEYS = ("nsed_round", "nsed_phase", "nsed_expert", "nsed_role")


class Tracer(BaseTracer):
    """Builds the tree that LangSmith would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.roots: list[Traced] = []

    def _persist_run(self, run: Traced) -> None:
        self.roots.append(run)

    @property
    def all(self) -> list[Traced]:
        found, todo = [], list(self.roots)
        while todo:
            one = todo.pop(0)
            found.append(one)
            todo += one.child_runs
        return found

    def named(self, name: str) -> list[Traced]:
        return [one for one in self.all if one.name == name]


def agrees(*_: Any, **more: Any) -> AIMessage:
    if "tool_choice" not in more:
        return AIMessage("Answer: 42")
    marks = {"A": {"critique": "right", "weight": 50}}
    call = {"name": more["tool_choice"], "args": marks, "id": "1"}
    return AIMessage("", tool_calls=[call])


async def traced(config: Any = None, **options: Any) -> tuple[Tracer, nsed.RunRecord]:
    tracer = Tracer()
    passed = {"callbacks": [tracer], **options.pop("passed", {})}
    record = await adeliberate(
        "6 * 7?", config or settings_for(), runnable_config=passed, **options
    )
    return tracer, record


async def test_calls_are_named_after_role_expert_and_round() -> None:
    tracer, record = await traced()

    calls = [one for one in tracer.all if "nsed_role" in (one.metadata or {})]
    assert sorted(one.name for one in calls) == sorted(
        f"{role} {name}, round {n}"
        for role in ("proposer", "reviewer")
        for name in ("ada", "bob", "cy")
        for n in (1, 2)
    )
    assert len(calls) == len(record.calls)


async def test_a_call_stands_below_its_node_and_the_model_below_the_call() -> None:
    pool = {"ada": Fake(does=agrees), "bob": Fake(does=agrees)}
    tracer, record = await traced(settings_for(rounds=1), pool=pool)

    (root,) = tracer.roots
    assert root.name == "deliberation"
    proposer = next(one for one in root.child_runs if one.name == "proposer")
    (call,) = proposer.child_runs
    (model,) = call.child_runs
    assert call.name == "proposer ada, round 1"
    assert (model.name, model.run_type) == ("Fake", "llm")
    for one in (call, model):
        assert [one.metadata[key] for key in KEYS] == [1, "propose", "ada", "proposer"]
        assert one.metadata["nsed_run_id"] == record.run_id


async def test_a_models_own_callbacks_are_told_too_where_nobody_else_listens() -> None:
    tracer = Tracer()
    ada = Fake(does=agrees, callbacks=[tracer])

    await adeliberate("?", settings_for(rounds=1), pool={"ada": ada})

    (root,) = tracer.roots
    assert [root.metadata[key] for key in KEYS] == [1, "propose", "ada", "proposer"]


async def test_a_call_has_its_prompt_its_reply_and_its_bill() -> None:
    tracer, _ = await traced()

    (call,) = tracer.named("proposer ada, round 1")
    assert "6 * 7?" in call.inputs["messages"][-1]["content"]
    assert call.outputs is not None
    assert call.outputs["text"] == "6 * 7 = 42\nAnswer: 42"
    assert call.outputs["input_tokens"] > 0
    assert call.outputs["usd"] == 0


async def test_every_attempt_is_a_run_and_a_failed_one_has_its_error() -> None:
    tries = []

    def once(request: Request) -> None:
        tries.append(request)
        if len(tries) == 1:
            raise ExpertError("connection", "down")

    tracer, _ = await traced(hire=Recorder(ada=once))

    first, second = tracer.named("proposer ada, round 1")
    assert "down" in (first.error or "")
    assert second.error is None
    assert not [one for one in tracer.all if one.end_time is None]


async def test_a_ballot_that_cannot_be_read_is_the_calls_error() -> None:
    experts = (scripted("ada", "Answer: 42"), scripted("bob", "Answer: 41"))

    def nonsense(request: Request) -> Any:
        from nsed.models.base import Reply
        from nsed.protocol.usage import Usage

        if request.phase == "review":
            return Reply(text="no ballot", usage=Usage(calls=1))
        return None

    tracer, _ = await traced(
        settings_for(*experts, rounds=1), hire=Recorder(bob=nonsense)
    )

    reviews = tracer.named("reviewer bob, round 1")
    assert len(reviews) > 1
    assert all("ExpertError" in (one.error or "") for one in reviews)


async def test_a_call_that_is_cut_off_ends_in_the_trace_too() -> None:
    async def never(request: Request) -> None:
        if request.phase == "propose":
            await asyncio.Event().wait()

    config = settings_for(rounds=1, propose_timeout_s=0.05)
    tracer, record = await traced(config, hire=Recorder(bob=never))

    (cut,) = tracer.named("proposer bob, round 1")
    assert "Cancelled" in (cut.error or "")
    assert record.verdict.status == "degraded"
    assert not [one for one in tracer.all if one.end_time is None]


async def test_what_the_caller_passes_on_is_on_every_run() -> None:
    passed = {"tags": ["mine"], "metadata": {"user": "u"}, "run_name": "my panel"}
    tracer, _ = await traced(passed=passed)

    assert tracer.roots[0].name == "my panel"
    assert all("mine" in (one.tags or []) for one in tracer.all)
    assert all(one.metadata["user"] == "u" for one in tracer.all)


async def test_two_runs_at_the_same_time_do_not_mix() -> None:
    tracer = Tracer()
    passed: Any = {"callbacks": [tracer]}
    records = await asyncio.gather(
        *(
            adeliberate(task, settings_for(), runnable_config=passed)
            for task in ("one", "two")
        )
    )

    by_id = {root.metadata["nsed_run_id"]: root for root in tracer.roots}
    assert set(by_id) == {record.run_id for record in records}
    for record in records:
        todo = [by_id[record.run_id]]
        while todo:
            one = todo.pop()
            assert one.metadata["nsed_run_id"] == record.run_id
            todo += one.child_runs


@pytest.mark.parametrize("graph", ["majority_vote", "single_expert"])
async def test_the_baselines_are_traced_as_well(graph: str) -> None:
    tracer, _ = await traced(graph=graph)

    assert tracer.roots[0].name == graph
    assert tracer.named("proposer ada, round 1")


async def test_a_run_that_waits_for_the_user_is_a_trace_each_time_it_goes_on() -> None:
    asked = []

    async def once(question: Any) -> nsed.HumanDecision:
        asked.append(question)
        return nsed.HumanDecision(action="approve" if len(asked) == 1 else "stop")

    id_ = "00000000-0000-4000-8000-000000000008"
    tracer, record = await traced(
        settings_for(human_review=True), decide=once, passed={"run_id": id_}
    )

    assert len(tracer.roots) == 3
    assert str(tracer.roots[0].id) == id_
    assert len({root.id for root in tracer.roots}) == 3
    ids = {root.metadata["nsed_run_id"] for root in tracer.roots}
    assert ids == {record.run_id}


async def test_nobody_who_listens_changes_the_outcome() -> None:
    from nsed.state.run_record import comparable

    _, heard = await traced()
    unheard = await adeliberate("6 * 7?", settings_for())

    assert comparable(heard) == comparable(unheard)
