"""The loop, with scripted experts."""

import re

import pytest
from panel import RIGHT, Recorder, deliberate, panel, settings_for, verdict_of

from nsed.models.scripted import scripted
from nsed.protocol.stopping import StopReason
from nsed.state.expert_config import ExpertConfig
from nsed.state.run_record import comparable


async def test_the_panel_answers_votes_and_stops() -> None:
    record = await deliberate()

    assert record.verdict.answer == "42"
    assert record.verdict.status == "complete"
    assert record.verdict.stop_reason is StopReason.UNANIMOUS
    assert record.verdict.rounds == 2
    assert record.verdict.usage.calls == 12  # 2N calls a round
    assert record.verdict.commit_type == "early"
    assert record.verdict.notes == ()


async def test_nobody_reviews_his_own_proposal() -> None:
    record = await deliberate()

    for ballot in record.ballots.values():
        authors = {record.proposals[id_].expert for id_ in ballot.shown}
        assert ballot.reviewer not in authors
        assert len(ballot.shown) == 2


async def test_the_first_round_is_independent_and_later_ones_remember() -> None:
    hire = Recorder()

    await deliberate(hire=hire)

    proposing = [r for _, r in hire.asked if r.phase == "propose"]
    first = [r for r in proposing if r.round == 1]
    later = [r for r in proposing if r.round == 2]
    assert len(first) == len(later) == 3
    assert all("<earlier" not in r.messages[-1].content for r in first)
    assert all("six sevens are 42" in r.messages[-1].content for r in later)


async def test_no_prompt_names_an_expert_a_vote_or_a_count() -> None:
    hire = Recorder()

    record = await deliberate(hire=hire)

    support = {
        f"{value:.3f}"
        for t in record.tallies.values()
        for value in t.net_support.values()
    }
    for _, request in hire.asked:
        shown = "\n".join(message.content for message in request.messages)
        assert not re.search(r"\b(ada|bob|cy)\b", shown)
        assert not any(number in shown for number in support)
        assert not re.search(r"\b(votes?|majority|support|reviewers?)\b", shown)


async def test_foreign_text_never_enters_the_system_role() -> None:
    hire = Recorder()

    await deliberate(hire=hire)

    systems = {r.messages[0].content for _, r in hire.asked}
    assert all(r.messages[0].role == "system" for _, r in hire.asked)
    assert len(systems) == 1  # the same for all phases, experts and rounds


async def test_the_same_seed_gives_a_byte_identical_record() -> None:
    one, other = await deliberate(), await deliberate()

    assert comparable(one) == comparable(other)
    assert one.run_id != other.run_id


async def test_another_seed_gives_other_labels_and_the_same_verdict() -> None:
    records = [await deliberate(settings_for(seed=seed)) for seed in range(6)]

    orders = {tuple(r.ballots["r1.ada"].shown) for r in records}
    assert len(orders) == 2
    assert {r.verdict.answer for r in records} == {"42"}


async def test_the_order_of_the_pool_does_not_change_the_tally() -> None:
    forward = await deliberate(settings_for(*panel()))
    backward = await deliberate(settings_for(*reversed(panel())))

    assert forward.tallies == backward.tallies
    assert forward.memories == backward.memories


async def test_a_reviewer_who_is_no_proposer_sees_every_proposal() -> None:
    record = await deliberate(settings_for(proposers=("ada", "bob"), reviewers=("cy",)))

    assert len(record.ballots["r1.cy"].shown) == 2
    assert set(record.ballots) == {"r1.cy", "r2.cy"}


async def test_k_reviews_a_proposal_are_exactly_k() -> None:
    experts = [
        scripted(f"e{i}", f"Answer: {40 + i}", weights={"42": 50}) for i in range(6)
    ]
    record = await deliberate(settings_for(*experts, rounds=1, reviews_per_proposal=2))

    shown = [id_ for ballot in record.ballots.values() for id_ in ballot.shown]
    assert {shown.count(id_) for id_ in record.proposals} == {2}


async def test_the_incumbent_stays_among_the_candidates_until_it_is_beaten() -> None:
    # Everybody turns to 41 in round 2, but reviewers keep rating 42 higher.
    experts = [
        scripted(
            name, f"{name}\nAnswer: {first}", f"{name}!\nAnswer: 41", weights=RIGHT
        )
        for name, first in (("ada", 42), ("bob", 41), ("cy", 42))
    ]
    record = await deliberate(settings_for(*experts, rounds=2))

    second = record.tallies["2"]
    assert len(second.candidates) == 4
    assert record.proposals[second.winner].answer == "42"
    assert record.verdict.answer == "42"


