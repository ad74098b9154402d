"""Every reason to stop: where it fires, and where it just does not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import curves, rounds

from nsed.protocol.efficiency_fatigue import UtilityCurve
from nsed.protocol.stopping import (
    RoundFacts,
    StopReason,
    commit_type,
    evidence,
    halt_reason,
    most_frequent_answer,
)

CURVE = UtilityCurve()
NO_GAIN = UtilityCurve(guess=0.6, verify=0.6)


def played(said: str = "ABC", **changes: Any) -> RoundFacts:
    """Return a contested round: one letter an expert, little conviction."""
    facts = RoundFacts(
        answers=dict(zip(["ada", "bob", "cy"], said, strict=False)),
        winner="A",
        conviction=0.1,
        support={"A": 0.2, "B": 0.1, "C": -0.1},
        ballots=3,
        all_positive=False,
    )
    return replace(facts, **changes)


def halt(*facts: RoundFacts, **options: Any) -> StopReason | None:
    """Ask whether to stop, with nothing else in the way."""
    asked = {"round_limit": 9, "effort": 10.0, "curve": CURVE, **options}
    return halt_reason(facts, **asked)


# Two rounds after which nothing speaks for stopping: new answer, falling conviction.
GOING = (played("AAB", conviction=0.2), played("AAC", conviction=0.1))


def test_nothing_speaks_for_stopping() -> None:
    assert halt(played()) is None
    assert halt(*GOING) is None


@pytest.mark.parametrize(
    ("reason", "fires", "near_miss"),
    [
        (StopReason.USER_STOP, ([played()], {"user_stop": True}), ([played()], {})),
        (
            StopReason.DEADLINE,
            ([played()], {"deadline_passed": True}),
            ([played()], {}),
        ),
        (StopReason.BUDGET, ([played()], {"budget_spent": True}), ([played()], {})),
        (
            StopReason.NO_BALLOTS,
            ([played(ballots=0)], {}),
            ([played(ballots=1)], {}),
        ),
        (
            StopReason.UNANIMOUS,
            ([played("AAA", all_positive=True)], {}),
            ([played("AAA", all_positive=False)], {}),
        ),
        (
            StopReason.UNANIMOUS,
            ([played("AA", all_positive=True)], {}),
            ([played("A", all_positive=True)], {}),
        ),
        (
            StopReason.UNANIMOUS,
            ([played("AAA", all_positive=True)], {}),
            ([played("AAB", all_positive=True)], {}),
        ),
        (  # cy gives up C for the popular A, which reviews liked no better.
            StopReason.CONFORMITY_CASCADE,
            ([played("AAC", support={"A": 0.1, "C": 0.1}), played("AAA")], {}),
            (
                [
                    played("AAC", support={"A": 0.2, "C": 0.1}),
                    played(
                        winner="B",
                        answers={"ada": "A", "bob": "A", "cy": "A", "new": "N"},
                    ),
                ],
                {},
            ),
        ),
        (  # Nobody stood behind A but one: no plurality to conform to.
            StopReason.CONFORMITY_CASCADE,
            ([played("AAC", support={}), played("AAA")], {}),
            ([played("ABC", support={}), played("ABN", winner="B")], {}),
        ),
        (
            StopReason.NO_GAIN,
            ([played()], {"curve": NO_GAIN}),
            ([played()], {"curve": UtilityCurve(guess=0.6, verify=0.61)}),
        ),
        (
            StopReason.EVIDENCE,
            ([played(conviction=0.8)], {"effort": 0.3}),
            ([played(conviction=0.7)], {"effort": 0.3}),
        ),
        (
            StopReason.PERSISTENCE,
            ([played("AAB"), played("AAC")], {}),
            ([played("AAB"), played("AAC", conviction=0.099)], {}),
        ),
        (
            StopReason.PERSISTENCE,
            ([played("AAB"), played("AAC")], {}),
            ([played("AAB", winner="B"), played("AAC")], {}),
        ),
        (
            StopReason.PERSISTENCE,
            ([played("AAB", conviction=0.0), played("AAC", conviction=0.01)], {}),
            ([played("AAB", conviction=-1), played("AAC", conviction=0.0)], {}),
        ),
        (
            StopReason.NO_NOVELTY,
            ([played("ABC"), played("ABB", winner="B", support={"B": 1})], {}),
            ([played("ABC"), played("ABN", winner="B")], {}),
        ),
        (
            StopReason.ROUND_LIMIT,
            ([played()], {"round_limit": 1}),
            ([played()], {"round_limit": 2}),
        ),
    ],
)  # fmt: skip
def test_a_reason_fires_and_just_does_not(
    reason: StopReason, fires: Any, near_miss: Any
) -> None:
    assert halt(*fires[0], **fires[1]) is reason
    assert halt(*near_miss[0], **near_miss[1]) is None


def test_novelty_is_judged_against_all_earlier_rounds() -> None:
    old = [played("ABC"), played("ABN", winner="B"), played("ABC", conviction=0.05)]

    assert halt(*old) is StopReason.NO_NOVELTY


@pytest.mark.parametrize(
    ("before", "after", "cascade"),
    [
        ("AAB", "AAA", True),
        ("AAB", "ABA", False),  # bob left the plurality
        ("AABB", "AABA", True),
        ("ABC", "AAC", False),  # nothing was popular
        ("AAB", "AAC", False),  # a new answer, not the plurality
        ("AAB", "AAB", False),  # nobody moved
    ],
)
def test_a_cascade_is_a_move_to_the_plurality(
    before: str, after: str, *, cascade: bool
) -> None:
    names = ["ada", "bob", "cy", "dee"]
    rounds_played = [
        played(answers=dict(zip(names, answers, strict=False)), support={})
        for answers in (before, after)
    ]

    assert (halt(*rounds_played) is StopReason.CONFORMITY_CASCADE) is cascade


def test_a_newcomer_did_not_move() -> None:
    newcomer = played(answers={"ada": "A", "bob": "A", "new": "A"})

    assert halt(played("AA", support={}), newcomer) is not StopReason.CONFORMITY_CASCADE


def test_a_round_without_proposals_has_no_plurality() -> None:
    assert halt(played(""), played("ABC", conviction=0.05)) is None


def test_equal_conviction_up_to_rounding_persists() -> None:
    facts = [played("AAB", conviction=0.3), played("AAC", conviction=0.1 + 0.2 - 1e-16)]

    assert halt(*facts) is StopReason.PERSISTENCE


def everything() -> dict[StopReason, tuple[list[RoundFacts], dict[str, Any]]]:
    """Build situations in which a reason holds together with all later ones."""
    cascade = [
        played("AAB", support={}, conviction=0.9),
        played("AAA", conviction=0.9, all_positive=True),
    ]
    silent = [cascade[0], replace(cascade[1], ballots=0)]
    contested = [cascade[0], replace(cascade[1], all_positive=False)]
    still = [cascade[0], played("AAB", conviction=0.9)]
    loose = {"round_limit": 2, "effort": 0.01}
    every = {**loose, "curve": NO_GAIN}
    return {
        StopReason.USER_STOP: (
            silent,
            {
                **every,
                "user_stop": True,
                "deadline_passed": True,
                "budget_spent": True,
                "no_team": True,
            },
        ),
        StopReason.DEADLINE: (
            silent,
            {**every, "deadline_passed": True, "budget_spent": True},
        ),
        StopReason.BUDGET: (
            silent,
            {**every, "budget_spent": True, "no_team": True},
        ),
        StopReason.NO_TEAM: (silent, {**every, "no_team": True}),
        StopReason.NO_BALLOTS: (silent, every),
        StopReason.UNANIMOUS: (cascade, every),
        StopReason.CONFORMITY_CASCADE: (contested, every),
        StopReason.NO_GAIN: (still, every),
        StopReason.EVIDENCE: (still, loose),
        StopReason.PERSISTENCE: (still, {"round_limit": 2}),
        StopReason.NO_NOVELTY: (
            [still[0], replace(still[1], conviction=0.1)],
            {"round_limit": 2},
        ),
        StopReason.ROUND_LIMIT: (
            [still[0], played("AAN", conviction=0.1)],
            {"round_limit": 2},
        ),
    }


CHECKED = [reason for reason in StopReason if reason is not StopReason.NO_QUORUM]


@pytest.mark.parametrize("reason", CHECKED)
def test_reasons_are_checked_in_the_stated_order(reason: StopReason) -> None:
    facts, options = everything()[reason]

    assert halt(*facts, **options) is reason


def test_the_stated_order() -> None:
    assert [reason.value for reason in StopReason] == [
        "user_stop", "deadline", "budget", "no_team", "no_ballots", "unanimous",
        "conformity_cascade", "no_gain", "evidence", "persistence", "no_novelty",
        "round_limit", "no_quorum",
    ]  # fmt: skip


@given(facts=rounds(), limit=st.integers(1, 5), effort=st.floats(0.01, 2))
def test_a_run_never_passes_the_round_limit(
    facts: list[RoundFacts], limit: int, effort: float
) -> None:
    found = halt_reason(facts, round_limit=limit, effort=effort, curve=CURVE)

    assert found is not None or len(facts) < limit


# --- evidence -----------------------------------------------------------------


def test_evidence_by_hand() -> None:
    """.5·U'(1) + 0·U'(2) + .25·U'(3): negative conviction counts as none."""
    facts = [played(conviction=c) for c in (0.5, -0.5, 0.25)]

    assert evidence(facts, CURVE) == pytest.approx(
        0.5 * CURVE.slope(1) + 0.25 * CURVE.slope(3)
    )


