"""One phase as its tasks share it: a clock, who has answered, and spare calls.

All tasks of a fan-out run in one superstep, which ends when the last of them does. So
a straggler is cut off from inside: every task has its seat here, and each answer that
comes in may bring the time limits of the others forward.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from nsed.models.time_limit import TimeLimit
from nsed.protocol.straggler import straggler_cut_s

__all__ = ["Phase", "Phases", "Seated"]

_REMEMBERED = 64


@dataclass(eq=False)
class Seated:
    """One expert at work: since when, and until when."""

    began: float
    p95_s: float | None
    limit: TimeLimit
    answered: bool = False
    """To be set when its reply was usable."""


@dataclass(eq=False)
class Phase:
    """What the tasks of one fan-out have in common."""

    asked: int
    """How many experts this phase asks."""
    quorum: int
    ends: TimeLimit
    """When everybody is cut off, whatever has come in."""
    spare: int
    """Further calls that are left for all of them together."""
    factor: float | None
    """Of the straggler rule; None: there is none."""
    least_s: float
    _took_s: list[float] = field(default_factory=list)
    _at_work: list[Seated] = field(default_factory=list)

    @contextmanager
    def seat(self, *, p95_s: float | None) -> Iterator[Seated]:
        """Take part: have a time limit, and tell by `answered` what came of it."""
        limit = TimeLimit(self.ends.at, self.ends.why)
        mine = Seated(self._now(), p95_s, limit)
        self._at_work.append(mine)
        self._hurry(mine)
        try:
            yield mine
        finally:
            self._at_work.remove(mine)
            if mine.answered:
                self._took_s.append(self._now() - mine.began)
                for other in self._at_work:
                    self._hurry(other)

    def take_spare(self) -> bool:
        """Take one further call, if one is left."""
        if self.spare <= 0:
            return False
        self.spare -= 1
        return True

    def _hurry(self, seated: Seated) -> None:
        if self.factor is None:
            return
        cut_s = straggler_cut_s(
            self._took_s,
            asked=self.asked,
            quorum=self.quorum,
            factor=self.factor,
            least_s=self.least_s,
            p95_s=seated.p95_s,
        )
        if cut_s is None or (
            self.ends.at is not None and self.ends.at <= seated.began + cut_s
        ):
            return
        here = f"{len(self._took_s)} of {self.asked}"
        seated.limit.move(
            seated.began + cut_s,
            f"cut off as a straggler after {cut_s:.3g} s, when {here} had answered",
        )

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class Phases:
    """The phases that are being played, by superstep.

    A superstep's checkpoint has an id that no other run shares, with or without a
    checkpointer; a phase that is taken up again has a new clock. A phase is kept
    while somebody is at work in it. As tasks may also run one after the other, the
    last few are kept as well, and no more of them.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._by_step: WeakValueDictionary[str, Phase] = WeakValueDictionary()
        self._latest: deque[Phase] = deque(maxlen=_REMEMBERED)

    def of(self, step: str | None, make: Callable[[], Phase]) -> Phase:
        """The phase of a superstep, made by whoever comes first."""
        if step is None:
            return make()
        found = self._by_step.get(step)
        if found is None:
            found = self._by_step[step] = make()
            self._latest.append(found)
        return found
