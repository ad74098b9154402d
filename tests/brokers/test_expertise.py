from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.brokers.catalogue import Listing, catalogue
from nsed.brokers.correlation import (
    OTHER_FAMILY,
    SAME_FAMILY,
    effective_number,
    error_correlation,
    mean_correlation,
)
from nsed.brokers.expertise import Belief, expertise
from nsed.brokers.observations import (
    AgreementSeen,
    CallSeen,
    OutcomesSeen,
    SupportSeen,
)
from nsed.brokers.telemetry import Telemetry
from nsed.models.scripted import scripted
from nsed.protocol.consensus import skill_evidence
from nsed.state.context import DeliberationConfig
from nsed.state.team import TaskProfile

NOW = 1e9
PROFILE = TaskProfile(
    category="math", input_tokens=10, answer_tokens=10, critique_tokens=10
)


def listed(**settings: object) -> Listing:
    expert = scripted("ada", "1", **settings)
    return catalogue(DeliberationConfig(experts=(expert,)), profile=PROFILE)[0]


def graded(
    listing: Listing, *, right: int, wrong: int, category: str = "math"
) -> Telemetry:
    outcomes = [True] * right + [False] * wrong
    return Telemetry.of(
        OutcomesSeen(category, NOW, {listing.identity: good}) for good in outcomes
    )


def chance(listing: Listing, telemetry: Telemetry = Telemetry()) -> Belief:  # noqa: B008
    return expertise(
        listing, "proposer", category="math", telemetry=telemetry, now=NOW
    ).chance


def test_the_prior_is_the_configured_skill_and_wide() -> None:
    belief = chance(listed(skill={"math": 0.7, "general": 0.2}))
    low, high = belief.interval

    assert belief.mean == pytest.approx(0.7)
    assert belief.observed == 0
    assert low < 0.5
    assert high > 0.85


def test_nothing_said_is_one_in_two_and_a_tag_is_a_little_more() -> None:
    assert chance(listed()).mean == 0.5
    assert chance(listed(tags=["math"])).mean == pytest.approx(0.6)


def test_many_grades_outweigh_the_prior() -> None:
    """60 of 80 right beside a prior of 0.2 that counts as 8."""
    listing = listed(skill={"general": 0.2})
    belief = chance(listing, graded(listing, right=60, wrong=20))

    assert belief.mean == pytest.approx((8 * 0.2 + 60) / 88)
    assert belief.observed == 80


def test_a_category_without_grades_leans_on_the_others() -> None:
    listing = listed()
    good_at_code = graded(listing, right=90, wrong=10, category="code")
    bad_at_math = good_at_code + graded(listing, right=2, wrong=18)

    assert chance(listing, good_at_code).mean == pytest.approx(0.9, abs=0.02)
    assert 0.1 < chance(listing, bad_at_math).mean < 0.4


def test_support_counts_a_quarter_of_a_grade() -> None:
    listing = listed()
    won = Telemetry.of(
        SupportSeen(listing.identity, "math", NOW, 1.0) for _ in range(4)
    )

    assert chance(listing, won).mean == pytest.approx((1 + 1) / 3)


def test_failures_cost_value_and_leave_the_chance_alone() -> None:
    listing = listed(skill={"general": 0.7})
    down = Telemetry.of(
        CallSeen(
            listing.identity, "proposer", "math", NOW, "server_error", 1, None, 0, 0, 0
        )
        for _ in range(10)
    )
    before, after = (
        expertise(listing, "proposer", category="math", telemetry=seen, now=NOW)
        for seen in (Telemetry(), down)
    )

    assert after.answers == pytest.approx(9.5 / 20)
    assert after.value == pytest.approx(before.value * after.answers / before.answers)
    assert after.chance == before.chance


def test_a_reviewer_is_worth_how_often_its_ballot_backs_the_winner() -> None:
    listing = listed(skill={"general": 0.5})
    agreed = Telemetry.of(
        AgreementSeen(listing.identity, "math", NOW, agreed=True) for _ in range(16)
    )
    found = expertise(listing, "reviewer", category="math", telemetry=agreed, now=NOW)

    # Its prior lies between its skill and p_v = 0.8, and counts as 4.
    assert found.chance.mean == pytest.approx((4 * 0.65 + 16) / 20)
    assert found.value == pytest.approx(0.95 * 0.93 * skill_evidence(0.93))


@given(p=st.floats(0.02, 0.98), q=st.floats(0.02, 0.98))
def test_value_grows_with_the_chance_and_is_never_negative(p: float, q: float) -> None:
    low, high = (
        expertise(
            listed(skill={"general": x}), "proposer",
            category="math", telemetry=Telemetry(), now=NOW,
        ).value
        for x in sorted((p, q))
    )  # fmt: skip

    assert 0 <= low <= high


def test_exploring_draws_by_the_seed_and_not_otherwise() -> None:
    def value(seed: int | None) -> float:
        return expertise(
            listed(), "proposer", category="math", telemetry=Telemetry(), now=NOW,
            explore=seed,
        ).value  # fmt: skip

    drawn = [value(seed) for seed in range(40)]

    assert value(7) == drawn[7]
    assert len(set(drawn)) > 30
    assert min(drawn) < value(None) < max(drawn)


def pair(**settings: object) -> tuple[Listing, Listing]:
    one = listed(**settings)
    return one, replace(one, name="bob", identity="bob")


def test_without_common_tasks_the_family_decides() -> None:
    same = pair(family="x")
    other = (same[0], replace(same[1], family="y"))

    assert error_correlation(*same, Telemetry()) == SAME_FAMILY
    assert error_correlation(*other, Telemetry()) == OTHER_FAMILY


def together(a: Listing, b: Listing, *, alike: bool, tasks: int) -> Telemetry:
    return Telemetry.of(
        OutcomesSeen(
            "math", NOW, {a.identity: n % 2 == 0, b.identity: (n % 2 == 0) is alike}
        )
        for n in range(tasks)
    )


def test_errors_in_common_are_learned_and_shrunk() -> None:
    """100 tasks of correlation 1 beside a prior of 0.36 that counts as 50."""
    a, b = pair()
    b = replace(b, family="other")
    learned = error_correlation(a, b, together(a, b, alike=True, tasks=100))

    assert learned == pytest.approx((100 + 50 * OTHER_FAMILY) / 150)
    assert error_correlation(a, b, together(a, b, alike=False, tasks=400)) == 0


def test_four_experts_that_err_together_are_worth_two() -> None:
    assert effective_number(4, 1 / 3) == pytest.approx(2)
    assert effective_number(5, 0) == 5
    assert effective_number(0, 0.4) == 0


@given(n=st.integers(1, 50), rho=st.floats(0, 1))
def test_no_team_is_worth_more_than_its_members_or_less_than_one(
    n: int, rho: float
) -> None:
    assert 1 - 1e-9 <= effective_number(n, rho) <= n


def test_one_expert_alone_has_no_correlation() -> None:
    assert mean_correlation([listed()], Telemetry()) == 0
