"""A run record as the run page shows it: everything computed, every text made safe."""

from typing import Any

from nsed.bill import BillLine, bill_line, bill_remarks
from nsed.phrases import COMMITTED, STOPPED, usd
from nsed.protocol.invisible import visible_text
from nsed.state.context import DeliberationConfig
from nsed.state.records import CallRecord, Verdict
from nsed.state.run_record import RunRecord, UnfinishedRecord
from nsed.studio.round_view import absences_view, round_view
from nsed.studio.stop_view import stop_view, support_view

__all__ = ["run_view"]

_PHASES = ("propose", "review", "synthesize")


def run_view(record: RunRecord) -> dict[str, Any]:
    """Everything the page needs, as plain JSON.

    Hidden characters in texts are written as escapes. There is no secret in it: of the
    settings only knobs and the experts' names and models are told.

    Args:
        record: Of a run that has ended, or of one that is at work (`UnfinishedRecord`);
            the `verdict` is then None.
    """
    verdict = None if isinstance(record, UnfinishedRecord) else record.verdict
    view = {
        "id": record.run_id,
        "graph": record.graph,
        "version": record.nsed_version,
        "begun_at": record.started_at,
        "forked_from": record.forked_from,
        "task": record.task,
        "round_limit": record.context.rounds,
        "verdict": verdict and _verdict(record, verdict),
        "synthesis": record.synthesis and record.synthesis.model_dump(mode="json"),
        "absences": absences_view(record, record.absences.values()),
        "rounds": [round_view(record, number) for number in _rounds(record)],
        "support": support_view(record),
        "stop": stop_view(record),
        "bill": _bill(record, verdict),
        "experts": [
            {
                "name": expert.name,
                "provider": expert.provider,
                "model": expert.model or expert.model_class or "scripted",
                "family": expert.family or "",
            }
            for expert in record.context.experts
        ],
        "settings": _settings(record.context),
        "prompts": record.prompts,
        "pauses": [pause.model_dump(mode="json") for pause in record.pauses.values()],
    }
    safe: dict[str, Any] = _visible(view)
    return safe


def _rounds(record: RunRecord) -> list[int]:
    """The rounds that have begun."""
    kept = (record.teams, record.proposals, record.ballots, record.tallies)
    return sorted({item.round for channel in kept for item in channel.values()})


def _verdict(record: RunRecord, verdict: Verdict) -> dict[str, Any]:
    told = verdict.model_dump(
        mode="json", exclude={"usage", "absences", "panel", "stop_reason"}
    )
    winner = record.proposals.get(verdict.proposal)
    return {
        **told,
        "stop": {"reason": verdict.stop_reason, "words": STOPPED[verdict.stop_reason]},
        "commit_words": COMMITTED[verdict.commit_type],
        "author": winner.expert if winner else "",
        "author_round": winner.round if winner else 0,
        "short": winner is not None and winner.answer is not None,
    }


def _bill(record: RunRecord, verdict: Verdict | None) -> dict[str, Any]:
    calls = list(record.calls.values())
    phases = [phase for phase in _PHASES if any(c.phase == phase for c in calls)]
    return {
        "phases": phases,
        "experts": [
            {
                "expert": expert,
                **_line([call for call in calls if call.expert == expert]),
                "by_phase": {
                    phase: _line(
                        [c for c in calls if (c.expert, c.phase) == (expert, phase)]
                    )
                    for phase in phases
                },
            }
            for expert in dict.fromkeys(call.expert for call in calls)
        ],
        "by_phase": {
            phase: _line([call for call in calls if call.phase == phase])
            for phase in phases
        },
        "total": _line(calls),
        "seconds": verdict.seconds if verdict else None,
        "remarks": bill_remarks(calls),
    }


def _line(calls: list[CallRecord]) -> dict[str, Any]:
    line: BillLine = bill_line(calls)
    used = line.used
    return {
        "calls": used.calls,
        "failed": line.failed,
        "cached": line.cached,
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "estimated": used.estimated_calls > 0,
        "usd": usd(used),
        "seconds": used.latency_ms / 1000,
    }


def _settings(context: DeliberationConfig) -> list[tuple[str, str]]:
    """The knobs that are not as they would be by default."""
    plain = DeliberationConfig()
    return [
        (name, str(value))
        for name in type(context).model_fields
        if name != "experts"
        and (value := getattr(context, name)) != getattr(plain, name)
    ]


def _visible(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return visible_text(str(value))
    if isinstance(value, dict):
        return {visible_text(str(key)): _visible(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_visible(inner) for inner in value]
    return value
