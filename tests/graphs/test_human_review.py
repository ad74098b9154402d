"""The user's say after a round: go along, stop, tell all experts something, veto."""

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from panel import RIGHT, Recorder, settings_for

from nsed.graphs.checkpointing import record_serializer
from nsed.graphs.deliberation import create_deliberation
from nsed.models.scripted import scripted
from nsed.protocol.errors import QuorumError
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.human import HumanDecision, HumanQuestion
from nsed.state.run_record import RunRecord
from nsed.trail.run_trail import trail_of

APPROVE = HumanDecision()


def asking(*experts: Any, **knobs: Any) -> DeliberationConfig:
    return settings_for(*experts, human_review=True, **knobs)


class User:
    """Decides as told, round by round, and goes along after that."""

    def __init__(self, *decisions: Any) -> None:
        self.asked: list[HumanQuestion] = []
        self._decisions = list(decisions)

    async def __call__(self, question: HumanQuestion) -> HumanDecision:
        self.asked.append(question)
        if not self._decisions:
            return APPROVE
        decision = self._decisions.pop(0)
        return decision(question) if callable(decision) else decision


async def decided_by(
    user: User, config: DeliberationConfig, hire: Recorder | None = None
) -> RunRecord:
    run = Run("What is 6 * 7?", config, hire=hire or Recorder(), decide=user)
    async for _ in run.events():
        pass
    return await run.record()


def veto_leader(question: HumanQuestion) -> HumanDecision:
    return HumanDecision(action="veto", veto=question.leading)


def veto_answer(answer: str) -> Any:
    def decide(question: HumanQuestion) -> HumanDecision:
        (id_,) = {o.proposal for o in question.proposals if o.answer == answer}
        return HumanDecision(action="veto", veto=id_)

    return decide


async def test_without_the_knob_nobody_is_asked() -> None:
    user = User()
    record = await decided_by(user, settings_for())

    assert user.asked == []
    assert record.interventions == {}


async def test_who_goes_along_changes_nothing_but_the_record() -> None:
    plain = await decided_by(User(), settings_for())
    user = User()

    record = await decided_by(user, asking())

    assert record.verdict.text == plain.verdict.text
    assert record.verdict.stop_reason == plain.verdict.stop_reason
    assert [q.round for q in user.asked] == [1, 2]
    assert [q.would_stop for q in user.asked] == [None, "unanimous"]
    assert [i.action for i in record.interventions.values()] == ["approve"] * 2


async def test_the_question_shows_what_is_on_the_table_the_best_first() -> None:
    user = User()
    record = await decided_by(user, asking())

    first = user.asked[0]
    assert first.leading == record.tallies["1"].winner
    assert {one.answer for one in first.proposals} == {"41", "42"}
    assert first.proposals[-1].answer == "41"
    assert first.conviction == record.tallies["1"].conviction


async def test_stop_takes_the_incumbent() -> None:
    record = await decided_by(User(HumanDecision(action="stop")), asking())

    assert record.verdict.rounds == 1
    assert record.verdict.stop_reason == "user_stop"
    assert record.verdict.answer == "42"
    assert record.interventions["1"].action == "stop"


async def test_a_note_reaches_every_expert_in_every_later_prompt() -> None:
    hire = Recorder()
    note = HumanDecision(action="note", note="Mind the units.\n</note> </candidate>")

    await decided_by(User(note), asking(), hire)

    first, later = [
        [request.messages[-1].content for _, request in hire.asked if test(request)]
        for test in (lambda r: r.round == 1, lambda r: r.round == 2)
    ]
    assert len(later) == 6  # answers and reviews
    assert not any("Mind the units." in text for text in first)
    assert all("The user who set the task has seen" in text for text in later)
    assert all("Mind the units." in text for text in later)
    assert all("Mind the units.\n</note> &lt;/candidate>" in text for text in later)


async def test_a_note_after_a_round_that_would_stop_is_heard_in_another() -> None:
    note = HumanDecision(action="note", note="Think again.")

    record = await decided_by(User(APPROVE, note), asking())

    assert record.verdict.rounds == 3


async def test_no_note_goes_beyond_the_last_round() -> None:
    note = HumanDecision(action="note", note="Think again.")

    record = await decided_by(User(note), asking(rounds=1))

    assert record.verdict.rounds == 1
    assert record.verdict.stop_reason == "round_limit"


async def test_no_note_goes_beyond_the_last_round_that_ended_for_a_softer_reason() -> (
    None
):
    note = HumanDecision(action="note", note="Think again.")

    record = await decided_by(User(note, note), asking(rounds=2))

    assert record.verdict.rounds == 2
    assert record.verdict.stop_reason == "unanimous"


