"""The error tree. Every error this package raises on purpose is an `NsedError`.

    NsedError
    ├── ConfigError      the configuration is wrong: nothing was run
    ├── WeightError      a local model's weights cannot be found, fetched or trusted
    ├── ExpertError      one expert gave nothing usable (becomes an Absence)
    ├── QuorumError      too few experts took part to go on
    ├── DegradedError    somebody is missing, and on_partial is "error"
    ├── BudgetError      a limit cannot carry even the first phase
    ├── InfeasibleTeam   no team keeps all limits: which ones clash, what would help
    ├── StructureError   there is an answer, but not in the form that was asked for
    ├── TrailError       a run cannot be signed as a trail, or must not be
    └── UnsupportedError something is asked for that a deliberation does not do

Messages say what was found, what was wanted and what to change.
"""

from collections.abc import Collection
from difflib import get_close_matches

__all__ = [
    "BudgetError",
    "ConfigError",
    "DegradedError",
    "ExpertError",
    "InfeasibleTeam",
    "NsedError",
    "QuorumError",
    "StructureError",
    "TrailError",
    "UnsupportedError",
    "WeightError",
    "did_you_mean",
]


class NsedError(Exception):
    """Base of every error raised on purpose."""


class ConfigError(NsedError):
    """The configuration cannot be used as written."""


class WeightError(NsedError):
    """Weights are missing, could not be fetched, or do not match their hash."""


class ExpertError(NsedError):
    """One expert was asked and gave nothing usable.

    Attributes:
        kind: One word of the failure taxonomy, see `nsed.models.base.FailureKind`.
    """

    def __init__(self, kind: str, message: str) -> None:
        """Keep the kind beside the words."""
        self.kind = kind
        super().__init__(message)


class QuorumError(NsedError):
    """Fewer experts took part in a phase than the protocol needs."""

    def __init__(
        self, phase: str, *, present: int, required: int, causes: Collection[str] = ()
    ) -> None:
        """Say which phase fell short, by how much, and why."""
        self.phase, self.present, self.required = phase, present, required
        self.causes = tuple(causes)
        because = "".join(f"\n  - {cause}" for cause in self.causes)
        super().__init__(
            f"`{phase}` phase: {present} of {required} required experts answered. "
            f"Check the experts below, lower `quorum`, or add experts to the pool."
            f"{because}"
        )


class DegradedError(NsedError):
    """An expert is missing and the config asks for all or nothing."""

    def __init__(self, phase: str, *, causes: Collection[str]) -> None:
        """Say in which phase, who and why."""
        self.phase, self.causes = phase, tuple(causes)
        listed = "".join(f"\n  - {cause}" for cause in self.causes)
        super().__init__(
            f"`{phase}` phase: {len(self.causes)} experts are missing and on_partial "
            'is "error". Set on_partial = "answer" to accept a degraded answer.'
            f"{listed}"
        )


class BudgetError(NsedError):
    """A cap is too small for the first phase, so nothing was asked."""


class StructureError(NsedError):
    """The answer of a run could not be put into the form that was asked for.

    Attributes:
        text: What was written last, of no use.
    """

    def __init__(self, message: str, *, text: str = "") -> None:
        """Keep the text beside the words."""
        self.text = text
        super().__init__(message)


class TrailError(NsedError):
    """A run has no trail: it cannot be written down, or another history is signed."""


class UnsupportedError(NsedError, NotImplementedError):
    """Something is asked for that a deliberation does not do, such as tool calls."""


class InfeasibleTeam(NsedError):  # noqa: N818 - a result of the broker's program
    """No team keeps all limits at once.

    Attributes:
        clash: Limits that clash; with any one of them lifted the others do not.
        changes: Single changes after which there is a team, the smallest first.
        together: Where there is none: changes that make one together.
    """

    def __init__(
        self,
        clash: Collection[str],
        changes: Collection[str],
        facts: Collection[str],
        *,
        together: Collection[str] = (),
    ) -> None:
        """Say what clashes, what would help, and who cannot sit anyway."""
        self.clash, self.changes = tuple(clash), tuple(changes)
        self.together = tuple(together)
        lines = [f"no team keeps these limits at once: {', '.join(self.clash)}."]
        if self.changes:
            lines.append(f"  The smallest change that helps: {self.changes[0]}.")
            lines += [f"  Or: {change}." for change in self.changes[1:]]
        elif self.together:
            lines.append(f"  What helps together: {'; '.join(self.together)}.")
        else:
            lines.append("  No change of these limits helps.")
        lines += [f"  {fact}." for fact in facts]
        super().__init__("\n".join(lines))


def did_you_mean(found: str, known: Collection[str]) -> str:
    """Return `" Did you mean 'x'?"` for the nearest known name, or `""`."""
    near = get_close_matches(found, known, n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
