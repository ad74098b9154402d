"""The verdict of a run that has no answer: what is missing, and what it cost."""

import time

from nsed.nodes.asked import paused_s, spent
from nsed.nodes.panel import panel_of, panel_words
from nsed.protocol.errors import NsedError
from nsed.protocol.stopping import StopReason
from nsed.state.records import Verdict
from nsed.state.schema import DeliberationState

__all__ = ["failed_verdict"]


def failed_verdict(state: DeliberationState, error: NsedError) -> Verdict:
    """Say what is known of a run that ended in an error.

    There is no answer, no conviction, and no error text in the place of an answer.
    """
    absences = state.get("absences", {})
    panel = panel_of(state)
    return Verdict(
        status="failed",
        answer="",
        text="",
        proposal="",
        stop_reason=state.get("halt") or StopReason.NO_QUORUM,
        commit_type="fragmented",
        conviction=0.0,
        rounds=len(state.get("tallies", {})),
        absences=tuple(absences[key] for key in sorted(absences)),
        notes=tuple(panel_words(panel)),
        usage=spent(state),
        seconds=round(time.time() - state["started_at"] - paused_s(state), 3),
        panel=panel,
        failure=f"{type(error).__name__}: {error}",
    )
