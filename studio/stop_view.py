"""Why a run stopped, in numbers: support by round, the utility curve, the evidence."""

from math import isfinite
from typing import Any

from nsed.answer_rows import tallies_of
from nsed.state.run_record import RunRecord

__all__ = ["stop_view", "support_view"]

_POINTS = 64
_SHOWN = 60


def support_view(record: RunRecord) -> list[dict[str, Any]]:
    """The net support of every answer, round by round; the final leader first."""
    lines: dict[str, dict[str, Any]] = {}
    tallies = tallies_of(record)
    for tally in tallies:
        for answer in tally.answers:
            first = record.proposals[answer.proposals[0]]
            words = answer.answer or " ".join(first.text.split())
            line = lines.setdefault(
                answer.key, {"answer": words[:_SHOWN], "points": [], "led": 0}
            )
            led = tally.winner in answer.proposals
            line["led"] += led
            line["points"].append(
                {"round": tally.round, "support": answer.net_support, "leads": led}
            )
    last = record.proposals[tallies[-1].winner].key if tallies else ""

    def rank(key: str) -> tuple[Any, ...]:
        known = [p["support"] for p in lines[key]["points"] if p["support"] is not None]
        return (key != last, -lines[key]["led"], -max(known, default=-2.0), key)

    return [lines[key] for key in sorted(lines, key=rank)]


def stop_view(record: RunRecord) -> dict[str, Any]:
    """The utility curve with the rounds on it, and the evidence against its ceiling."""
    context, played = record.context, len(record.tallies)
    curve, limit = context.curve, context.rounds
    best = curve.optimal_rounds
    end = float(max(limit, played, min(best * 1.3, 20.0) if isfinite(best) else limit))
    ceiling = curve.evidence_ceiling(limit)
    return {
        "curve": [
            [round(end * i / _POINTS, 4), round(curve.utility(end * i / _POINTS), 5)]
            for i in range(_POINTS + 1)
        ],
        "rounds": [[n, round(curve.utility(n), 5)] for n in range(1, played + 1)],
        "limit": limit,
        "best": best if isfinite(best) else None,
        "constants": {
            "p_guess": curve.guess,
            "p_verify": curve.verify,
            "rate": curve.rate,
            "fatigue": curve.fatigue,
        },
        "evidence": [
            {
                "round": tally.round,
                "evidence": tally.evidence,
                "conviction": tally.conviction,
            }
            for tally in tallies_of(record)
        ],
        "effort": context.effort,
        "ceiling": ceiling,
        "needed": context.effort * ceiling,
    }