def test_full_conviction_up_to_the_peak_is_all_the_evidence_there_is() -> None:
    facts = [played("AA", conviction=1.0)] * 6

    assert halt(*facts[:5], effort=1.0) is not StopReason.EVIDENCE
    assert halt(*facts, effort=1.0) is StopReason.EVIDENCE


@given(curve=curves())
def test_full_conviction_suffices_on_every_curve(curve: UtilityCurve) -> None:
    """Summed one by one or in closed form: rounding decides nothing."""
    assume(curve.optimal_rounds < 40)
    facts = [played("AA", conviction=1.0)] * max(1, int(curve.optimal_rounds))

    assert halt(*facts, effort=1.0, curve=curve) is StopReason.EVIDENCE


@given(facts=rounds(), curve=curves())
def test_evidence_never_falls(facts: list[RoundFacts], curve: UtilityCurve) -> None:
    grown = [evidence(facts[:n], curve) for n in range(len(facts) + 1)]

    assert grown == sorted(grown)
    assert grown[0] == 0


# --- how the panel came to its answer -------------------------------------------


@pytest.mark.parametrize(
    ("leaders", "support", "committed"),
    [
        ("A", 0.1, "early"),
        ("AAA", 0.1, "early"),
        ("BAA", 0.1, "late"),
        ("BA", 0.1, "fragmented"),
        ("ABA", 0.1, "fragmented"),
        ("A", 0.0, "fragmented"),
        ("AAA", -0.1, "fragmented"),
    ],
)
def test_commit_type(leaders: str, support: float, committed: str) -> None:
    facts = [played(winner=leader, support={"A": support}) for leader in leaders]

    assert commit_type(facts) == committed


def test_an_answer_nobody_voted_on_is_fragmented() -> None:
    assert commit_type([played(support={})]) == "fragmented"


def test_the_most_frequent_answer_over_all_rounds() -> None:
    assert most_frequent_answer([played("AAB"), played("BBC"), played("CAC")]) == "A"
    assert most_frequent_answer([played("AB", winner="B")]) == "B"
    assert most_frequent_answer([played("CB", winner="A")]) == "B"
    assert most_frequent_answer([played("", winner="A")]) == "A"


@pytest.mark.parametrize(
    ("facts", "options"),
    [([], {}), ([played()], {"round_limit": 0}), ([played()], {"effort": 0.0}),
     ([played()], {"effort": float("nan")})],
    ids=["no rounds", "limit", "effort", "nan"],
)  # fmt: skip
def test_questions_without_sense_are_refused(
    facts: list[RoundFacts], options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="at least one round"):
        halt(*facts, **options)
