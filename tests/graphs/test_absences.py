"""When experts are missing: the run ends with an answer, or with a clear error."""

import asyncio

import pytest
from panel import RIGHT, Recorder, deliberate, panel, settings_for, verdict_of

from nsed.models.base import Reply, Request
from nsed.models.scripted import scripted
from nsed.protocol.errors import DegradedError, ExpertError, QuorumError
from nsed.protocol.stopping import StopReason
from nsed.protocol.usage import Usage


def _raise(wanted: bool) -> None:
    if wanted:
        raise ExpertError("model_gone", "the server hung up")


@pytest.mark.parametrize("phase", ["propose", "review"])
async def test_one_dead_expert_costs_its_seat_and_not_the_run(phase: str) -> None:
    hire = Recorder(bob=lambda r: _raise(r.phase == phase))

    verdict = await verdict_of(settings_for(), hire=hire)

    assert verdict.answer == "42"
    assert verdict.status == "degraded"
    assert {a.expert for a in verdict.absences} == {"bob"}
    assert {a.kind for a in verdict.absences} == {"model_gone"}
    assert any("bob is missing" in note for note in verdict.notes)


async def test_an_absent_proposer_still_reviews() -> None:
    hire = Recorder(bob=lambda r: _raise(r.phase == "propose"))

    record = await deliberate(settings_for(rounds=1), hire=hire)

    assert len(record.ballots["r1.bob"].shown) == 2


async def test_all_proposers_down_is_an_error_that_names_every_cause() -> None:
    experts = [scripted(n, "Answer: 1", fails="always") for n in ("ada", "bob")]

    with pytest.raises(QuorumError, match=r"0 of 1 required") as caught:
        await deliberate(settings_for(*experts))

    assert "ada" in str(caught.value)
    assert "bob" in str(caught.value)


async def test_all_reviewers_down_gives_a_plurality_and_makes_up_no_vote() -> None:
    experts = [
        scripted(n, f"{n}\nAnswer: {a}", fails="review")
        for n, a in (("ada", 42), ("bob", 41), ("cy", 42))
    ]
    record = await deliberate(settings_for(*experts))

    assert record.verdict.answer == "42"
    assert record.verdict.status == "degraded"
    assert record.verdict.stop_reason is StopReason.NO_BALLOTS
    assert record.tallies["1"].decided_by == "plurality"
    assert record.tallies["1"].votes == {}
    assert record.ballots == {}


async def test_later_rounds_without_proposals_keep_the_incumbent() -> None:
    hire = Recorder(
        **{
            n: lambda r: _raise(r.round > 1 and r.phase == "propose")
            for n in ("ada", "bob", "cy")
        }
    )
    verdict = await verdict_of(settings_for(effort=10, rounds=2), hire=hire)

    assert verdict.answer == "42"
    assert verdict.status == "degraded"


async def test_a_larger_quorum_refuses_a_small_panel() -> None:
    hire = Recorder(bob=lambda r: _raise(r.phase == "propose"))

    with pytest.raises(QuorumError, match="2 of 3"):
        await deliberate(settings_for(quorum=3), hire=hire)


async def test_on_partial_error_refuses_a_degraded_answer() -> None:
    hire = Recorder(bob=lambda r: _raise(r.phase == "review"))

    with pytest.raises(DegradedError, match="bob"):
        await deliberate(settings_for(on_partial="error"), hire=hire)


async def test_a_hanging_expert_is_left_behind() -> None:
    async def hang(request: Request) -> Reply:
        async with asyncio.timeout(request.timeout_s):
            await asyncio.Event().wait()
        raise AssertionError

    async def hang_as_expert(request: Request) -> Reply:
        try:
            return await hang(request)
        except TimeoutError as error:
            raise ExpertError("timeout", "no reply in time") from error

    verdict = await verdict_of(
        settings_for(call_timeout_s=0.05), hire=Recorder(bob=hang_as_expert)
    )

    assert verdict.answer == "42"
    assert {a.kind for a in verdict.absences} == {"timeout"}
    assert any("skewed" in note for note in verdict.notes)


