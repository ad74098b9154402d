"""When asking again may help, and how long to wait before it."""

from collections import Counter
from collections.abc import Callable

from tenacity import RetryCallState, wait_none, wait_random_exponential

from nsed.models.failures import PASSING, CallError
from nsed.protocol.errors import ExpertError

__all__ = ["LOSSES", "REASKS", "RUNGS", "Patience", "wait_for"]

REASKED = frozenset({"malformed", "truncated"})
"""Failures that a model can mend when it is shown its own reply."""
REASKS = 1
"""How often a reply is sent back with what is wrong with it."""
LOSSES = 2
"""How often one question may be cut off by the end of the process."""
RUNGS = 3
"""How often a lower rung of the JSON ladder may be tried."""
MOST_WAIT_S = 60
"""Longest wait a provider may ask for, in seconds."""


class Patience:
    """Remembers what went wrong so far, to say whether asking again may help."""

    def __init__(self, retries: int) -> None:
        """Start without any failure; `retries` bounds those for passing reasons."""
        self._retries = retries
        self._failed: Counter[str] = Counter()

    def may_mend(self, error: BaseException) -> bool:
        """Count the failure, and say whether one more call is worth it."""
        if not isinstance(error, ExpertError):
            return False
        failed = self._failed
        failed[error.kind] += 1
        if error.kind == "lost":  # the process ended, nobody failed
            return True
        if error.kind in PASSING:
            return sum(failed[kind] for kind in PASSING) <= self._retries
        if error.kind == "unsupported":  # asking in the same way again is no use
            lower_rung = isinstance(error, CallError) and error.lower_rung
            return lower_rung and failed["unsupported"] <= RUNGS
        return error.kind in REASKED and failed[error.kind] <= REASKS


def wait_for(first_s: float) -> Callable[[RetryCallState], float]:
    """Back off after passing failures; a re-ask has nothing to wait for.

    Args:
        first_s: Longest wait before the first retry; it doubles, with jitter, and is
            no shorter than the provider asks for. 0: never wait.
    """
    if first_s <= 0:
        return wait_none()
    backoff = wait_random_exponential(multiplier=first_s, max=30)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, ExpertError) or error.kind not in PASSING:
            return 0.0
        wanted = error.retry_after_s if isinstance(error, CallError) else None
        return max(backoff(state), min(wanted or 0.0, MOST_WAIT_S))

    return wait
