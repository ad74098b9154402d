"""Foreign text as models are shown it: nothing hidden, nothing armed, not endless."""

from functools import lru_cache

from nsed.protocol.graphemes import cut_middle
from nsed.protocol.invisible import visible_text
from nsed.protocol.lookalike import disarmed

__all__ = ["shown_text"]


@lru_cache(maxsize=256)  # every reviewer is shown the same answers
def shown_text(text: str, *, chars: int) -> str:
    """Make hidden characters visible, disarm lookalikes, and cut to `chars`.

    The limit counts what is shown, escapes included. Doing it twice changes nothing.
    """
    return cut_middle(disarmed(visible_text(text)), chars)
