"""What a run shows of its experts, and that it is on file whatever happens."""

import asyncio
import json
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.store.base import BaseStore, Op
from langgraph.store.memory import InMemoryStore
from panel import RIGHT, Recorder, settings_for

from nsed.brokers.observations import (
    AgreementSeen,
    CallSeen,
    SupportSeen,
    UnreachableSeen,
)
from nsed.brokers.telemetry import Telemetry
from nsed.graphs.checkpointing import record_serializer
from nsed.graphs.deliberation import create_deliberation
from nsed.models.base import Request
from nsed.models.failures import CallError
from nsed.models.hire import Hire
from nsed.models.scripted import scripted
from nsed.nodes.telemetry import observations_of, telemetry_by_day
from nsed.nodes.telemetry_store import NAMESPACE, TelemetryStore
from nsed.protocol.errors import QuorumError
from nsed.protocol.stopping import StopReason
from nsed.protocol.usage import Usage
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.records import Ballot, CallRecord, Proposal, Tally
from nsed.state.schema import DeliberationState
from nsed.state.team import Seat, TaskProfile, Team

START = 1.8e9


def me(name: str) -> str:
    """What telemetry knows a scripted expert by."""
    return scripted(name, "x").identity


def call(number: int, expert: str = "ada", **fields: Any) -> CallRecord:
    """A call that began so many seconds after the start and took one."""
    phase = fields.get("phase", "propose")
    known: dict[str, Any] = {
        "id": f"r1.{phase}.{expert}.{number}",
        "round": 1,
        "phase": "propose",
        "expert": expert,
        "attempt": number,
        "prompt_sha256": "",
        "reply": "",
        "outcome": "ok",
        "started_at": START + number,
        "usage": Usage(calls=1, input_tokens=9, output_tokens=3, latency_ms=1000),
    }
    return CallRecord(**{**known, **fields})


def proposal(id_: str, expert: str, key: str, round_number: int = 1) -> Proposal:
    return Proposal(
        id=id_, round=round_number, expert=expert, text=key, answer=key, key=key
    )


def ballot(reviewer: str, **weights: int) -> Ballot:
    return Ballot(
        round=1, reviewer=reviewer, shown=tuple(weights), written={}, weights=weights
    )


def state_of(*calls: CallRecord, **channels: Any) -> DeliberationState:
    state: dict[str, Any] = {
        "started_at": START,
        "calls": {c.id: c for c in calls},
        **channels,
    }
    return state  # type: ignore[return-value]


def decided(*ballots: Ballot, halt: StopReason | None = StopReason.UNANIMOUS) -> Any:
    """A decided round: p1 and p2 say 42, p3 says 41; 42 won."""
    reviews = [call(2, b.reviewer, phase="review") for b in ballots]
    return state_of(
        call(1, "ada"),
        call(1, "bob"),
        *reviews,
        proposals={
            "p1": proposal("p1", "ada", "42"),
            "p2": proposal("p2", "bob", "42"),
            "p3": proposal("p3", "cy", "41"),
        },
        ballots={f"r1.{b.reviewer}": b for b in ballots},
        tallies={
            "1": Tally(
                round=1,
                rule="signed",
                decided_by="votes",
                candidates=("p1", "p2", "p3"),
                votes={},
                net_support={"p1": 0.7, "p2": 0.5, "p3": -0.9},
                answers=(),
                winner="p1",
                conviction=1,
                winners_by_rule={},
                rules_agree=True,
                evidence=0,
            )
        },
        halt=halt,
    )


def test_a_call_is_seen_when_it_ended_in_its_role() -> None:
    state = state_of(
        call(1, first_token_ms=70),
        call(2, phase="review", outcome="malformed", usage=Usage(unpriced_calls=1)),
    )

    assert observations_of(state, settings_for(category="math")) == [
        CallSeen(me("ada"), "proposer", "math", START + 2, "ok", 1000, 70, 9, 3, 0),
        CallSeen(
            me("ada"), "reviewer", "math", START + 2, "malformed", 0, None, 0, 0, None
        ),
    ]


def test_the_category_is_the_one_the_broker_found() -> None:
    profile = TaskProfile(
        category="code", input_tokens=1, answer_tokens=1, critique_tokens=1
    )
    team = Team(
        round=1,
        started_at=START,
        broker="B",
        seats=(Seat(expert="ada", role="proposer"),),
        profile=profile,
        unreachable={"bob": "404"},
    )

    seen = observations_of(state_of(call(1), teams={"1": team}), settings_for())

    assert [s.category for s in seen if isinstance(s, CallSeen)] == ["code"]
    assert seen[1:] == [UnreachableSeen(me("bob"), START)]


