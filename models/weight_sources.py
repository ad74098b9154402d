"""The seam for where weights come from, and how a source fails.

A `WeightSource` appends the missing bytes to a partial file. Every source serves the
same content, so a partial file is a prefix of it, whoever wrote it: what one source
began another may finish.
"""

from collections.abc import Callable
from typing import Protocol

from nsed.models.weight_partial import PartialFile
from nsed.models.weights_manifest import Weight

__all__ = ["Report", "SourceError", "WeightSource"]

Report = Callable[[int], None]
"""Called with the bytes of the whole file had so far, as often as one likes."""


class SourceError(Exception):
    """One source could not deliver; the next may.

    Attributes:
        untrusted: The source sent wrong bytes, so the partial file must go.
    """

    def __init__(self, message: str, *, untrusted: bool = False) -> None:
        """Keep the reason short: it becomes part of one line."""
        self.untrusted = untrusted
        super().__init__(message)


class WeightSource(Protocol):
    """Somewhere weights can be fetched from."""

    @property
    def name(self) -> str:
        """What the source is called in progress and errors."""

    def fetch(self, weight: Weight, partial: PartialFile, report: Report) -> None:
        """Append the bytes that are missing, until the file has its full size.

        Args:
            weight: What to fetch.
            partial: A prefix of the file, often empty.
            report: Told the number of bytes had so far.

        Raises:
            SourceError: This source cannot deliver, or broke off. The partial file
                then still holds a prefix, unless the error says `untrusted`.
            DiskFullError: There is no room for it.
        """
