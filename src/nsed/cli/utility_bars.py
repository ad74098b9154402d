"""The utility curve as a small bar chart."""

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

__all__ = ["UtilityBars"]

_WIDTH = 32


class UtilityBars:
    """A line for each number of rounds: U(1), U(2), …; from 0 up to 1."""

    def __init__(self, utility: Sequence[float]) -> None:
        """Take the values of the curve."""
        self._utility = utility

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        """Draw it, in ASCII where the terminal knows nothing else."""
        bar = "#" if options.ascii_only else "█"
        for rounds, value in enumerate(self._utility, start=1):
            length = round(_WIDTH * min(max(value, 0.0), 1.0))
            yield Text.assemble(
                f"    U({rounds}) ".ljust(10), (bar * length, "cyan"), f" {value:.3f}"
            )
