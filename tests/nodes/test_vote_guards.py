"""The vote's guards in a run: who is bounded, and that the tally says so."""

import numpy as np
import pytest
from panel import deliberate, settings_for

from nsed.models.scripted import scripted
from nsed.nodes.vote_guards import guard_words, influence_of
from nsed.protocol.influence import Influence
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.records import Ballot

BLOC = {"Answer: 41": 100, "Answer: 42": -100}
HONEST = {"Answer: 41": -60, "Answer: 42": 80}


def bloc_and_panel() -> list[ExpertConfig]:
    """Four of one family for 41, three of three families for 42."""
    members = [
        scripted(f"x{n}", f"{n}\nAnswer: 41", weights=BLOC, family="x")
        for n in range(4)
    ]
    others = [
        scripted(f"y{n}", f"{n}\nAnswer: 42", weights=HONEST, family=f"y{n}")
        for n in range(3)
    ]
    return [*members, *others]


def config(**knobs: object) -> DeliberationConfig:
    return settings_for(*bloc_and_panel(), rounds=1, broker="fixed", **knobs)


async def test_a_bloc_of_four_of_seven_wins_a_vote_without_guards() -> None:
    record = await deliberate(config())
    tally = record.tallies["1"]

    assert record.verdict.answer == "41"
    assert (tally.guards, tally.unguarded_winner) == ((), None)


async def test_with_a_family_cap_it_does_not_and_the_tally_says_why() -> None:
    record = await deliberate(config(family_cap=0.34))
    tally = record.tallies["1"]

    assert record.verdict.answer == "42"
    assert tally.unguarded_winner is not None
    assert record.proposals[tally.unguarded_winner].answer == "41"
    assert tally.guards == (
        "family_cap: x has up to 57% of the say, and is held to 34% on 2 of 2 answers.",
    )


async def test_a_guard_that_changes_nothing_says_so() -> None:
    record = await deliberate(settings_for(rounds=1, family_cap=0.5, trim=0.1))
    tally = record.tallies["1"]

    assert tally.unguarded_winner == tally.winner
    assert tally.guards == (
        "family_cap: no family has more of the say than it may have.",
        "trim: the highest and the lowest 10% of the say on each answer are left out.",
    )


async def test_a_reviewer_counts_as_much_as_configured() -> None:
    heavy = {f"y{n}": 10.0 for n in range(3)}
    record = await deliberate(config(reviewer_weights=heavy))

    assert record.verdict.answer == "42"
    assert record.tallies["1"].guards == (
        "reviewer_weights: not every ballot counts the same.",
    )


def ballot(name: str) -> Ballot:
    return Ballot(round=1, reviewer=name, shown=(), written={}, weights={})


def test_families_and_weights_are_those_of_the_reviewers_who_voted() -> None:
    given = config(reviewer_weights={"x1": 0.5}, family_cap=0.4, trim=0.1)

    assert influence_of([ballot("x1"), ballot("y2")], given) == Influence(
        trust=(0.5, 1.0), families=("x", "y2"), family_cap=0.4, trim=0.1
    )


def test_an_answer_that_one_family_alone_voted_on_is_told() -> None:
    votes = np.array([[1.0, 0.5], [np.nan, 0.5]])
    capped = Influence(families=("x", "y"), family_cap=0.5)

    assert guard_words(capped, votes) == (
        "family_cap: on 1 of 2 answers only one family voted, which no cap can hold.",
    )


@pytest.mark.parametrize(
    "knobs",
    [
        {"family_cap": 0},
        {"family_cap": 1.5},
        {"trim": 0.5},
        {"reviewer_weights": {"x0": 0}},
        {"reviewer_weights": {"x0": -1}},
    ],
    ids=str,
)
def test_guards_out_of_range_are_refused(knobs: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(knobs))):
        config(**knobs)


def test_a_weight_of_a_stranger_is_an_error_with_a_hint() -> None:
    words = r"reviewer_weights: no expert is named 'x00'\. Did you mean 'x0'\?"
    with pytest.raises(ValueError, match=words):
        config(reviewer_weights={"x00": 2})
