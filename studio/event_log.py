"""What a run has told so far, numbered, and no more of it than fits."""

from collections.abc import Iterator
from typing import Final

from nsed.state.events import DeliberationEvent

__all__ = ["MOST_EVENTS", "EventLog"]

MOST_EVENTS: Final = 10_000
"""How many events of one run are kept at least; twice as many at most."""


class EventLog:
    """Events in order. Numbers go up by one and are never given twice."""

    def __init__(self, *, first: int = 1, most: int = MOST_EVENTS) -> None:
        """Begin empty.

        Args:
            first: Number of the first event. A run that goes on in another process
                begins above all numbers that the one before can have given.
            most: How many events are kept at least; of twice as many the older half
                is let go.
        """
        self._kept: list[DeliberationEvent] = []
        self._most = most
        self.last = first - 1
        """Number of the latest event, or one less than the first number."""

    def append(self, event: DeliberationEvent) -> None:
        """Add an event."""
        if len(self._kept) == 2 * self._most:
            del self._kept[: self._most]
        self._kept.append(event)
        self.last += 1

    def after(self, number: int) -> list[tuple[int, DeliberationEvent]]:
        """What came after an event, as far as it is kept."""
        first = self.last - len(self._kept) + 1
        start = max(first, number + 1)
        return list(enumerate(self._kept[start - first :], start))

    def __iter__(self) -> Iterator[DeliberationEvent]:
        """All that is kept."""
        return iter([*self._kept])
