"""What every broker must do."""

from dataclasses import replace

import pytest
from panel import settings_for

from nsed.brokers.base import BindRequest, Broker
from nsed.brokers.configured_broker import ConfiguredBroker
from nsed.brokers.fixed_team import FixedTeam
from nsed.brokers.greedy_roles import GreedyRoles
from nsed.brokers.knapsack_team import KnapsackTeam
from nsed.brokers.observations import CallSeen, UnreachableSeen
from nsed.brokers.telemetry import Telemetry
from nsed.models.scripted import scripted
from nsed.protocol.errors import InfeasibleTeam
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig

NOW = 1e9
CHOOSING = [KnapsackTeam(), GreedyRoles()]
BROKERS = [
    FixedTeam(),
    FixedTeam(most_proposers=1),
    FixedTeam(reviewing=False),
    *CHOOSING,
]


def request(round_number: int = 1, **knobs: object) -> BindRequest:
    return BindRequest(
        task="?",
        config=settings_for(**knobs),
        round=round_number,
        spent=Usage(),
        incumbent_team=None,
        absences=(),
        now=NOW,
    )


@pytest.mark.parametrize("broker", BROKERS, ids=lambda made: type(made).__name__)
class TestBroker:
    async def test_a_team_is_of_the_pool_and_no_seat_is_given_twice(
        self, broker: Broker
    ) -> None:
        team = await broker.bind(request())

        assert team.seats
        assert len(set(team.seats)) == len(team.seats)
        assert {seat.expert for seat in team.seats} <= {"ada", "bob", "cy"}

    async def test_a_team_has_a_proposer_and_says_its_round_broker_and_task(
        self, broker: Broker
    ) -> None:
        team = await broker.bind(request(round_number=3))

        assert team.in_role("proposer")
        assert (team.round, team.started_at) == (3, NOW)
        assert team.broker == type(broker).__name__
        assert team.profile is not None

    async def test_the_same_request_gives_the_same_team(self, broker: Broker) -> None:
        assert await broker.bind(request()) == await broker.bind(request())

    async def test_configured_roles_are_kept(self, broker: Broker) -> None:
        asked = request(proposers=("bob",), reviewers=("cy",))
        team = await broker.bind(asked)

        assert team.in_role("proposer") == ("bob",)
        assert set(team.in_role("reviewer")) <= {"cy"}

    async def test_nobody_banned_sits(self, broker: Broker) -> None:
        team = await broker.bind(request(bans=("ada",)))

        assert "ada" not in {seat.expert for seat in team.seats}

    async def test_a_team_that_can_go_on_is_kept_for_the_next_round(
        self, broker: Broker
    ) -> None:
        first = await broker.bind(request())
        again = replace(request(round_number=2), incumbent_team=first, now=NOW + 9)
        second = await broker.bind(again)

        assert second.seats == first.seats
        assert (second.bound, second.round, second.started_at) == ("kept", 2, NOW + 9)


@pytest.mark.parametrize("broker", CHOOSING, ids=lambda made: type(made).__name__)
class TestChoosingBroker:
    """What holds for those that choose; the fixed team takes whom it is told."""

    async def test_the_pinned_sit(self, broker: Broker) -> None:
        asked = request(pins=("cy",), most_proposers=2, most_reviewers=2)

        assert "cy" in {seat.expert for seat in (await broker.bind(asked)).seats}

    async def test_no_more_seats_than_asked_for(self, broker: Broker) -> None:
        team = await broker.bind(request(most_proposers=2, most_reviewers=2))

        assert len(team.in_role("proposer")) == 2
        assert len(team.in_role("reviewer")) == 2

    async def test_the_better_of_two_sits(self, broker: Broker) -> None:
        experts = (
            scripted("poor", "1", skill={"general": 0.3}),
            scripted("good", "1", skill={"general": 0.9}),
            scripted("fair", "1", skill={"general": 0.6}),
        )
        config = DeliberationConfig(experts=experts, most_proposers=2, most_reviewers=2)
        team = await broker.bind(replace(request(), config=config))

        assert team.in_role("proposer") == ("good", "fair")

    async def test_money_of_the_whole_deliberation_is_kept(
        self, broker: Broker
    ) -> None:
        experts = tuple(
            scripted(
                name, "1", usd_per_mtok_input=price, usd_per_mtok_output=4 * price,
                skill={"general": skill},
            )
            for name, price, skill in
            (("dear", 10.0, 0.9), ("fair", 1.0, 0.7), ("cheap", 0.1, 0.6))
        )  # fmt: skip
        config = DeliberationConfig(experts=experts, max_usd=0.01)
        team = await broker.bind(replace(request(), config=config))

        assert "dear" not in {seat.expert for seat in team.seats}

    async def test_limits_that_clash_are_an_error_that_names_them(
        self, broker: Broker
    ) -> None:
        with pytest.raises(InfeasibleTeam) as caught:
            await broker.bind(request(max_calls=1))

        assert caught.value.clash

    async def test_an_open_circuit_costs_its_expert_the_seat(
        self, broker: Broker
    ) -> None:
        first = await broker.bind(request())
        gone = UnreachableSeen(first_config().expert("bob").identity, NOW + 5)
        again = replace(
            request(round_number=2),
            incumbent_team=first,
            now=NOW + 9,
            telemetry=Telemetry.of([gone]),
        )
        second = await broker.bind(again)

        assert {seat.expert for seat in second.seats} == {"ada", "cy"}
        assert second.bound == "re-bound: the circuit of bob opened (model_gone)"

    async def test_who_gets_too_slow_loses_the_seat(self, broker: Broker) -> None:
        config = settings_for(phase_latency_s=2.0)
        slow = [
            CallSeen(
                expert=config.expert("cy").identity, role="proposer",
                category="general", at=NOW, outcome="ok", latency_ms=9000,
                first_token_ms=None,
                input_tokens=1, output_tokens=1, nano_usd=0,
            )
        ]  # fmt: skip
        first = await broker.bind(replace(request(), config=config))
        again = replace(
            request(round_number=2),
            config=config,
            incumbent_team=first,
            telemetry=Telemetry.of(slow),
        )
        second = await broker.bind(again)

        assert "cy" in first.in_role("proposer")
        assert "cy" not in second.in_role("proposer")
        assert "more than phase_latency_s 2" in second.bound


@pytest.mark.parametrize("name", ["knapsack", "fixed", "greedy"])
async def test_the_configuration_names_the_broker(name: str) -> None:
    asked = request(broker=name)
    named = {"knapsack": "KnapsackTeam", "fixed": "FixedTeam", "greedy": "GreedyRoles"}

    assert (await ConfiguredBroker().bind(asked)).broker == named[name]


def first_config() -> DeliberationConfig:
    return settings_for()
