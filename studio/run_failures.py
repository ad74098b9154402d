"""A run without an answer, as a reply: never a success with an error for a text."""

from nsed.protocol.errors import (
    BudgetError,
    ConfigError,
    DegradedError,
    InfeasibleTeam,
    NsedError,
    QuorumError,
    StructureError,
    WeightError,
)
from nsed.studio.refusal import RefusedError

__all__ = ["given_up", "refusal_of"]

# A whole deliberation was made, or cannot be: to ask again at once costs as much again.
_NO_RETRY = {"x-should-retry": "false"}


def given_up() -> RefusedError:
    """What whoever still waits is told of a run that was given up."""
    return RefusedError(
        503,
        "the run was given up",
        code="cancelled",
        type="server_error",
        headers=_NO_RETRY,
    )


def refusal_of(error: NsedError, run_id: str = "") -> RefusedError:
    """What a client is told of an error of ours.

    Args:
        error: It. Its words are ours and hold no secrets.
        run_id: The run, whose record has what came in; empty: there is none.
    """
    if isinstance(error, RefusedError):
        return error
    words = _with_place(str(error), run_id)
    if isinstance(error, QuorumError | DegradedError | StructureError):
        code = {QuorumError: "no_quorum", DegradedError: "degraded"}.get(
            type(error), "no_such_form"
        )
        return RefusedError(
            502, words, code=code, type="server_error", headers=_NO_RETRY
        )
    if isinstance(error, BudgetError | InfeasibleTeam):
        return RefusedError(422, str(error), code="limits_too_tight", headers=_NO_RETRY)
    if isinstance(error, ConfigError | WeightError):
        return RefusedError(
            503,
            f"the server is not ready for this: {error}",
            code="not_ready",
            type="server_error",
            headers=_NO_RETRY,
        )
    return RefusedError(
        500,
        words,
        code="run_failed",
        type="server_error",
        headers=_NO_RETRY,
    )


def _with_place(words: str, run_id: str) -> str:
    """A sentence, and where the rest is to be found."""
    if not run_id:
        return words
    stop = "" if words.endswith((".", "!", "?")) else "."
    return f"{words}{stop} Run {run_id} has what came in."
