"""A broker of somebody's own, and what it may get wrong."""

from typing import Any

import pytest
from panel import deliberate, settings_for

from nsed.brokers.base import BindRequest
from nsed.doors import adeliberate
from nsed.protocol.errors import ConfigError, InfeasibleTeam
from nsed.state.team import Seat, Team


class Returns:
    """Binds whatever it was made with."""

    def __init__(self, found: Any) -> None:
        self.found = found

    async def bind(self, request: BindRequest) -> Team:
        return self.found


def team(*seats: tuple[str, str], round_number: int = 1) -> Team:
    return Team.model_validate(
        {
            "round": round_number,
            "broker": "mine",
            "seats": [{"expert": name, "role": role} for name, role in seats],
        }
    )


ADA = ("ada", "proposer")


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (None, "bind should return a Team, found None"),
        (team(("zed", "proposer")), "no expert is named 'zed'"),
        (team(("adda", "proposer")), "Did you mean 'ada'"),
        (team(), "no proposer"),
        (team(("ada", "reviewer")), "no proposer"),
        (team(ADA, ADA), "ada is proposer twice"),
        (team(ADA, round_number=7), "the team is for round 7, asked was 1"),
    ],
    ids=str,
)
async def test_a_team_that_cannot_play_is_an_error_in_words(
    found: Any, says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        await adeliberate("q", settings_for(), broker=Returns(found))


async def test_a_plain_function_may_bind_too() -> None:
    class Plain:
        def bind(self, request: BindRequest) -> Team:
            return Team(
                round=request.round,
                broker="Plain",
                seats=(
                    Seat(expert="ada", role="proposer"),
                    Seat(expert="cy", role="proposer"),
                    Seat(expert="bob", role="reviewer"),
                ),
            )

    record = await adeliberate("q", settings_for(), broker=Plain())  # type: ignore[arg-type]

    assert record.verdict.answer == "42"


@pytest.mark.parametrize("broker", ["knapsack", "greedy", "fixed"])
async def test_a_pool_of_whom_nobody_may_sit_is_an_error(broker: str) -> None:
    with pytest.raises(InfeasibleTeam):
        await deliberate(settings_for(bans=("ada", "bob", "cy"), broker=broker))
