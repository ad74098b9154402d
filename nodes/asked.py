"""What asking an expert leaves in the state, the same for proposers and reviewers."""

import hashlib
import json
import time
from dataclasses import replace
from typing import Any, TypeVar

from nsed.models.asking import Outcome
from nsed.models.asking_again import (
    QUOTED_CHARS,
    finish_of,
    most_attempts,
    reask_of,
)
from nsed.models.base import Message, Request
from nsed.protocol.ledger import worst_case
from nsed.protocol.usage import Usage, total_usage
from nsed.state.context import DeliberationConfig
from nsed.state.records import Absence, CallRecord, Phase
from nsed.state.schema import DeliberationState

__all__ = [
    "call_records",
    "charged",
    "paused_s",
    "prompt_digest",
    "seconds_left",
    "spent",
    "worst_cases",
]

T = TypeVar("T")


def spent(state: DeliberationState) -> Usage:
    """Everything the run has used so far."""
    return total_usage(call.usage for call in state.get("calls", {}).values())


def charged(state: DeliberationState) -> Usage:
    """What the caps count: where nobody knows what a call used, its worst case."""
    calls = state.get("calls", {}).values()
    return total_usage(call.at_most or call.usage for call in calls)


def seconds_left(state: DeliberationState, config: DeliberationConfig) -> float | None:
    """Wall-clock seconds until the run's deadline, never negative; None without one."""
    if config.deadline_s is None:
        return None
    worked_s = time.time() - state["started_at"] - paused_s(state)
    return max(0.0, config.deadline_s - worked_s)


def paused_s(state: DeliberationState, round_number: int | None = None) -> float:
    """Seconds in which nobody worked at the run, or at one round of it."""
    return sum(
        pause.seconds
        for pause in state.get("pauses", {}).values()
        if round_number in (None, pause.round)
    )


def worst_cases(
    request: Request, expert: str, config: DeliberationConfig
) -> tuple[Usage, ...]:
    """Bound each attempt that asking may take; re-asks quote a reply and cost more."""
    prices = config.expert(expert).prices
    structured = request.json_schema is not None
    longest = "\U00020000" * QUOTED_CHARS  # four bytes each, and shown as it is
    again = (
        reask_of(request, longest, longest)
        if structured or request.reask
        else finish_of(request, longest)
    )
    again = replace(again, max_output_tokens=request.max_output_tokens)
    first, later = (
        worst_case(
            prompt_bytes=r.prompt_bytes,
            max_output_tokens=r.max_output_tokens,
            prices=prices,
        )
        for r in (request, again)
    )
    further = most_attempts(retries=config.retries, structured=structured) - 1
    return (first, *(later for _ in range(further)))


def prompt_digest(messages: tuple[Message, ...]) -> str:
    """SHA-256 of the canonical JSON of a prompt."""
    turns = [{"content": m.content, "role": m.role} for m in messages]
    text = json.dumps(turns, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def call_records(
    outcome: Outcome[T], *, round_number: int, phase: Phase, expert: str
) -> dict[str, Any]:
    """The state update every asked expert writes: its calls, and its absence if any."""
    key = f"r{round_number}.{phase}.{expert}"
    calls = {
        f"{key}.{n}": CallRecord(
            id=f"{key}.{n}",
            round=round_number,
            phase=phase,
            expert=expert,
            attempt=n,
            prompt_sha256=prompt_digest(attempt.request.messages),
            reply=attempt.reply,
            outcome=attempt.outcome,
            error=attempt.error,
            method=attempt.method,
            started_at=attempt.started_at,
            first_token_ms=attempt.first_token_ms,
            usage=attempt.usage,
            cached=attempt.cached,
            replica=attempt.replica,
            at_most=attempt.at_most,
        )
        for n, attempt in enumerate(outcome.attempts, start=1)
    }
    if outcome.failure is None:
        return {"calls": calls}
    absence = Absence(
        round=round_number,
        phase=phase,
        expert=expert,
        kind=outcome.failure.kind,
        reason=str(outcome.failure),
    )
    return {"calls": calls, "absences": {key: absence}}
