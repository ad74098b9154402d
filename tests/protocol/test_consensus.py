"""From weights to a winner: pooling, evidence, ties, incumbents, conviction."""

from math import log

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import ballots, candidates

from nsed.protocol.consensus import (
    RULES,
    Candidate,
    Rule,
    conviction,
    decide,
    plurality,
    skill_evidence,
    text_digest,
)
from nsed.protocol.influence import Influence

NAN = np.nan
Matrix = NDArray[np.float64]


def alone(*digests: str) -> list[Candidate]:
    """Candidates that all say something different."""
    return [Candidate(answer=f"answer {d}", digest=d) for d in digests]


def saying(answers: str) -> list[Candidate]:
    """One candidate a letter; equal letters are equal answers."""
    return [Candidate(answer=a, digest=f"{i:03}") for i, a in enumerate(answers)]


def test_worked_example() -> None:
    """Three reviewers, each silent on his own: the second wins on one vote of 1.

    Votes: (√.8, -√.2) from the first, (√.5, √.5) and (-.5, √.75) from the others.
    """
    weights = np.array([[NAN, 80.0, -20.0], [50.0, NAN, 50.0], [-25.0, 75.0, NAN]])

    outcome = decide(weights, alone("a", "b", "c"))

    first, second, third = (
        (0.5**0.5 - 0.5) / 2,
        (0.8**0.5 + 0.75**0.5) / 2,
        (0.5**0.5 - 0.2**0.5) / 2,
    )
    np.testing.assert_allclose(outcome.net_support, [first, second, third])
    np.testing.assert_allclose(outcome.scores, [first, second, third])
    assert outcome.winner == 1
    assert outcome.conviction == pytest.approx(second / (first + second + third))
    assert outcome.answers == ("answer a", "answer b", "answer c")
    assert outcome.winners_by_rule == dict.fromkeys(RULES, 1)


def test_equal_answers_pool_their_support() -> None:
    """30 + 30 for X beat 40 for Y, though no X proposal beats Y alone."""
    outcome = decide(np.array([[30.0, 40.0, 30.0]]), saying("XYX"))

    assert outcome.answers == ("X", "Y")
    np.testing.assert_allclose(outcome.answer_net_support, [0.6**0.5, 0.4**0.5])
    assert outcome.winner in {0, 2}
    assert outcome.conviction == pytest.approx(0.6**0.5 / (0.6**0.5 + 0.4**0.5))


def test_rules_may_disagree() -> None:
    """Two lukewarm firsts win plurality and Borda; one strong vote wins the mean."""
    weights = np.array([[51.0, 49.0], [51.0, 49.0], [0.0, 100.0]])

    outcome = decide(weights, alone("a", "b"))

    assert outcome.winners_by_rule == {
        "signed": 1,
        "classic": 1,
        "mean": 1,
        "borda": 0,
        "plurality": 0,
    }


@pytest.mark.parametrize("rule", RULES)
def test_the_chosen_rule_decides(rule: Rule) -> None:
    weights = np.array([[51.0, 49.0], [51.0, 49.0], [0.0, 100.0]])

    outcome = decide(weights, alone("a", "b"), rule=rule)

    assert outcome.winner == outcome.winners_by_rule[rule]


def test_the_best_supported_proposal_speaks_for_its_answer() -> None:
    assert decide(np.array([[10.0, 20.0, 50.0]]), saying("XYX")).winner == 2


# --- ties ---------------------------------------------------------------------


def test_ties_go_to_the_higher_lowest_vote() -> None:
    """Means of 0 and 0: votes of ±1 against votes of 0."""
    weights = np.array([[100.0, 0.0], [-100.0, 0.0]])

    assert decide(weights, alone("a", "b")).winner == 1


def test_then_ties_go_to_the_smaller_digest() -> None:
    assert decide(np.array([[50.0, 50.0]]), alone("b", "a")).winner == 1
    assert decide(np.array([[50.0, 50.0]]), alone("a", "b")).winner == 0


def test_ties_within_an_answer_go_to_the_smaller_digest() -> None:
    twins = [Candidate("X", "b"), Candidate("X", "a")]

    assert decide(np.array([[50.0, 50.0]]), twins).winner == 1