async def test_our_own_bugs_are_not_absences() -> None:
    def bug(_: Request) -> None:
        raise KeyError("a bug of ours")

    with pytest.raises(KeyError, match="a bug of ours"):
        await deliberate(hire=Recorder(bob=bug))


async def test_a_ballot_over_unknown_labels_only_is_refused_after_one_re_ask() -> None:
    def junk(request: Request) -> Reply | None:
        if request.phase == "propose":
            return None
        return Reply(text='{"Z": {"critique": "", "weight": 3}}', usage=Usage(calls=1))

    record = await deliberate(settings_for(rounds=1), hire=Recorder(bob=junk))

    assert record.absences["r1.review.bob"].kind == "malformed"
    assert [c.outcome for c in record.calls.values() if c.expert == "bob"] == [
        "ok",
        "malformed",
        "malformed",
    ]
    assert '"Z"' in record.calls["r1.review.bob.2"].reply  # the raw reply is kept


async def test_unknown_labels_are_dropped_before_normalising_and_recorded() -> None:
    text = '{"A": {"critique": "", "weight": 50}, "Q": {"critique": "", "weight": 50}}'

    def extra(request: Request) -> Reply | None:
        if request.phase == "propose":
            return None
        return Reply(text=text, usage=Usage(calls=1))

    record = await deliberate(settings_for(rounds=1), hire=Recorder(bob=extra))

    ballot = record.ballots["r1.bob"]
    assert ballot.dropped_labels == ("Q",)
    assert list(ballot.weights.values()) == [50]
    assert record.tallies["1"].votes["bob"] == {ballot.shown[0]: 1.0}


async def test_reasoning_is_never_shown_to_peers() -> None:
    experts = (
        scripted("ada", "<think>secret plan 77</think>Answer: 42", weights=RIGHT),
        *panel()[1:],
    )
    hire = Recorder()

    record = await deliberate(settings_for(*experts), hire=hire)

    assert "secret plan" in record.calls["r1.propose.ada.1"].reply
    for _, request in hire.asked:
        assert all("secret plan" not in m.content for m in request.messages)


async def test_an_answer_that_was_cut_off_is_asked_for_once_more() -> None:
    """A cut proposal is no answer; its last line, asked for, makes it one."""

    def cut(request: Request) -> Reply | None:
        if request.phase == "review":
            return None
        if request.lead:
            return Reply(text="Answer: 42", usage=Usage(calls=1))
        return Reply(text="6 * 7 is 6 * 5 +", usage=Usage(calls=1), truncated=True)

    hire = Recorder(bob=cut)
    record = await deliberate(settings_for(rounds=1), hire=hire)

    (said,) = (p for p in record.proposals.values() if p.expert == "bob")
    assert said.text == "6 * 7 is 6 * 5 +\nAnswer: 42"
    assert said.answer == "42"
    assert record.verdict.status == "complete"
    assert record.calls["r1.propose.bob.1"].outcome == "truncated"
    asked = [r for name, r in hire.asked if name == "bob" and r.lead]
    assert asked[0].messages[-2].content == "6 * 7 is 6 * 5 +"
    assert asked[0].max_output_tokens <= 64


async def test_an_answer_cut_off_twice_is_an_absence() -> None:
    def cut(request: Request) -> Reply | None:
        if request.phase == "review":
            return None
        return Reply(text="so then", usage=Usage(calls=1), truncated=True)

    record = await deliberate(settings_for(rounds=1), hire=Recorder(bob=cut))

    assert record.absences["r1.propose.bob"].kind == "truncated"
    assert record.verdict.status == "degraded"
    assert len([c for c in record.calls.values() if c.expert == "bob"]) == 3
