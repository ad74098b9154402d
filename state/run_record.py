"""The run record: everything one deliberation did, as one versioned JSON document."""

import json
from typing import Any, Final, Literal

from nsed.state.context import DeliberationConfig
from nsed.state.record import Record
from nsed.state.records import (
    Absence,
    Ballot,
    CallRecord,
    Memory,
    Proposal,
    Synthesis,
    Tally,
    Verdict,
)
from nsed.state.schema import DeliberationState
from nsed.state.team import Team

__all__ = ["SCHEMA_VERSION", "RunRecord", "comparable", "record_of"]

SCHEMA_VERSION: Final = 1

_TIMES_AND_IDS = frozenset(
    {"first_token_ms", "latency_ms", "run_id", "seconds", "started_at"}
)


class RunRecord(Record):
    """One run. Maps are in order of their keys, so equal runs give equal bytes."""

    schema_version: Literal[1] = SCHEMA_VERSION
    nsed_version: str
    run_id: str
    graph: str
    """Which graph ran: `deliberation` or a baseline."""
    started_at: float
    """Unix time in seconds."""
    task: str
    context: DeliberationConfig
    prompts: dict[str, str]
    """SHA-256 of every prompt file, by name."""
    teams: dict[str, Team]
    proposals: dict[str, Proposal]
    ballots: dict[str, Ballot]
    tallies: dict[str, Tally]
    memories: dict[str, Memory]
    absences: dict[str, Absence]
    calls: dict[str, CallRecord]
    synthesis: Synthesis | None = None
    """The synthesizer's text, used or not; None where it gave none."""
    verdict: Verdict


def record_of(
    state: DeliberationState,
    context: DeliberationConfig,
    *,
    nsed_version: str,
    run_id: str,
    graph: str,
    prompts: dict[str, str],
) -> RunRecord:
    """Collect a finished run's state into its record.

    Raises:
        KeyError: The run has no verdict yet.
    """
    channels: dict[str, Any] = {**state}

    def ordered(channel: str) -> dict[str, Any]:
        return dict(sorted(channels.get(channel, {}).items()))

    return RunRecord(
        nsed_version=nsed_version,
        run_id=run_id,
        graph=graph,
        started_at=state["started_at"],
        task=state["task"],
        context=context,
        prompts=dict(sorted(prompts.items())),
        teams=ordered("teams"),
        proposals=ordered("proposals"),
        ballots=ordered("ballots"),
        tallies=ordered("tallies"),
        memories=ordered("memories"),
        absences=ordered("absences"),
        calls=ordered("calls"),
        synthesis=channels.get("synthesis"),
        verdict=state["verdict"],
    )


def comparable(record: RunRecord) -> str:
    """The record's JSON with times and ids set to 0: equal for equal runs."""

    def still(value: object) -> object:
        if isinstance(value, dict):
            return {k: 0 if k in _TIMES_AND_IDS else still(v) for k, v in value.items()}
        return [still(v) for v in value] if isinstance(value, list) else value

    return json.dumps(still(record.model_dump(mode="json")), sort_keys=True)