def test_a_proposal_nobody_voted_on_loses_ties() -> None:
    weights = np.array([[NAN, 0.0, 0.0]])

    assert decide(weights, alone("a", "b", "c")).winner == 1


# --- evidence -----------------------------------------------------------------


def test_evidence_by_hand() -> None:
    """Skill .9 is log 9; four wrong answers to scatter over add log 4."""
    assert skill_evidence(0.9) == pytest.approx(log(9))
    assert skill_evidence(0.9, wrong_answers=4) == pytest.approx(log(36))


def test_unknown_skill_is_no_evidence() -> None:
    assert skill_evidence(None, wrong_answers=9) == 0


def test_a_weak_experts_word_is_no_evidence_against_his_answer() -> None:
    assert skill_evidence(0.2) == 0


@pytest.mark.parametrize(
    ("skill", "wrong"),
    [(0, 1), (1, 1), (NAN, 1), (0.5, 0.5), (0.5, NAN), (0.5, np.inf)],
)
def test_impossible_skill_is_refused(skill: float, wrong: float) -> None:
    with pytest.raises(ValueError, match="0 < skill < 1 <= wrong_answers"):
        skill_evidence(skill, wrong_answers=wrong)


@given(st.floats(0.01, 0.98), st.floats(1, 1e6))
def test_more_skill_is_never_less_evidence(skill: float, wrong: float) -> None:
    more = skill_evidence(skill + 0.01, wrong_answers=wrong)

    assert more >= skill_evidence(skill, wrong_answers=wrong) >= 0


def test_evidence_adds_up_over_the_experts_who_say_so() -> None:
    """1 + 1 nats for X against 1 for Y and a full vote: 2 + 0 > 1 + .9."""
    panel = [Candidate(a, d, evidence=1.0) for a, d in ("Xa", "Yb", "Xc")]
    weights = np.array([[0.0, 100.0, 0.0]])

    np.testing.assert_allclose(decide(weights, panel).scores, [2, 2])
    assert decide(weights, panel, kappa=0.9).winner in {0, 2}
    assert decide(weights, panel, kappa=1.1).winner == 1


def test_evidence_does_not_touch_what_the_rules_would_pick() -> None:
    panel = [Candidate("X", "a", evidence=9.0), Candidate("Y", "b")]

    outcome = decide(np.array([[10.0, 90.0]]), panel)

    assert outcome.winner == 0
    assert outcome.winners_by_rule == dict.fromkeys(RULES, 1)


# --- incumbents ---------------------------------------------------------------

LEAD = 0.6**0.5 - 0.4**0.5


@pytest.mark.parametrize(
    ("margin", "winner"), [(0, 1), (LEAD - 1e-6, 1), (LEAD, 1), (LEAD + 1e-6, 0)]
)
def test_a_challenger_needs_the_margin(margin: float, winner: int) -> None:
    weights = np.array([[40.0, 60.0]])

    outcome = decide(weights, alone("a", "b"), incumbent=0, margin=margin)

    assert outcome.winner == winner
    assert outcome.winners_by_rule["signed"] == 1


def test_a_lead_of_exactly_the_margin_is_enough() -> None:
    """Votes of .6 and .8: a lead of .2."""
    weights = np.array([[36.0, 64.0]])

    assert decide(weights, alone("a", "b"), incumbent=0, margin=0.2).winner == 1


def test_a_tie_leaves_the_incumbent() -> None:
    assert decide(np.array([[50.0, 50.0]]), alone("b", "a"), incumbent=0).winner == 0


def test_the_margin_is_in_units_of_net_support() -> None:
    weights = np.array([[40.0, 60.0]])

    for kappa in (0.1, 10.0):
        held = decide(
            weights, alone("a", "b"), kappa=kappa, incumbent=0, margin=LEAD + 1e-6
        )
        assert held.winner == 0


def test_conviction_is_that_of_the_answer_that_stands() -> None:
    outcome = decide(np.array([[40.0, 60.0]]), alone("a", "b"), incumbent=0, margin=1)

    assert outcome.conviction == pytest.approx(0.4**0.5 / (0.4**0.5 + 0.6**0.5))


def test_a_better_proposal_of_the_incumbents_answer_speaks() -> None:
    outcome = decide(
        np.array([[10.0, 60.0, 30.0]]), saying("XYX"), incumbent=0, margin=1
    )

    assert outcome.winner == 2


