"""A broker of one's own: the cheapest experts answer, everybody reviews.

python examples/own_broker.py                        # scripted experts, offline
python examples/own_broker.py --config nsed.toml     # yours
"""

import argparse

import nsed
from nsed.brokers.base import BindRequest
from nsed.config.file import load_config
from nsed.protocol.errors import InfeasibleTeam
from nsed.state.team import Seat, Team


class Cheapest:
    """The `most` cheapest experts propose."""

    def __init__(self, most: int) -> None:
        """Say how many answer."""
        self.most = most

    async def bind(self, request: BindRequest) -> Team:
        """Seat them; free ones first, those of unknown price last."""
        pool = [e for e in request.config.experts if e.name not in request.config.bans]
        if not pool:
            raise InfeasibleTeam(["bans"], ["allow one of the experts"], [])

        def price(expert: nsed.ExpertConfig) -> tuple[bool, float, str]:
            usd = expert.usd_per_mtok_output
            return usd is None, usd or 0.0, expert.name

        proposers = sorted(pool, key=price)[: self.most]
        return Team(
            round=request.round,
            broker="Cheapest",
            seats=(
                *(Seat(expert=e.name, role="proposer") for e in proposers),
                *(Seat(expert=e.name, role="reviewer") for e in pool),
            ),
        )


def scripted_pool() -> nsed.DeliberationConfig:
    """Three experts; the dearest one knows the answer, and so does the second."""
    marks = {"Answer: 42": 80, "Answer: 41": -40}
    answers = {"large": (9.0, "42"), "mid": (2.0, "42"), "small": (1.0, "41")}
    return nsed.DeliberationConfig(
        retry_wait_s=0,
        experts=tuple(
            nsed.scripted(name, f"Answer: {answer}", weights=marks).model_copy(
                update={"usd_per_mtok_output": usd}
            )
            for name, (usd, answer) in answers.items()
        ),
    )


def main() -> None:
    """Deliberate, and say who was seated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", help="a nsed.toml; without it, scripted experts")
    parser.add_argument("--most", type=int, default=2, help="how many answer")
    asked = parser.parse_args()
    config = load_config(asked.config).config() if asked.config else scripted_pool()
    record = nsed.deliberate("What is 6 * 7?", config, broker=Cheapest(asked.most))
    print("answered by:", ", ".join(record.teams["1"].in_role("proposer")))
    print("answer:", record.verdict.answer)


if __name__ == "__main__":
    main()
