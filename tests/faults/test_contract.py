"""The degradation contract: complete, degraded or failed, and what each leaves."""

from typing import Any

import pytest
from panel import Recorder, deliberate, settings_for, verdict_of

from nsed.models.base import Request
from nsed.models.hire import Hire
from nsed.models.scripted import scripted
from nsed.protocol.errors import DegradedError, ExpertError, NsedError, QuorumError
from nsed.protocol.stopping import StopReason
from nsed.run import Run
from nsed.state.panel import PanelRound
from nsed.state.run_record import RunRecord


def down(phase: str, *, from_round: int = 1) -> Any:
    def fail(request: Request) -> None:
        if request.phase == phase and request.round >= from_round:
            raise ExpertError("model_gone", "the server hung up")

    return fail


async def test_a_full_panel_is_complete() -> None:
    verdict = await verdict_of(settings_for(rounds=1))

    assert verdict.status == "complete"
    assert verdict.panel == (
        PanelRound(round=1, proposers=3, proposed=3, reviewers=3, reviewed=3),
    )
    assert verdict.panel[0].full
    assert verdict.failure == ""


async def test_a_degraded_verdict_says_how_large_the_panel_really_was() -> None:
    hire = Recorder(bob=down("propose"), cy=down("review"))

    verdict = await verdict_of(settings_for(rounds=1), hire=hire)

    assert verdict.status == "degraded"
    assert verdict.panel == (
        PanelRound(round=1, proposers=3, proposed=2, reviewers=3, reviewed=2),
    )
    assert "Round 1 had 2 of 3 answers and 2 of 3 reviews." in verdict.notes


async def test_a_baseline_without_reviewers_does_not_miss_them() -> None:
    hire = Recorder(bob=down("propose"))

    record = await deliberate(settings_for(), hire=hire, graph="majority_vote")

    assert "Round 1 had 2 of 3 answers." in record.verdict.notes


async def test_fewer_ballots_than_the_quorum_of_reviews_decide_nothing() -> None:
    experts = [
        scripted("ada", "Answer: 42", weights={"41": 90}),  # would win the vote
        scripted("bob", "Answer: 41", fails="review"),
        scripted("cy", "six sevens\nAnswer: 42", fails="review"),
    ]
    one = await deliberate(settings_for(*experts, rounds=1))
    two = await deliberate(settings_for(*experts, rounds=3, review_quorum=2))

    assert (one.tallies["1"].decided_by, one.verdict.answer) == ("votes", "41")
    assert (two.tallies["1"].decided_by, two.verdict.answer) == ("plurality", "42")
    assert two.tallies["1"].votes == {}
    assert list(two.ballots) == ["r1.ada"]  # on record all the same
    assert two.verdict.status == "degraded"
    assert two.verdict.stop_reason is StopReason.NO_BALLOTS
    assert two.verdict.notes[0] == (
        "Only 1 of the 2 ballots of review_quorum were usable: "
        "the most frequent answer was taken."
    )


async def failed_run(kind: type[NsedError], hire: Any, **knobs: Any) -> RunRecord:
    run = Run("What is 6 * 7?", settings_for(**knobs), hire=hire)
    with pytest.raises(kind):
        async for _ in run.events():
            pass
    return await run.record()


async def test_a_failed_run_keeps_its_absences_and_its_bill() -> None:
    hire = Recorder(ada=down("propose"), bob=down("propose"))

    record = await failed_run(QuorumError, hire, quorum=2)

    verdict = record.verdict
    assert verdict.status == "failed"
    assert (verdict.answer, verdict.text, verdict.proposal) == ("", "", "")
    assert verdict.stop_reason is StopReason.NO_QUORUM
    assert verdict.failure.startswith("QuorumError: `propose` phase: 1 of 2")
    assert {a.expert for a in verdict.absences} == {"ada", "bob"}
    assert verdict.usage.calls == 3
    assert verdict.panel[0].proposed == 1
    assert len(record.proposals) == 1


async def test_all_or_nothing_is_a_failure_with_a_record() -> None:
    hire = Recorder(bob=down("review"))

    record = await failed_run(DegradedError, hire, on_partial="error")

    assert record.verdict.status == "failed"
    assert record.verdict.failure.startswith("DegradedError")
    assert len(record.ballots) == 2  # they came in, and were not counted
    assert record.tallies == {}


async def test_a_failed_record_is_one_that_can_be_read_again() -> None:
    record = await failed_run(QuorumError, Recorder(ada=down("propose")), quorum=3)

    assert RunRecord.model_validate_json(record.model_dump_json()) == record


async def test_a_run_that_was_never_begun_has_no_record() -> None:
    run = Run("?", settings_for(max_calls=0), hire=Hire())
    with pytest.raises(NsedError, match="max_calls=0"):
        async for _ in run.events():
            pass

    with pytest.raises(KeyError):
        await run.record()
