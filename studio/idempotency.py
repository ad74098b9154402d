"""Idempotency keys: who asks the same thing again gets the same run."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from nsed.studio.completion import Completion
from nsed.studio.refusal import RefusedError

__all__ = ["Idempotency"]

_MOST_CHARS = 255


@dataclass
class Idempotency:
    """Completions by owner and key, for some hours, in the memory of this process."""

    lifetime_s: float = 24 * 3600
    most: int = 256
    """How many are kept. Those that are over go first, the oldest before the others;
    one that is dropped while it is at work goes on, but is not found again."""
    now: Callable[[], float] = time.monotonic
    _kept: OrderedDict[tuple[str, str], tuple[bytes, float, Completion]] = field(
        default_factory=OrderedDict
    )

    def find(
        self, owner: str, key: str, body: bytes, begin: Callable[[], Completion]
    ) -> Completion:
        """The completion of a key, or a new one.

        Args:
            owner: Name of the caller's key: two callers may use the same words.
            key: What the client sent.
            body: Of the request.
            begin: Begins a new one.

        Raises:
            RefusedError: The key was used for another request, or is no key.
        """
        if not 0 < len(key) <= _MOST_CHARS:
            raise RefusedError(
                400,
                f"Idempotency-Key: should have 1 to {_MOST_CHARS} characters",
                code="invalid_value",
                param="Idempotency-Key",
            )
        self._drop_old()
        digest, place = hashlib.sha256(body).digest(), (owner, key)
        kept = self._kept.get(place)
        if kept is not None and not kept[2].broken:
            if kept[0] != digest:
                raise RefusedError(
                    422,
                    "this Idempotency-Key was used for another request; use a new one",
                    code="idempotency_key_reused",
                    param="Idempotency-Key",
                )
            return kept[2]
        completion = begin()
        self._kept[place] = (digest, self.now(), completion)
        self._kept.move_to_end(place)
        return completion

    def _drop_old(self) -> None:
        """Make room for one more."""
        for place, (_, begun_at, _) in list(self._kept.items()):
            if self.now() - begun_at >= self.lifetime_s:
                del self._kept[place]
        while len(self._kept) >= self.most:
            over = (place for place, kept in self._kept.items() if kept[2].done)
            del self._kept[next(over, next(iter(self._kept)))]
