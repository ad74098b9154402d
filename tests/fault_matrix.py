"""Every fault × who has it × in which phase, played against the loopback provider.

There is one synthesizer, so of its phase there is one cell a fault.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loopback_provider import Answer, Provider, Seen
from provider_faults import FAULTS

from nsed.models.hire import Hire
from nsed.protocol.errors import NsedError
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.records import Phase

__all__ = ["CELLS", "FAULT_FREE_CALLS", "Cell", "Result", "play"]

EXPERTS = ("ada", "bob", "cy", "dora")
QUORUM = 2
SYNTHESIZER = EXPERTS[0]
FAULT_FREE_CALLS = 2 * len(EXPERTS)
"""One round: everybody answers and reviews; a synthesizer makes one call more."""
HANGING_S = 1.5
PATIENT_S = 20.0

Who = Literal["nobody", "one", "all but quorum", "all"]

_HOW_MANY: dict[Who, int] = {
    "nobody": 0,
    "one": 1,
    "all but quorum": len(EXPERTS) - QUORUM,
    "all": len(EXPERTS),
}


@dataclass(frozen=True)
class Cell:
    """One case."""

    fault: str
    who: Who
    phase: Phase

    @property
    def fault_free_calls(self) -> int:
        """Calls if nothing fails."""
        return FAULT_FREE_CALLS + (self.phase == "synthesize")

    def __str__(self) -> str:
        return f"{self.fault}-{self.who}-{self.phase}".replace(" ", "_")


@dataclass(frozen=True)
class Result:
    """What it came to."""

    status: str
    """Of the verdict; or the type of an error that left no record."""
    kinds: tuple[str, ...]
    """Kinds of absence, each once."""
    decided_by: str
    """`votes`, `plurality`, or nothing."""
    seconds: float
    deadline_s: float
    calls: int
    answer: str
    error: str
    """What the user is told first."""


CELLS = [
    Cell(fault, who, phase)
    for fault, who, phase in itertools.product(
        FAULTS, ("one", "all but quorum", "all"), ("propose", "review")
    )
] + [Cell(fault, "one", "synthesize") for fault in FAULTS]


async def play(cell: Cell, provider: Provider, hire: Hire) -> Result:
    """Run one round of four experts, some of whom have the fault in a phase."""
    ill = EXPERTS[: _HOW_MANY[cell.who]]
    provider.answers = {name: [Answer()] for name in EXPERTS}
    for name in ill:
        provider.answers[name] = lambda seen: _answer(cell, seen)
    run = Run("What is 4 * 2?", settings(cell, provider.url), hire=hire)
    try:
        async for _ in run.events():
            pass
    except NsedError:
        pass  # its record says it
    record = await run.record()
    context = record.context
    limits_s = context.propose_timeout_s + context.review_timeout_s
    if context.synthesizer:
        limits_s += context.synthesize_timeout_s
    verdict, tally = record.verdict, record.tallies.get("1")
    first = next(iter(verdict.absences), None)
    return Result(
        status=verdict.status,
        kinds=tuple(sorted({absence.kind for absence in verdict.absences})),
        decided_by=tally.decided_by if tally else "",
        seconds=verdict.seconds,
        deadline_s=limits_s,
        calls=verdict.usage.calls,
        answer=verdict.answer,
        error=f"{first.expert}: {first.kind}: {first.reason}" if first else "",
    )


def settings(cell: Cell, url: str) -> DeliberationConfig:
    """Configure the panel; only what hangs is worth a short limit."""
    limit_s = HANGING_S if cell.fault == "hang" else PATIENT_S
    return DeliberationConfig(
        experts=_experts(EXPERTS, url),
        broker="fixed",
        rounds=1,
        quorum=QUORUM,
        review_quorum=QUORUM,
        call_timeout_s=limit_s,
        propose_timeout_s=2 * limit_s,
        review_timeout_s=2 * limit_s,
        synthesize_timeout_s=2 * limit_s,
        synthesizer=SYNTHESIZER if cell.phase == "synthesize" else None,
        retry_wait_s=0.01,
    )


def _experts(names: Sequence[str], url: str) -> tuple[ExpertConfig, ...]:
    return tuple(
        ExpertConfig(
            name=name,
            model=name,
            base_url=url,
            ballots="json_schema",
            usd_per_mtok_input=1,
            usd_per_mtok_output=4,
        )
        for name in names
    )


def _answer(cell: Cell, seen: Seen) -> Answer:
    return FAULTS[cell.fault](seen) if _phase(seen) == cell.phase else Answer()


def _phase(seen: Seen) -> Phase:
    if seen.schema:
        return "review"
    asked = " ".join(str(turn["content"]) for turn in seen.body["messages"])
    return "synthesize" if "Write the final text" in asked else "propose"
