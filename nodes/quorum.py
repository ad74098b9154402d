"""The barrier's question: did enough experts take part to go on?"""

from nsed.nodes.vetoes import vetoed_answers
from nsed.protocol.errors import DegradedError, QuorumError
from nsed.state.context import DeliberationConfig
from nsed.state.records import Phase
from nsed.state.schema import DeliberationState

__all__ = ["require_quorum"]


def require_quorum(
    state: DeliberationState, config: DeliberationConfig, *, phase: Phase, present: int
) -> None:
    """Raise if a phase fell short of what the config asks.

    Raises:
        QuorumError: Fewer than `quorum` took part; causes are listed.
        DegradedError: Somebody is missing and `on_partial` is `error`.
    """
    missing = [
        f"{absence.expert}: {absence.kind}: {absence.reason}"
        for absence in state.get("absences", {}).values()
        if absence.round == state["round"] and absence.phase == phase
    ]
    if vetoed_answers(state) and not present:
        missing.append("every answer of this round is one that you vetoed")
    if phase == "propose" and present < config.quorum:
        raise QuorumError(
            phase, present=present, required=config.quorum, causes=missing
        )
    if missing and config.on_partial == "error":
        raise DegradedError(phase, causes=missing)
