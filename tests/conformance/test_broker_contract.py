"""What every broker must do."""

import pytest
from panel import settings_for

from nsed.brokers.base import BindRequest, Broker
from nsed.brokers.fixed_team import FixedTeam
from nsed.protocol.usage import Usage

BROKERS = [
    FixedTeam(),
    FixedTeam(most_proposers=1),
    FixedTeam(reviewing=False),
]


def request(round_number: int = 1, **knobs: object) -> BindRequest:
    return BindRequest(
        task="?",
        config=settings_for(**knobs),
        round=round_number,
        spent=Usage(),
        incumbent_team=None,
        absences=(),
    )


@pytest.mark.parametrize("broker", BROKERS, ids=repr)
class TestBroker:
    async def test_a_team_is_of_the_pool_and_no_seat_is_given_twice(
        self, broker: Broker
    ) -> None:
        team = await broker.bind(request())

        assert team.seats
        assert len(set(team.seats)) == len(team.seats)
        assert {seat.expert for seat in team.seats} <= {"ada", "bob", "cy"}

    async def test_a_team_has_a_proposer_and_says_its_round_and_broker(
        self, broker: Broker
    ) -> None:
        team = await broker.bind(request(round_number=3))

        assert team.in_role("proposer")
        assert team.round == 3
        assert team.broker == type(broker).__name__

    async def test_the_same_request_gives_the_same_team(self, broker: Broker) -> None:
        assert await broker.bind(request()) == await broker.bind(request())

    async def test_configured_roles_are_kept(self, broker: Broker) -> None:
        team = await broker.bind(request(proposers=("bob",), reviewers=("cy",)))

        assert team.in_role("proposer") == ("bob",)
        assert set(team.in_role("reviewer")) <= {"cy"}