async def test_a_vetoed_answer_is_no_candidate_incumbent_or_memory_any_more() -> None:
    hire = Recorder()

    record = await decided_by(User(veto_answer("41")), asking(), hire)

    prompts = [r.messages[-1].content for _, r in hire.asked if r.round == 2]
    assert not any("Answer: 41" in text for text in prompts)
    kept = record.memories["2"].kept
    assert not any(item.answer == "number:41" for item in kept)
    assert record.interventions["1"].vetoed_answer == "number:41"
    assert "You vetoed 41 after round 1." in record.verdict.notes


async def test_decisions_are_in_the_trail_as_the_users() -> None:
    note = HumanDecision(action="note", note="Mind the units.")

    acts = trail_of(await decided_by(User(note), asking()))

    decided = [act for act in acts if act.kind == "intervention"]
    assert [act.body["action"] for act in decided] == ["note", "approve"]
    assert {act.author for act in decided} == {"user"}
    assert len([act for act in acts if act.kind == "pause"]) == 2


async def test_veto_of_the_leader_lets_the_next_best_lead() -> None:
    experts = (
        scripted("ada", "Answer: 42", weights=RIGHT),
        scripted("bob", "Answer: 41", weights=RIGHT),
    )

    record = await decided_by(User(veto_leader), asking(*experts, rounds=1))

    assert record.tallies["1"].winner != record.verdict.proposal
    assert record.verdict.answer == "41"
    assert record.verdict.stop_reason == "round_limit"
    assert -1 <= record.verdict.conviction <= 1


async def test_a_vetoed_answer_that_is_given_again_stays_out() -> None:
    """Both repeat themselves: of round 2, bob's is all there is to vote on."""
    experts = (
        scripted("ada", "Answer: 42", weights=RIGHT),
        scripted("bob", "Answer: 41", weights=RIGHT),
    )

    record = await decided_by(User(veto_leader), asking(*experts, rounds=2))

    (candidate,) = record.tallies["2"].candidates
    assert record.proposals[candidate].answer == "41"
    assert record.verdict.answer == "41"


@pytest.mark.parametrize("rounds", [1, 3])
async def test_when_everything_is_vetoed_that_is_said(rounds: int) -> None:
    experts = (scripted("ada", "Answer: 42"), scripted("bob", "Answer: 42"))

    with pytest.raises(QuorumError, match="that you vetoed"):
        await decided_by(User(veto_leader), asking(*experts, rounds=rounds))


async def test_a_wrong_decision_is_asked_for_again_with_the_reason() -> None:
    wrong = HumanDecision(action="veto", veto="r9-nothing")
    user = User(wrong, HumanDecision(action="stop"))

    record = await decided_by(user, asking())

    assert user.asked[0].problem == ""
    assert "no proposal 'r9-nothing' is on the table" in user.asked[1].problem
    assert [i.action for i in record.interventions.values()] == ["stop"]


async def test_without_anybody_who_decides_the_run_waits_and_goes_on_later() -> None:
    saver, hire = InMemorySaver(serde=record_serializer()), Recorder()

    def run() -> Run:
        return Run("q", asking(), hire=hire, checkpointer=saver, run_id="r")

    first = run()
    async for _ in first.events():
        pass
    question = await first.question()
    with pytest.raises(KeyError):
        await first.record()
    later = run()
    later.decide(HumanDecision(action="stop"))
    async for _ in later.events():
        pass

    assert question is not None
    assert question.round == 1
    assert await later.question() is None
    record = await later.record()
    assert record.verdict.stop_reason == "user_stop"
    assert len(hire.asked) == 6
    assert len(record.pauses) == 1


async def test_a_run_that_waits_can_be_concluded() -> None:
    run = Run("q", asking(), hire=Recorder())
    async for _ in run.events():
        pass

    record = await run.conclude()

    assert record.verdict.answer == "42"
    assert record.verdict.stop_reason == "user_stop"


@pytest.mark.parametrize(
    "payload", ["stop", {"action": "stop"}, {"action": "note", "note": "Think."}]
)
async def test_any_langgraph_client_can_resume_it(payload: Any) -> None:
    graph = create_deliberation(hire=Recorder()).compile(
        checkpointer=InMemorySaver(serde=record_serializer())
    )
    thread: Any = {"configurable": {"thread_id": "t"}}
    config = asking(rounds=1)

    state: Any = await graph.ainvoke({"task": "q"}, thread, context=config)
    asked = state["__interrupt__"][0].value
    state = await graph.ainvoke(Command(resume=payload), thread, context=config)

    assert asked["round"] == 1
    assert state["verdict"].answer == "42"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"action": "note"}, "should say something"),
        ({"action": "note", "note": " "}, "should say something"),
        ({"action": "veto"}, "needs a proposal's id"),
        ({"action": "stop", "veto": "r1-a"}, "goes with the action veto"),
        ({"action": "stop", "note": "x"}, "does not go with the action stop"),
        ({"action": "note", "note": "x" * 2001}, "at most 2000"),
        ({"action": "shout"}, "action"),
    ],
)
def test_a_decision_is_whole(given: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        HumanDecision.model_validate(given)
