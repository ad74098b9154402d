"""The run record: everything one deliberation did, as one versioned JSON document."""

import json
from typing import Any, Final, Literal

from pydantic import Field

from nsed.state.context import DeliberationConfig
from nsed.state.human import Intervention
from nsed.state.record import Record
from nsed.state.records import (
    Absence,
    Ballot,
    CallRecord,
    Memory,
    Pause,
    Proposal,
    Synthesis,
    Tally,
    Verdict,
)
from nsed.state.schema import DeliberationState
from nsed.state.team import Team

__all__ = [
    "SCHEMA_VERSION",
    "RunRecord",
    "UnfinishedRecord",
    "comparable",
    "record_of",
]

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
    forked_from: str = ""
    """Where it was taken over from another run: `<id>, before round 2`; its bill then
    holds the calls of that run's rounds, too."""
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
    interventions: dict[str, Intervention] = Field(default_factory=dict)
    """What the user decided, by the round it came after."""
    pauses: dict[str, Pause] = Field(default_factory=dict)
    """When nobody worked at it, by the Unix time at which it went on."""
    synthesis: Synthesis | None = None
    """The synthesizer's text, used or not; None where it gave none."""
    verdict: Verdict


class UnfinishedRecord(RunRecord):
    """A run that has come to no verdict yet: what there is so far."""

    verdict: None = None  # type: ignore[assignment]


def record_of(
    state: DeliberationState,
    context: DeliberationConfig,
    *,
    nsed_version: str,
    run_id: str,
    graph: str,
    forked_from: str = "",
    prompts: dict[str, str],
    finished: bool = True,
) -> RunRecord:
    """Collect a run's state into its record.

    Args:
        state: Of the run.
        context: What it ran with.
        nsed_version: What ran it.
        run_id: Its name.
        graph: Which graph ran.
        forked_from: Where it was taken over from another run.
        prompts: SHA-256 of every prompt file, by name.
        finished: False makes an `UnfinishedRecord` of what there is so far.

    Raises:
        KeyError: The run has no verdict yet.
    """
    channels: dict[str, Any] = {**state}

    def ordered(channel: str) -> dict[str, Any]:
        return dict(sorted(channels.get(channel, {}).items()))

    kind: Any = RunRecord if finished else UnfinishedRecord
    record: RunRecord = kind(
        nsed_version=nsed_version,
        run_id=run_id,
        graph=graph,
        forked_from=forked_from,
        started_at=channels.get("started_at", 0.0),
        task=channels.get("task", ""),
        context=context,
        prompts=dict(sorted(prompts.items())),
        teams=ordered("teams"),
        proposals=ordered("proposals"),
        ballots=ordered("ballots"),
        tallies=ordered("tallies"),
        memories=ordered("memories"),
        absences=ordered("absences"),
        calls=ordered("calls"),
        interventions=ordered("interventions"),
        pauses=ordered("pauses"),
        synthesis=channels.get("synthesis"),
        verdict=channels["verdict"] if finished else None,
    )
    return record


def comparable(record: RunRecord) -> str:
    """The record's JSON with times and ids set to 0: equal for equal runs."""

    def still(value: object) -> object:
        if isinstance(value, dict):
            return {k: 0 if k in _TIMES_AND_IDS else still(v) for k, v in value.items()}
        return [still(v) for v in value] if isinstance(value, list) else value

    return json.dumps(still(record.model_dump(mode="json")), sort_keys=True)