async def test_a_challenger_needs_the_margin() -> None:
    def experts(lead: int) -> list[ExpertConfig]:
        weights = {"41": 50 + lead, "42": 50, "40": -5}
        return [
            scripted("ada", "Answer: 42", "Answer: 41", weights=weights),
            scripted("bob", "x\nAnswer: 42", "y\nAnswer: 41", weights=weights),
            scripted("cy", "Answer: 40", weights=weights),
        ]

    close = await deliberate(settings_for(*experts(2), rounds=2, effort=9, margin=0.2))
    clear = await deliberate(
        settings_for(*experts(45), rounds=2, effort=9, margin=0.01)
    )

    assert close.proposals[close.tallies["2"].winner].answer == "42"
    assert clear.proposals[clear.tallies["2"].winner].answer == "41"


async def test_known_skill_decides_a_split_panel_and_can_be_switched_off() -> None:
    experts = [
        scripted("strong", "Answer: 42", skill={"general": 0.9}, weights={}),
        scripted("weak", "Answer: 41", skill={"general": 0.2}, weights={"42": 10}),
        scripted("other", "Answer: 40", skill={"general": 0.2}, weights={"41": 60}),
    ]

    with_skill = await verdict_of(settings_for(*experts, rounds=1, kappa=1))
    pure = await verdict_of(settings_for(*experts, rounds=1, kappa=1, use_skill=False))

    assert (with_skill.answer, pure.answer) == ("42", "41")


async def test_an_incumbent_keeps_the_evidence_it_won_with() -> None:
    """A weak expert who repeats the answer does not weaken it."""
    experts = [
        scripted("strong", "Answer: 42", "Answer: 41", skill={"general": 0.9}),
        scripted("weak", "Answer: 40", "w\nAnswer: 42", skill={"general": 0.1}),
        scripted("other", "Answer: 39", "Answer: 38", skill={"general": 0.1}),
    ]
    record = await deliberate(settings_for(*experts, rounds=2, effort=10))

    first, second = record.tallies["1"], record.tallies["2"]
    evidence = {a.answer: a.evidence for a in second.answers}
    assert record.proposals[first.winner].answer == "42"
    assert evidence["42"] == evidence["41"]
    assert record.proposals[second.winner].answer == "42"


async def test_tallies_say_what_each_rule_would_pick() -> None:
    record = await deliberate(settings_for(rounds=1))

    tally = record.tallies["1"]
    assert set(tally.winners_by_rule) == {
        "signed",
        "classic",
        "mean",
        "borda",
        "plurality",
    }
    assert tally.rules_agree


@pytest.mark.parametrize(
    ("knobs", "reason"),
    [
        ({"rounds": 1}, StopReason.ROUND_LIMIT),
        ({"verify": 0.5, "guess": 0.6}, StopReason.NO_GAIN),
        ({"effort": 0.01}, StopReason.EVIDENCE),
    ],
    ids=["round limit", "no gain", "evidence"],
)
async def test_stop_reasons(knobs: dict[str, float], reason: StopReason) -> None:
    verdict = await verdict_of(settings_for(**knobs))

    assert verdict.stop_reason is reason
    assert verdict.rounds == 1


async def test_no_novelty_ends_a_stubborn_panel() -> None:
    experts = [
        scripted("ada", "Answer: 42", weights={"41": -10, "40": -90}),
        scripted("bob", "Answer: 41", weights={"40": 10, "42": -10}),
        scripted("cy", "Answer: 40", weights={"41": -10, "42": -20}),
    ]
    verdict = await verdict_of(settings_for(*experts, effort=10))

    assert verdict.stop_reason is StopReason.NO_NOVELTY
    assert verdict.commit_type == "fragmented"


async def test_memory_keeps_its_budget_and_prompts_do_not_grow_with_rounds() -> None:
    experts = [
        scripted(
            name,
            *(
                f"{name} {'ponders ' * 70}step {i}.\nAnswer: {i * 10 + j}"
                for i in range(8)
            ),
            weights={f"Answer: {i * 10 + (i % 3)}": 10 + 10 * i for i in range(8)},
        )
        for j, name in enumerate(("ada", "bob", "cy"))
    ]
    hire = Recorder()
    record = await deliberate(
        settings_for(*experts, rounds=8, effort=10, memory_tokens=300), hire=hire
    )

    assert len(record.memories) == 8
    assert all(m.tokens <= 300 for m in record.memories.values())
    sizes = [
        max(
            r.prompt_bytes
            for _, r in hire.asked
            if r.phase == "propose" and r.round == n
        )
        for n in range(2, 9)
    ]
    assert max(sizes) - min(sizes) <= 0.25 * min(sizes)
    assert sizes[-1] <= sizes[0] * 1.15
