"""Hedging: a second call beside one that takes long; the first answer counts."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from nsed.models.base import Expert
from nsed.protocol.errors import ExpertError

__all__ = ["Hedge", "first_answer"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hedge:
    """Whom to ask as well, and after how long."""

    expert: Expert
    """The same model behind another endpoint."""
    after_s: float


async def first_answer(
    first: Coroutine[Any, Any, T],
    second: Callable[[], Coroutine[Any, Any, T] | None],
    *,
    after_s: float,
) -> T:
    """Await the first call, and beside it a second one if it takes long.

    Whoever loses is cancelled, and has ended when this returns. A call that fails
    while the other is at work leaves the answer to it.

    Args:
        first: The call.
        second: Makes the second one, or None if it may not be made.
        after_s: How long to wait before it, in seconds.

    Raises:
        ExpertError: All calls failed; that of the last one.
    """
    calls = [asyncio.create_task(first)]
    try:
        done, _ = await asyncio.wait(calls, timeout=after_s)
        if not done and (another := second()) is not None:
            calls.append(asyncio.create_task(another))
        waiting = {*calls}
        while True:
            done, waiting = await asyncio.wait(
                waiting, return_when=asyncio.FIRST_COMPLETED
            )
            failed = [error for call in done if (error := call.exception())]
            bugs = [error for error in failed if not isinstance(error, ExpertError)]
            if bugs:
                raise bugs[0]
            answers = [call for call in done if call.exception() is None]
            if answers:
                return answers[0].result()
            if not waiting:
                raise failed[0]
    finally:
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