@settings(max_examples=40)
@given(weights=ballots(), data=st.data(), margin=st.sampled_from([0.0, 0.05, 0.5, 2]))
def test_the_incumbent_falls_exactly_to_a_lead_of_the_margin(
    weights: Matrix, data: st.DataObject, margin: float
) -> None:
    panel = data.draw(candidates(weights.shape[1]))
    incumbent = data.draw(st.integers(0, len(panel) - 1))
    free = decide(weights, panel)
    held = decide(weights, panel, incumbent=incumbent, margin=margin)
    answer, stood = panel[held.winner].answer, panel[incumbent].answer
    lead = free.scores.max() - free.scores[free.answers.index(stood)]
    assume(abs(lead - margin) > 1e-9 and lead != 0)

    assert answer == (panel[free.winner].answer if lead > margin else stood)


# --- laws ---------------------------------------------------------------------


@settings(max_examples=50)
@given(weights=ballots(), data=st.data())
def test_renaming_and_reordering_experts_and_reviewers_changes_nothing(
    weights: Matrix, data: st.DataObject
) -> None:
    panel = data.draw(candidates(weights.shape[1]))
    assume(len({c.digest for c in panel}) == len(panel))
    rows = data.draw(st.permutations(range(len(weights))))
    columns = data.draw(st.permutations(range(len(panel))))
    rule = data.draw(st.sampled_from(RULES))
    trust = np.array(
        data.draw(
            st.lists(
                st.sampled_from([0.5, 1.0, 2.0]), min_size=len(rows), max_size=len(rows)
            )
        )
    )
    incumbent = data.draw(st.integers(0, len(panel) - 1))

    one = decide(
        weights,
        panel,
        rule=rule,
        influence=Influence(trust=tuple(trust)),
        incumbent=incumbent,
        margin=0.05,
    )
    # Answers are renamed too: a key means nothing but equality.
    moved = [
        Candidate(f"new {panel[i].answer}", panel[i].digest, panel[i].evidence)
        for i in columns
    ]
    other = decide(
        weights[rows][:, columns],
        moved,
        rule=rule,
        influence=Influence(trust=tuple(trust[rows])),
        incumbent=columns.index(incumbent),
        margin=0.05,
    )

    assert columns[other.winner] == one.winner
    assert other.conviction == pytest.approx(one.conviction, abs=1e-9)
    np.testing.assert_allclose(other.net_support, one.net_support[columns], atol=1e-9)
    assert {r: columns[i] for r, i in other.winners_by_rule.items()} == (
        one.winners_by_rule
    )


@settings(max_examples=50)
@given(weights=ballots(), data=st.data(), part=st.floats(0, 1))
def test_splitting_a_weight_over_clones_changes_nothing(
    weights: Matrix, data: st.DataObject, part: float
) -> None:
    panel = data.draw(candidates(weights.shape[1]))
    cloned = data.draw(st.integers(0, len(panel) - 1))
    clone = Candidate(panel[cloned].answer, panel[cloned].digest)
    split = np.column_stack([weights, weights[:, cloned] * (1 - part)])
    split[:, cloned] *= part

    one = decide(weights, panel)
    two = decide(split, [*panel, clone])

    assert two.answers == one.answers
    np.testing.assert_allclose(two.scores, one.scores, atol=1e-9)
    assert two.conviction == pytest.approx(one.conviction, abs=1e-9)
    winners = panel[one.winner], [*panel, clone][two.winner]
    assert winners[0].answer == winners[1].answer


def test_clones_do_not_break_ties() -> None:
    """X by one proposal or by two halves: the same lowest vote, so the same winner."""
    panel = [Candidate("X", "b"), Candidate("Y", "a")]
    weights = np.array([[80.0, -20.0], [-20.0, 80.0]])
    halves = np.array([[40.0, -20.0, 40.0], [-10.0, 80.0, -10.0]])

    assert decide(weights, panel).winner == 1
    assert decide(halves, [*panel, Candidate("X", "b")]).winner == 1


