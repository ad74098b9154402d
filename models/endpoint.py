"""What experts on one endpoint share: its concurrency limit and its JSON abilities."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from weakref import WeakKeyDictionary

from nsed.state.expert_config import BallotMethod

__all__ = ["Abilities", "Limits"]

Loop = asyncio.AbstractEventLoop


class Limits:
    """One semaphore an endpoint and event loop."""

    def __init__(self) -> None:
        """Start without any."""
        self._by_loop: WeakKeyDictionary[Loop, dict[str, asyncio.Semaphore]] = (
            WeakKeyDictionary()
        )

    def slot(
        self, endpoint: str, concurrency: int
    ) -> AbstractAsyncContextManager[None]:
        """Wait for a free place at the endpoint; the first caller sets the limit."""
        mine = self._by_loop.setdefault(asyncio.get_running_loop(), {})
        return mine.setdefault(endpoint, asyncio.Semaphore(concurrency))


class Abilities:
    """Which way of asking for JSON works at an endpoint, learned from its refusals."""

    def __init__(self) -> None:
        """Start without knowing any endpoint."""
        self._refused: dict[str, set[BallotMethod]] = {}

    def best(self, endpoint: str, ladder: Sequence[BallotMethod]) -> BallotMethod:
        """The highest rung that was not refused; the lowest one always stays."""
        refused = self._refused.get(endpoint, set())
        return next((rung for rung in ladder if rung not in refused), ladder[-1])

    def refuse(
        self, endpoint: str, method: BallotMethod, ladder: Sequence[BallotMethod]
    ) -> bool:
        """Remember that the endpoint does not do this.

        Returns:
            Whether there is another rung to try. If even the lowest one is refused,
            it was not the rung that was wrong, and all is forgotten.
        """
        if method == ladder[-1]:
            self._refused.pop(endpoint, None)
            return False
        self._refused.setdefault(endpoint, set()).add(method)
        return True
