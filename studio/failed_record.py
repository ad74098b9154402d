"""The record of a run that has failed, put together again from what is on file."""

from typing import Any, cast

from nsed.known_run import KnownRun
from nsed.nodes.asked import paused_s
from nsed.nodes.failed_verdict import failed_verdict
from nsed.nodes.prompt import prompt_hashes
from nsed.protocol.errors import NsedError
from nsed.state.run_record import RunRecord, record_of
from nsed.state.schema import DeliberationState

__all__ = ["failed_record"]


def failed_record(known: KnownRun, values: dict[str, Any]) -> RunRecord:
    """A record as the one that the run had when it failed.

    Args:
        known: What is on file of the run, why it failed included.
        values: Its last state.
    """
    state = cast(
        "DeliberationState",
        {"task": known.task, "started_at": known.begun_at, **values},
    )
    calls = state.get("calls", {}).values()
    ended = max((c.started_at + c.usage.latency_ms / 1000 for c in calls), default=0)
    worked = max(0.0, ended - state["started_at"] - paused_s(state))
    verdict = failed_verdict(state, NsedError()).model_copy(
        update={"seconds": round(worked, 3), "failure": known.end.reason}
    )
    return record_of(
        cast("DeliberationState", {**state, "verdict": verdict}),
        known.config,
        nsed_version=known.version,
        run_id=known.id,
        graph=known.graph,
        forked_from=known.forked_from,
        prompts=prompt_hashes(),
    )