def test_an_expert_goes_by_its_identity_and_a_stranger_by_its_name() -> None:
    state = state_of(call(1, "ada"), call(1, "gone"))
    other = settings_for(ExpertConfig(name="ada", model="another"))

    names = [
        [s.expert for s in observations_of(state, config) if isinstance(s, CallSeen)]
        for config in (settings_for(), other)
    ]

    assert names == [[me("ada"), "gone"], [other.expert("ada").identity, "gone"]]
    assert me("ada") != other.expert("ada").identity


def test_what_came_out_of_the_cache_or_has_no_time_is_not_seen() -> None:
    state = state_of(call(1, cached=True), call(2, started_at=0.0))

    assert observations_of(state, settings_for()) == []


@pytest.mark.parametrize(("deadline_s", "outcome"), [(3, "cancelled"), (60, "timeout")])
def test_a_call_that_the_deadline_cut_off_is_not_the_experts_timeout(
    deadline_s: float, outcome: str
) -> None:
    late = state_of(call(2, outcome="timeout"))

    (seen,) = observations_of(late, settings_for(deadline_s=deadline_s))

    assert isinstance(seen, CallSeen)
    assert seen.outcome == outcome


def test_support_goes_to_the_author_of_what_was_asked_for_in_the_round() -> None:
    """cy's proposal is out of the cache, or an incumbent: it is not new."""
    seen = observations_of(decided(ballot("dan", p1=90, p3=-9)), settings_for())

    assert [s for s in seen if isinstance(s, SupportSeen)] == [
        SupportSeen(me("ada"), "general", START + 3, 0.7),
        SupportSeen(me("bob"), "general", START + 3, 0.5),
    ]


@pytest.mark.parametrize(
    ("weights", "agreed"),
    [
        ({"p1": 90, "p3": 10}, True),
        ({"p2": 90, "p3": 10}, True),
        ({"p1": -5, "p2": 20, "p3": 10}, True),
        ({"p1": 10, "p3": 90}, False),
        ({"p1": -10, "p3": -90}, False),
        ({"p1": -10}, False),
        ({"p1": 10}, True),
        ({"p1": 50, "p3": 50}, None),
        ({"p3": 90}, None),
    ],
)
def test_a_ballot_agrees_if_the_final_winners_answer_is_first_on_it(
    weights: dict[str, int], agreed: bool | None
) -> None:
    seen = observations_of(decided(ballot("dan", **weights)), settings_for())

    expected = AgreementSeen("dan", "general", START + 3, agreed=bool(agreed))
    agreements = [s for s in seen if isinstance(s, AgreementSeen)]
    assert agreements == ([] if agreed is None else [expected])


def test_nobody_agrees_with_a_winner_that_is_not_final() -> None:
    seen = observations_of(decided(ballot("dan", p1=90), halt=None), settings_for())

    assert not [s for s in seen if isinstance(s, AgreementSeen)]


def test_every_observation_is_filed_under_its_own_utc_day() -> None:
    midnight = 1_800_057_600  # 2027-01-16
    calls = [call(n, started_at=midnight - 2 + n) for n in range(3)]

    by_day = telemetry_by_day(observations_of(state_of(*calls), settings_for()))

    assert {
        day: found.summary(me("ada"), midnight).calls_ever
        for day, found in by_day.items()
    } == {"2027-01-15": 1, "2027-01-16": 2}


async def finish(config: DeliberationConfig | None = None, **options: Any) -> Run:
    chosen = config or settings_for()
    run = Run("What is 6 * 7?", chosen, **{"hire": Hire(), **options})
    async for _ in run.events():
        pass
    return run


async def read(store: BaseStore) -> Telemetry:
    return await TelemetryStore(store).read(time.time())


async def test_a_run_files_every_call_support_and_agreement() -> None:
    store = InMemoryStore()

    record = await (await finish(store=store)).record()

    known, now = await read(store), time.time()
    summaries = [known.summary(me(name), now) for name in ("ada", "bob", "cy")]
    assert sum(s.calls_ever for s in summaries) == len(record.calls) == 12
    assert [s.net_support_weight for s in summaries] == pytest.approx([2, 2, 2])
    # ada and cy saw 42 and 41 in round 1; in round 2 all is 42.
    assert [s.agreed for s in summaries] == pytest.approx([2, 2, 2])
    assert all(s.failure_rate == 0 for s in summaries)
    started = [c.started_at for c in record.calls.values()]
    assert record.started_at - 1 < min(started) <= max(started) < now + 1


@pytest.mark.parametrize("graph", ["single_expert", "majority_vote"])
async def test_a_baseline_files_its_calls_too(graph: str) -> None:
    store = InMemoryStore()

    record = await (await finish(store=store, graph=graph)).record()

    known = await read(store)
    seen = sum(known.summary(n, time.time()).calls_ever for n in known.experts)
    assert seen == len(record.calls)


