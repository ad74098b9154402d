"""How many runs may begin, and be at work, at one time: of one key, and of all."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from nsed.studio.refusal import RefusedError

__all__ = ["RunLimits"]

_WINDOW_S = 60.0
_SOON_S = 1.0


@dataclass
class RunLimits:
    """Counts runs by key. Of this process only; begins anew with it."""

    most: int
    """Runs at one time, of everybody together."""
    clock: Callable[[], float] = time.monotonic
    _at_work: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _begun: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def at_work(self, name: str) -> int:
        """Runs of a key that are at work."""
        return self._at_work.get(name, 0)

    def enter(
        self, name: str, *, per_minute: int | None, concurrent: int | None
    ) -> Callable[[], None]:
        """Let a run in.

        Returns:
            What to call if it did not begin after all: then it does not count.

        Raises:
            RefusedError: One more would be too many; with the seconds to wait.
        """
        now, begun = self.clock(), self._begun[name]
        while begun and begun[0] <= now - _WINDOW_S:
            begun.popleft()
        if per_minute is not None and len(begun) >= per_minute:
            raise _too_many(
                f"this key may begin {per_minute} runs a minute",
                begun[-per_minute] + _WINDOW_S - now,
            )
        if concurrent is not None and self._at_work[name] >= concurrent:
            raise _too_many(f"this key may have {concurrent} runs at one time", _SOON_S)
        if sum(self._at_work.values()) >= self.most:
            raise _too_many(f"this server has {self.most} runs at work", _SOON_S)
        self._at_work[name] += 1
        if per_minute is not None:
            begun.append(now)

        def undo() -> None:
            self.leave(name)
            if now in begun:
                begun.remove(now)

        return undo

    def leave(self, name: str) -> None:
        """A run is over."""
        self._at_work[name] -= 1
        if not self._at_work[name]:
            del self._at_work[name]


def _too_many(words: str, retry_after_s: float) -> RefusedError:
    return RefusedError(
        429,
        f"{words}; try again later",
        code="rate_limit_exceeded",
        type="rate_limit_error",
        retry_after_s=retry_after_s,
    )
