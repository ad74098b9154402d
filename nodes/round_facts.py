"""What the stopping rules look at, read off the state."""

from nsed.nodes.vetoes import standing, vetoed_answers
from nsed.protocol.stopping import RoundFacts
from nsed.state.context import DeliberationConfig
from nsed.state.records import Ballot
from nsed.state.schema import DeliberationState

__all__ = ["ballots_of", "category_of", "round_facts"]


def ballots_of(state: DeliberationState, round_number: int) -> list[Ballot]:
    """The usable ballots of a round, by reviewer's name."""
    found = state.get("ballots", {}).values()
    return sorted(
        (b for b in found if b.round == round_number), key=lambda b: b.reviewer
    )


def category_of(state: DeliberationState, config: DeliberationConfig) -> str:
    """The task's category: as the broker profiled it, else as configured."""
    first = state.get("teams", {}).get("1")
    if first and first.profile:
        return first.profile.category
    return "general" if config.category == "auto" else config.category


def round_facts(state: DeliberationState) -> list[RoundFacts]:
    """Facts of every decided round, first round first."""
    facts, vetoed = [], vetoed_answers(state)
    for number in range(1, len(state.get("tallies", {})) + 1):
        whole, ballots = state["tallies"][str(number)], ballots_of(state, number)
        tally = standing(state, whole) or whole
        facts.append(
            RoundFacts(
                answers={
                    p.expert: p.key
                    for p in sorted(state["proposals"].values(), key=lambda p: p.id)
                    if p.round == number and p.key not in vetoed
                },
                winner=state["proposals"][tally.winner].key,
                conviction=tally.conviction,
                support={
                    answer.key: answer.net_support
                    for answer in tally.answers
                    if answer.net_support is not None
                },
                ballots=len(ballots) if tally.decided_by == "votes" else 0,
                all_positive=all(
                    weight > 0 for b in ballots for weight in b.weights.values()
                ),
            )
        )
    return facts