async def test_nothing_that_was_asked_or_answered_is_on_file() -> None:
    store = InMemoryStore()

    await finish(store=store)

    (item,) = await store.asearch(NAMESPACE)
    text = json.dumps(item.value)
    assert "ada" in text
    for secret in ("What is", "six sevens", "Answer", "No error found"):
        assert secret not in text


async def test_a_run_that_ends_without_a_quorum_leaves_behind_who_failed() -> None:
    store = InMemoryStore()
    config = settings_for(
        *(scripted(name, "x", fails="always") for name in ("ada", "bob")), retries=0
    )

    with pytest.raises(QuorumError):
        await finish(config, store=store)

    summary = (await read(store)).summary(me("ada"), time.time())
    assert summary.failures == {"connection": pytest.approx(1)}


class Broken(BaseStore):
    """A store whose disk is full."""

    def batch(self, ops: Iterable[Op]) -> list[Any]:
        raise NotImplementedError

    async def abatch(self, ops: Iterable[Op]) -> list[Any]:
        raise OSError(28, "No space left on device")


async def test_a_broken_store_is_warned_of_once_a_run_and_the_answer_stands(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Broken()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            record = await (await finish(store=store)).record()
            assert record.verdict.status == "complete"

    written = [r for r in caplog.records if r.name == "nsed.nodes.observed"]
    warnings = [r.getMessage() for r in written]
    assert len(warnings) == 2
    assert "No space left on device" in warnings[0]


class Hanging(BaseStore):
    """A store whose server does not answer."""

    def batch(self, ops: Iterable[Op]) -> list[Any]:
        raise NotImplementedError

    async def abatch(self, ops: Iterable[Op]) -> list[Any]:
        await asyncio.Event().wait()
        return []


async def test_a_store_that_hangs_holds_no_run_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for module in ("observed", "telemetry_so_far"):
        monkeypatch.setattr(f"nsed.nodes.{module}.PATIENCE_S", 0.01)

    run = await finish(store=Hanging())

    assert (await run.record()).verdict.answer == "42"
    assert "TimeoutError" in caplog.text


@pytest.mark.parametrize("node", ["proposer", "identity_mask", "peer_review"])
async def test_a_resumed_run_counts_nothing_twice(node: str, tmp_path: Path) -> None:
    store, thread = InMemoryStore(), {"configurable": {"thread_id": "t"}}
    path, config = str(tmp_path / "checkpoints.sqlite"), settings_for()
    async with AsyncSqliteSaver.from_conn_string(path) as saver:
        graph = create_deliberation().compile(checkpointer=saver, store=store)
        question = {"task": "What is 6 * 7?"}
        await graph.ainvoke(question, thread, context=config, interrupt_after=[node])
    async with AsyncSqliteSaver.from_conn_string(path) as saver:
        graph = create_deliberation().compile(checkpointer=saver, store=store)
        state = await graph.ainvoke(None, thread, context=config)
        await TelemetryStore(store).fold(time.time())

    known = await read(store)
    seen = sum(known.summary(n, time.time()).calls_ever for n in known.experts)
    assert seen == state["verdict"].usage.calls == 12
    assert len(await store.asearch(NAMESPACE)) == 1


async def test_runs_without_a_thread_or_with_the_same_one_are_told_apart() -> None:
    store, config = InMemoryStore(), settings_for()
    question = {"task": "What is 6 * 7?"}
    bare = create_deliberation().compile(store=store)
    await asyncio.gather(*(bare.ainvoke(question, context=config) for _ in range(3)))
    for _ in range(2):  # a new process, its checkpoints gone
        saver = InMemorySaver(serde=record_serializer())
        await (
            create_deliberation()
            .compile(checkpointer=saver, store=store)
            .ainvoke(question, {"configurable": {"thread_id": "1"}}, context=config)
        )

    assert len(await store.asearch(NAMESPACE)) == 5


async def test_a_failed_call_has_the_time_it_took() -> None:
    """As the expert measured it, else as we did."""

    async def slow(request: Request) -> None:
        error = CallError("timeout", "no answer within 3 s")
        error.latency_ms = 3000
        raise error

    async def refused(request: Request) -> None:
        raise CallError("auth", "401")

    config = settings_for(
        scripted("ada", "Answer: 42", weights=RIGHT),
        scripted("bob", "Answer: 42"),
        scripted("cy", "Answer: 42"),
        rounds=1,
    )
    store = InMemoryStore()

    run = await finish(config, store=store, hire=Recorder(bob=slow, cy=refused))

    calls = (await run.record()).calls
    assert calls["r1.propose.bob.1"].usage.latency_ms == 3000
    assert calls["r1.propose.cy.1"].usage.latency_ms < 3000
    known, now = await read(store), time.time()
    p95 = known.summary(me("bob"), now).p95_latency_ms
    assert p95 == pytest.approx(3000, rel=0.04)
    assert known.circuit(me("cy"), now).state == "open"
    assert known.circuit(me("bob"), now).state == "closed"
