"""Telemetry of a run, read off its state: a pure function, so repeating it is safe.

Nothing is counted while the run goes on. Whoever wants to know asks for everything
the state shows so far; a resumed run shows what it showed before, and more.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from nsed.brokers.observations import (
    AgreementSeen,
    CallSeen,
    Observation,
    SupportSeen,
    UnreachableSeen,
)
from nsed.brokers.telemetry import Telemetry
from nsed.nodes.asked import paused_s
from nsed.nodes.vetoes import standing
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.state.records import Ballot, CallRecord, Phase, Proposal
from nsed.state.schema import DeliberationState
from nsed.state.team import Role

__all__ = ["observations_of", "telemetry_by_day"]

_ROLES: dict[Phase, Role] = {"propose": "proposer", "review": "reviewer"}
"""Of phases with seats. Calls of another phase teach nothing: a final text has another
length and another prompt, and no seat is chosen by it."""
_AT_THE_DEADLINE_S = 1.0
"""How long before the run's deadline a timeout may end and still be due to it."""


def observations_of(
    state: DeliberationState, config: DeliberationConfig
) -> list[Observation]:
    """Everything a run shows of its experts so far, always in the same order.

    Experts go by their identity, which changes with the model behind a name.

    What came out of the response cache is left out: nobody was asked, and what its
    ballots and proposals are worth was seen when they were new. So are calls that were
    lost with their process, and those of the run that this one was forked from.
    """
    taken_over = state.get("taken_over", 0)
    calls = [
        call
        for _, call in sorted(state.get("calls", {}).items())
        if call.phase in _ROLES
        and call.round > taken_over
        and call.started_at
        and not call.cached
        and call.outcome != "lost"
    ]
    category = _category(state, config)
    found: list[CallSeen | UnreachableSeen | SupportSeen | AgreementSeen] = [
        *(_call(call, category, state, config) for call in calls),
        *(
            UnreachableSeen(expert, team.started_at)
            for _, team in sorted(state.get("teams", {}).items())
            if team.round > taken_over
            for expert in sorted(team.unreachable)
        ),
        *_support(state, category, calls),
        *_agreement(state, category, calls),
    ]
    known_as = {expert.name: expert.identity for expert in config.experts}
    # Taken up with another pool, a run may hold names that this one does not.
    return [
        replace(seen, expert=known_as.get(seen.expert, seen.expert)) for seen in found
    ]


def telemetry_by_day(observations: Iterable[Observation]) -> dict[str, Telemetry]:
    """Sum observations up by their own UTC day, `YYYY-MM-DD`."""
    days: dict[str, list[Observation]] = {}
    for seen in observations:
        days.setdefault(f"{datetime.fromtimestamp(seen.at, UTC):%Y-%m-%d}", []).append(
            seen
        )
    return {day: Telemetry.of(group) for day, group in sorted(days.items())}


def _category(state: DeliberationState, config: DeliberationConfig) -> str:
    first = state.get("teams", {}).get("1")
    if first and first.profile:
        return first.profile.category
    return "general" if config.category == "auto" else config.category


def _ended(call: CallRecord) -> float:
    return call.started_at + call.usage.latency_ms / 1000


def _call(
    call: CallRecord,
    category: str,
    state: DeliberationState,
    config: DeliberationConfig,
) -> CallSeen:
    ended, outcome = _ended(call), call.outcome
    # The run had no time left: that says nothing of how fast the expert is.
    if outcome == "timeout" and config.deadline_s is not None:
        deadline = state["started_at"] + config.deadline_s + paused_s(state)
        outcome = "cancelled" if ended > deadline - _AT_THE_DEADLINE_S else outcome
    known = call.usage if call.at_most is None else Usage()  # no guesses
    return CallSeen(
        expert=call.expert,
        role=_ROLES[call.phase],
        category=category,
        at=ended,
        outcome=outcome,
        latency_ms=call.usage.latency_ms,
        first_token_ms=call.first_token_ms,
        input_tokens=known.input_tokens,
        output_tokens=known.output_tokens,
        nano_usd=None if known.unpriced_calls else known.nano_usd,
    )


def _support(
    state: DeliberationState, category: str, calls: list[CallRecord]
) -> Iterator[SupportSeen]:
    """Net support of the proposals that were new in a round, as of its last call."""
    heard = _heard(calls)
    for _, tally in sorted(state.get("tallies", {}).items()):
        seen_at = max((_ended(c) for c in calls if c.round == tally.round), default=0.0)
        for id_, support in sorted(tally.net_support.items()):
            proposal = state["proposals"][id_]
            asked = (proposal.round, "propose", proposal.expert) in heard
            if proposal.round == tally.round and asked:
                yield SupportSeen(proposal.expert, category, seen_at, support)


def _agreement(
    state: DeliberationState, category: str, calls: list[CallRecord]
) -> Iterator[AgreementSeen]:
    """Whether ballots put the final winner's answer first, as of the last call."""
    tallies, heard = state.get("tallies", {}), _heard(calls)
    whole = tallies.get(str(len(tallies)))
    last = standing(state, whole) if whole else None
    if not state.get("halt") or last is None or last.decided_by != "votes":
        return
    winner = state["proposals"][last.winner].key
    seen_at = max((_ended(call) for call in calls), default=0.0)
    for _, ballot in sorted(state.get("ballots", {}).items()):
        agreed = _put_first(ballot, winner, state["proposals"])
        if agreed is not None and (ballot.round, "review", ballot.reviewer) in heard:
            yield AgreementSeen(ballot.reviewer, category, seen_at, agreed)


def _put_first(
    ballot: Ballot, answer: str, proposals: dict[str, Proposal]
) -> bool | None:
    """Whether an answer got a ballot's highest weight, and that is not against it.

    None where the ballot does not say: the answer was not on it, or shares the
    highest weight with another.
    """
    weights = ballot.weights.items()
    mine = [weight for id_, weight in weights if proposals[id_].key == answer]
    others = [weight for id_, weight in weights if proposals[id_].key != answer]
    if not mine or (others and max(mine) == max(others)):
        return None
    return max(mine) > 0 and max(mine) > max(others, default=0)


def _heard(calls: list[CallRecord]) -> set[tuple[int, Phase, str]]:
    return {(c.round, c.phase, c.expert) for c in calls if c.outcome == "ok"}
