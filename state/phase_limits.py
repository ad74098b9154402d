"""The knobs of one phase: how long it may take, and what it may ask again."""

from pydantic import BaseModel, ConfigDict, Field

from nsed.state.records import Phase

__all__ = ["PhaseLimits"]


class PhaseLimits(BaseModel):
    """Deadlines, stragglers, hedges and retries. Part of `DeliberationConfig`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    propose_timeout_s: float = Field(default=600, gt=0, le=864_000)
    """Wall-clock seconds for all proposers of a round together, waits and retries
    included; whoever is still at work then is cut off."""

    review_timeout_s: float = Field(default=600, gt=0, le=864_000)
    """The same for all reviewers of a round."""

    synthesize_timeout_s: float = Field(default=600, gt=0, le=864_000)
    """The same for the synthesizer, if there is one."""

    straggler_factor: float | None = Field(default=None, gt=1, le=1000)
    """Cut off whoever takes longer than so many times the median of the others, once
    the quorum is there and more than half have answered; never before its own p95.
    None: wait for everybody until the deadline, as the slow are often the strong."""

    straggler_min_s: float = Field(default=10, ge=0, le=86_400)
    """Nobody is cut off as a straggler before so many seconds."""

    hedge_after_s: float | None = Field(default=None, ge=0, le=86_400)
    """Ask an expert's second endpoint as well (`hedge_base_url`) when the first has not
    answered after so many seconds, or after its p95 where that is known. The first
    answer counts, both calls are charged. None: never."""

    retry_budget: float = Field(default=0.5, ge=0, le=10)
    """Most further calls (retries, repairs, hedges) of a run, as a share of the calls
    that it would make if nothing failed; rounded up."""

    review_quorum: int = Field(default=1, ge=1, le=256)
    """Fewest ballots a round may be decided on by vote; with fewer the answer given
    most often is taken, the verdict is degraded and the run ends."""

    def phase_timeout_s(self, phase: Phase) -> float:
        """Wall-clock seconds of a phase."""
        return {
            "propose": self.propose_timeout_s,
            "review": self.review_timeout_s,
            "synthesize": self.synthesize_timeout_s,
        }[phase]
