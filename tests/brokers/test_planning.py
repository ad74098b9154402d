"""Teams of real experts and prices: what is chosen, and the account of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsed.brokers.base import BindRequest
from nsed.brokers.knapsack_team import KnapsackTeam
from nsed.brokers.observations import CallSeen
from nsed.brokers.telemetry import Telemetry
from nsed.models.scripted import scripted
from nsed.protocol.errors import InfeasibleTeam
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.team import LimitUse, Receipt, Team

NOW = 1e9
TASK = "How many apples are 3 + 4 apples?"


def priced(name: str, skill: float, usd: float, **settings: object) -> ExpertConfig:
    return scripted(
        name,
        "Answer: 1",
        skill={"general": skill},
        usd_per_mtok_input=usd,
        usd_per_mtok_output=4 * usd,
        **settings,
    )


POOL = (
    priced("big", 0.9, 3, family="a"),
    priced("mid", 0.8, 0.5, family="a"),
    priced("other", 0.78, 0.5, family="b"),
    priced("small", 0.6, 0.1, family="c"),
    priced("tiny", 0.4, 0.02, family="d"),
)


def choose(
    *experts: ExpertConfig, telemetry: Telemetry | None = None, **knobs: object
) -> Team:
    config = DeliberationConfig.model_validate({"experts": experts or POOL, **knobs})
    return KnapsackTeam().choose(
        BindRequest(
            task=TASK, config=config, round=1, spent=Usage(), incumbent_team=None,
            absences=(), now=NOW, telemetry=telemetry or Telemetry(), thorough=True,
        )
    )  # fmt: skip


def receipt(team: Team) -> Receipt:
    assert team.receipt is not None
    return team.receipt


def limit(team: Team, name: str) -> LimitUse:
    return next(row for row in receipt(team).limits if row.limit == name)


def test_without_limits_everybody_sits_for_all_rounds() -> None:
    team = choose()

    assert len(team.seats) == 10
    assert receipt(team).forecast.rounds == 3
    assert receipt(team).forecast.calls == 30
    assert receipt(team).status == "optimal"
    assert not receipt(team).left_out


def test_the_budget_is_of_the_whole_deliberation() -> None:
    team = choose(max_usd=0.03)
    used = limit(team, "max_usd")

    assert used.used <= 0.03
    assert used.slack == pytest.approx(0.03 - used.used)
    assert receipt(team).forecast.usd == pytest.approx(used.used)


@settings(max_examples=30)
@given(usd=st.floats(0.0002, 0.2))
def test_more_money_is_never_worth_less(usd: float) -> None:
    def worth(budget: float) -> float:
        try:
            found = receipt(choose(max_usd=budget, rounds=1))
        except InfeasibleTeam:
            return 0.0
        return found.objective

    assert worth(usd) <= worth(2 * usd) + 1e-9


def test_a_small_budget_pays_for_fewer_rounds_and_says_so() -> None:
    team = choose(max_usd=0.003)

    assert receipt(team).forecast.rounds < 3
    assert any("of 3 rounds" in note for note in receipt(team).notes)


def test_each_seat_has_a_reason_with_its_numbers() -> None:
    team = choose(most_proposers=2, most_reviewers=2)
    big = next(seat for seat in receipt(team).chosen if seat.expert == "big")

    assert big.why == "1st of 5 by value"
    assert big.low < big.chance < big.high
    assert big.usd is not None
    assert big.latency_s is None
    assert sum(seat.value for seat in receipt(team).chosen) == pytest.approx(
        receipt(team).objective + receipt(team).redundancy
    )


def test_who_is_left_out_learns_what_pinning_it_would_cost() -> None:
    team = choose(most_proposers=2, most_reviewers=2)
    tiny = next(left for left in receipt(team).left_out if left.expert == "tiny")
    with_it = receipt(choose(most_proposers=2, most_reviewers=2, pins=("tiny",)))

    assert tiny.value_lost is not None
    assert tiny.value_lost == pytest.approx(
        receipt(team).objective - with_it.objective, abs=1e-5
    )
    assert tiny.change.startswith("pin it")


def test_who_breaks_a_limit_learns_which_and_by_how_much() -> None:
    """The change it names is enough, and hardly more than enough."""
    knobs: dict[str, object] = {"least_proposers": 3, "rounds": 1, "pins": ("big",)}
    team = choose(max_usd=0.002, least_proposers=3, rounds=1)
    big = next(left for left in receipt(team).left_out if left.expert == "big")
    needed = float(big.change.rpartition(" to ")[2].removesuffix(" USD"))

    assert big.limit_broken == "max_usd"
    assert big.value_lost is None
    assert choose(max_usd=needed, **knobs)
    with pytest.raises(InfeasibleTeam):
        choose(max_usd=0.97 * needed, **knobs)


def test_following_the_smallest_change_of_an_impossible_team_helps() -> None:
    with pytest.raises(InfeasibleTeam) as caught:
        choose(max_usd=0.0001)
    money = next(c for c in caught.value.changes if "max_usd" in c)
    needed = float(money.rpartition(" to ")[2].removesuffix(" USD"))

    assert "max_usd" in caught.value.clash
    assert choose(max_usd=needed)


def test_an_error_says_who_cannot_sit_anyway() -> None:
    with pytest.raises(InfeasibleTeam, match="mid cannot sit: banned"):
        choose(max_calls=1, bans=("mid",))


def test_memory_is_shared_by_the_seats_of_one_expert() -> None:
    local = [
        priced(name, skill, 0, host="box", vram_bytes=size)
        for name, skill, size in (
            ("a", 0.9, "20GB"),
            ("b", 0.8, "6GB"),
            ("c", 0.7, "5GB"),
        )
    ]
    team = choose(*local, hosts={"box": "12GB"})

    assert {seat.expert for seat in team.seats} == {"b", "c"}
    assert limit(team, "hosts: box").used == pytest.approx(11)
    assert next(x for x in receipt(team).left_out if x.expert == "a").change == (
        "raise hosts: box from 12 GB to 25 GB"
    )


def test_a_server_that_takes_one_call_at_a_time_carries_fewer_in_time() -> None:
    """Three models of 4 s each behind one serial server: 10 s carry two of them."""
    shared = [
        priced(name, skill, 0, server="box", concurrency=1)
        for name, skill in (("a", 0.9), ("b", 0.8), ("c", 0.7))
    ]
    seen = Telemetry.of(
        CallSeen(expert.identity, role, "math", NOW, "ok", 4000, None, 1, 1, 0)
        for expert in shared
        for role in ("proposer", "reviewer")
    )
    team = choose(*shared, telemetry=seen, phase_latency_s=10)

    assert team.in_role("proposer") == ("a", "b")
    assert limit(team, "phase_latency_s").used == pytest.approx(4, rel=0.05)


def test_families_are_counted() -> None:
    team = choose(most_proposers=2, most_reviewers=2, min_families=3)
    families = {e.name: e.family for e in POOL}

    assert len({families[seat.expert] for seat in team.seats}) >= 3
    assert limit(team, "min_families").slack >= 0


def test_of_two_alike_the_one_of_another_family_sits() -> None:
    twins = (
        priced("one", 0.9, 1, family="x"),
        priced("two", 0.8, 1, family="x"),
        priced("three", 0.799, 1, family="y"),
    )
    alone = choose(*twins, most_proposers=2, most_reviewers=2, redundancy=0)
    mixed = choose(*twins, most_proposers=2, most_reviewers=2, redundancy=1)

    assert alone.in_role("proposer") == ("one", "two")
    assert mixed.in_role("proposer") == ("one", "three")
    assert receipt(mixed).redundancy > 0


def test_the_receipt_says_how_many_independent_experts_these_are() -> None:
    found = receipt(choose())

    assert 1 < found.n_eff < 5
    assert 0.3 < found.correlation < 0.5


def test_an_unknown_price_is_noted_and_not_zero() -> None:
    unpriced = POOL[0].model_copy(update={"usd_per_mtok_output": None})
    found = receipt(choose(unpriced, *POOL[1:]))

    assert found.forecast.usd is None
    assert "price unknown: big" in found.notes
    assert next(s for s in found.chosen if s.expert == "big").usd is None


def test_a_context_window_that_holds_one_candidate_keeps_a_reviewer_from_five() -> None:
    narrow = priced("narrow", 0.85, 1, context_tokens=700)
    team = choose(*POOL, narrow, least_proposers=5)

    assert "narrow" not in team.in_role("reviewer")


def test_the_order_of_the_pool_does_not_matter() -> None:
    one = choose(*POOL, max_usd=0.01)
    other = choose(*reversed(POOL), max_usd=0.01)

    assert set(one.seats) == set(other.seats)
    assert receipt(one).objective == receipt(other).objective
