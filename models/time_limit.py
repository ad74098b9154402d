"""Until when an expert may be asked, and why it is cut off then."""

import asyncio
from types import TracebackType
from typing import Self

__all__ = ["TimeLimit"]


class TimeLimit:
    """A deadline with its reason, which may be moved while somebody is being asked.

    Enter it around what it limits; times are those of the running loop's clock.
    """

    def __init__(
        self, at: float | None = None, why: str = "the deadline was reached"
    ) -> None:
        """Set the deadline; None is none.

        Args:
            at: By the loop's clock, in seconds.
            why: What an absence says of it.
        """
        self.at, self.why = at, why
        self._timeout: asyncio.Timeout | None = None

    @classmethod
    def after(cls, seconds: float, why: str = "the deadline was reached") -> Self:
        """Set it so many seconds from now."""
        return cls(asyncio.get_running_loop().time() + seconds, why)

    @property
    def expired(self) -> bool:
        """Whether it has cut off what it limits."""
        return self._timeout is not None and self._timeout.expired()

    @property
    def left_s(self) -> float | None:
        """Seconds left, never negative; None without a deadline."""
        if self.at is None:
            return None
        return max(0.0, self.at - asyncio.get_running_loop().time())

    def move(self, at: float | None, why: str) -> None:
        """Set another deadline, also while it runs; what has expired stays so."""
        if self.expired:
            return
        self.at, self.why = at, why
        if self._timeout is not None:
            self._timeout.reschedule(at)

    async def __aenter__(self) -> Self:
        """Begin; `TimeoutError` leaves the block when the time is up."""
        self._timeout = asyncio.timeout_at(self.at)
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; turn our own cancelling into a `TimeoutError`."""
        if self._timeout is not None:
            await self._timeout.__aexit__(kind, error, trace)
