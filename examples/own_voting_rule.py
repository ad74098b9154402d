"""A voting rule of one's own, in the graph's place for it: approval voting.

python examples/own_voting_rule.py                        # scripted, offline
python examples/own_voting_rule.py --config nsed.toml     # yours
"""

import argparse
import asyncio
from typing import Any

from langgraph.runtime import Runtime

import nsed
from nsed.config.file import load_config
from nsed.nodes.quadratic_voting import quadratic_voting


def approval_voting(
    state: Any,  # noqa: ANN401 - nsed's state
    runtime: Runtime[nsed.DeliberationConfig],
) -> dict[str, Any]:
    """Let the answer win that most reviewers can live with; the vote breaks ties."""
    update = quadratic_voting(state, runtime)  # quorum, votes, all rules: kept
    ((number, tally),) = update["tallies"].items()
    approvals = dict.fromkeys(tally.candidates, 0)
    for ballot in state["ballots"].values():
        if ballot.round == tally.round:
            for proposal, weight in ballot.weights.items():
                approvals[proposal] += weight > 0
    winner = max(
        tally.candidates, key=lambda one: (approvals[one], one == tally.winner)
    )
    return {"tallies": {number: tally.model_copy(update={"winner": winner})}}


def scripted_pool() -> nsed.DeliberationConfig:
    """Two are loud for 42; three can live with 41."""
    return nsed.DeliberationConfig(
        rounds=1,
        retry_wait_s=0,
        experts=(
            nsed.scripted("ada", "Answer: 42", weights={"41": 1, "40": -99}),
            nsed.scripted("bob", "Answer: 41", weights={"42": 100}),
            nsed.scripted("cy", "Answer: 40", weights={"42": 100, "41": 1}),
            nsed.scripted("dee", "Answer: 40", weights={"42": -1, "41": 1, "40": -98}),
        ),
    )


async def deliberate(task: str, config: nsed.DeliberationConfig) -> dict[str, Any]:
    """Run the graph with the other vote in it; return parts of its last state."""
    graph = nsed.create_deliberation()
    graph.nodes.pop("quadratic_voting")
    graph.add_node("quadratic_voting", approval_voting)
    end: dict[str, Any] = await graph.compile().ainvoke(
        {"task": task},
        context=config,
        output_keys=["verdict", "tallies", "proposals"],
    )
    return end


def main() -> None:
    """Deliberate with it, and say what the quadratic vote would have picked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", help="a nsed.toml; without it, scripted experts")
    asked = parser.parse_args()
    config = load_config(asked.config).config() if asked.config else scripted_pool()
    end = asyncio.run(deliberate("What is 6 * 7?", config))
    last = end["tallies"][str(len(end["tallies"]))]
    quadratic = end["proposals"][last.winners_by_rule["signed"]]
    print("quadratic vote:", quadratic.answer)
    print("approval voting:", end["verdict"].answer)


if __name__ == "__main__":
    main()