@given(weights=ballots(min_candidates=2))
def test_a_clones_weight_counts_as_weight_for_the_answer(weights: Matrix) -> None:
    """Voting w on a clone is voting w more on the original."""
    assume(not np.isnan(weights[:, 0]).any())
    added = np.column_stack([weights, weights[:, 0]])
    doubled = weights * np.where(np.arange(weights.shape[1]) == 0, 2.0, 1.0)
    panel = saying("XYZVW"[: weights.shape[1]])

    one = decide(doubled, panel)
    two = decide(added, [*panel, Candidate("X", "000")])

    np.testing.assert_allclose(two.scores, one.scores, atol=1e-9)


@given(weights=ballots(), data=st.data())
def test_conviction_and_support_stay_in_range(
    weights: Matrix, data: st.DataObject
) -> None:
    panel = data.draw(candidates(weights.shape[1]))
    rule = data.draw(st.sampled_from(RULES))

    outcome = decide(weights, panel, rule=rule)

    assert -1 <= outcome.conviction <= 1
    for support in (outcome.net_support, outcome.answer_net_support):
        assert (np.abs(support[~np.isnan(support)]) <= 1).all()
    np.testing.assert_array_equal(
        np.isnan(outcome.net_support) & ~np.isnan(weights).all(axis=0),
        False
        if rule != "borda"
        else np.isnan(outcome.net_support) & ~np.isnan(weights).all(axis=0),
    )


def test_conviction_by_hand() -> None:
    assert conviction(np.array([0.6, -0.3, NAN, 0.1]), 0) == pytest.approx(0.6)
    assert conviction(np.array([-0.1, -0.3]), 0) == pytest.approx(-0.25)


def test_conviction_without_any_support_is_zero() -> None:
    assert conviction(np.array([0.0, NAN]), 0) == 0


def test_votes_that_cancel_convince_nobody() -> None:
    """√.1 + √.9 - (√.9 + √.1) may leave 1e-17, which is no conviction of 1."""
    noise = np.array([1e-17, 0.0])

    assert conviction(noise, 0) == 0


@given(weights=ballots(), data=st.data())
def test_without_evidence_the_pure_vote_decides(
    weights: Matrix, data: st.DataObject
) -> None:
    panel = [
        Candidate(c.answer, c.digest) for c in data.draw(candidates(weights.shape[1]))
    ]

    outcome = decide(weights, panel)

    assert outcome.winner == outcome.winners_by_rule["signed"]


# --- refusals -----------------------------------------------------------------


@pytest.mark.parametrize("shape", [(2, 3), (2, 0), (2,), (2, 2, 2)], ids=str)
def test_there_must_be_one_candidate_a_column(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="2 candidates, but weights of shape"):
        decide(np.zeros(shape), alone("a", "b"))


def test_there_must_be_candidates() -> None:
    with pytest.raises(ValueError, match="0 candidates"):
        decide(np.zeros((2, 0)), [])


@pytest.mark.parametrize(
    "options",
    [
        {"kappa": -1},
        {"kappa": NAN},
        {"margin": -0.1},
        {"incumbent": 2},
        {"incumbent": -1},
    ],
    ids=str,
)
def test_options_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        decide(np.zeros((1, 2)), alone("a", "b"), **options)


def test_a_round_without_votes_is_not_decided_by_votes() -> None:
    with pytest.raises(ValueError, match="no ballot holds a vote"):
        decide(np.full((2, 2), NAN), alone("a", "b"))
    with pytest.raises(ValueError, match="no ballot holds a vote"):
        decide(
            np.array([[NAN, NAN], [1.0, 1.0]]),
            alone("a", "b"),
            influence=Influence(trust=(1.0, 0.0)),
        )


# --- plurality ----------------------------------------------------------------


def test_plurality_counts_equal_answers() -> None:
    assert plurality(saying("YXZX")) == 1


def test_plurality_ties_go_to_evidence_and_then_to_the_digest() -> None:
    tie = [Candidate("X", "a"), Candidate("Y", "b", evidence=0.1)]

    assert plurality(tie) == 1
    assert plurality([Candidate("X", "b"), Candidate("Y", "a")]) == 1
    assert plurality([Candidate("X", "b"), Candidate("X", "a")]) == 1


def test_a_digest_is_sha256_of_the_text_even_if_it_is_broken() -> None:
    assert text_digest("abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert text_digest("\ud800") != text_digest("\ud801")
