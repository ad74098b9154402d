"""The run context: every knob of one deliberation, frozen, bounded and documented."""

from fractions import Fraction
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from nsed.protocol.answer_key import AnswerKind
from nsed.protocol.consensus import Rule
from nsed.protocol.efficiency_fatigue import UtilityCurve
from nsed.protocol.errors import did_you_mean
from nsed.protocol.ledger import Caps
from nsed.protocol.usage import NANO_USD
from nsed.state.expert_config import ExpertConfig
from nsed.state.phase_limits import PhaseLimits
from nsed.state.roster import EMBEDDED_ROSTER
from nsed.state.team_limits import TeamLimits
from nsed.state.vote_guards import VoteGuards

__all__ = ["DeliberationConfig"]


class DeliberationConfig(TeamLimits, PhaseLimits, VoteGuards):
    """The knobs of one deliberation. Immutable, so a run can quote it in its record.

    The defaults run offline, with small models on this machine.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    experts: tuple[ExpertConfig, ...] = Field(default=EMBEDDED_ROSTER, max_length=256)
    """The pool. Names must differ."""

    proposers: tuple[str, ...] = ()
    """Names of the experts who answer; empty means all."""

    reviewers: tuple[str, ...] = ()
    """Names of the experts who review; empty means all."""

    synthesizer: str | None = None
    """Name of the expert who writes the final text from the winning answer, without
    changing it; it needs no seat. None: the winner's own text is the answer."""

    rounds: int = Field(default=3, ge=1, le=20)
    """Most rounds of propose and review."""

    rule: Rule = "signed"
    """Voting rule that decides: the quadratic `signed` or `classic`, or one of the
    plain rules it is compared with."""

    kappa: float = Field(default=2.0, ge=0, le=100)
    """κ: weight of the panel's vote against what is known of the authors' skill."""

    use_skill: bool = True
    """Let an expert's known skill count as evidence for its own answer. False, or no
    known skill, is the pure vote."""

    plausible_wrong_answers: float = Field(default=10.0, ge=1, le=1e6)
    """Over how many wrong answers errors are thought to spread, for `use_skill`."""

    margin: float = Field(default=0.05, ge=0, le=2)
    """Lead in net support that a challenger needs to replace the incumbent."""

    reviews_per_proposal: int | None = Field(default=None, ge=1, le=256)
    """k: how many reviewers each proposal gets; None means all."""

    gamma: float = Field(default=0.5, ge=0, le=1)
    """γ of the forget gate: 0 remembers the last round only, 1 never decays."""

    memory_tokens: int = Field(default=400, ge=32, le=100_000)
    """Most tokens of memory that a later round may read (estimated)."""

    effort: float = Field(default=0.6, gt=0, le=10)
    """Share of the evidence ceiling B to collect before stopping."""

    guess: float = Field(default=0.6, ge=0, lt=1)
    """p_g of the utility curve (illustrative, not fitted)."""

    verify: float = Field(default=0.8, ge=0, le=1)
    """p_v of the utility curve (illustrative, not fitted)."""

    rate: float = Field(default=2.0, gt=0, le=100)
    """Λ of the utility curve (illustrative, not fitted)."""

    fatigue: float = Field(default=0.001, ge=0, le=1)
    """β of the utility curve (illustrative, not fitted)."""

    answer_kind: AnswerKind = "auto"
    """What a canonical answer is here; equal answers pool their support."""

    category: str = Field(default="auto", min_length=1, max_length=64)
    """Task category, used to look up skill; `auto` lets the profile of the task
    decide (`math`, `code`, `knowledge`, `language` or `general`)."""

    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    """Decides labels, orders and assignments; sent to models that take a seed."""

    answer_tokens: int = Field(default=1024, ge=16, le=200_000)
    """Most output tokens of one proposal; an expert may have a lower limit."""

    critique_chars: int = Field(default=160, ge=20, le=4000)
    """Most characters of one critique; raise it for large models."""

    peer_text_chars: int = Field(default=8000, ge=200, le=1_000_000)
    """Most characters of one peer's text in a prompt; of a longer one the middle is
    left out, and the prompt says how much."""

    claims_per_review: int = Field(default=0, ge=0, le=8)
    """Most checkable claims a reviewer may state about one candidate."""

    call_timeout_s: float = Field(default=120, gt=0, le=86_400)
    """Wall-clock seconds of one call, from the moment its endpoint is free."""

    deadline_s: float | None = Field(default=None, gt=0, le=864_000)
    """Wall-clock seconds of the whole run; what is still at work then is cut off."""

    patience_s: float | None = Field(default=None, gt=0, le=864_000)
    """Begin no round that, as long as the last one, would end later than so many
    seconds after the start. Unlike the deadline it cuts nothing off."""

    retries: int = Field(default=1, ge=0, le=5)
    """Further attempts of a call that failed for a passing reason."""

    retry_wait_s: float = Field(default=0.5, ge=0, le=60)
    """Wait before the first retry in seconds; doubles, with jitter."""

    max_usd: float | None = Field(default=None, ge=0, le=1e6)
    """Cap in US dollars; needs known prices."""

    max_tokens: int | None = Field(default=None, ge=0)
    """Cap in tokens, input and output together."""

    max_calls: int | None = Field(default=None, ge=0)
    """Cap in calls, retries included."""

    human_review: bool = False
    """After every round wait for the user, who may go along, stop, tell all experts
    something, or veto an answer."""

    quorum: int = Field(default=1, ge=1, le=256)
    """Fewest candidates a round may be decided on; fewer is an error."""

    on_partial: Literal["answer", "error"] = "answer"
    """What to do when experts are missing: a degraded answer, or an error."""

    @property
    def caps(self) -> Caps:
        """The run's limits as the ledger wants them."""
        # A tenth means a tenth, not its float: seats are priced exactly, too.
        usd = None
        if self.max_usd is not None:
            usd = int(Fraction(str(self.max_usd)) * NANO_USD)
        return Caps(nano_usd=usd, tokens=self.max_tokens, calls=self.max_calls)

    @property
    def curve(self) -> UtilityCurve:
        """The utility curve of the stopping rule."""
        return UtilityCurve(self.guess, self.verify, self.rate, self.fatigue)

    def expert(self, name: str) -> ExpertConfig:
        """Look an expert up by name; KeyError if there is none."""
        for expert in self.experts:
            if expert.name == name:
                return expert
        raise KeyError(name)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [expert.name for expert in self.experts]
        if not names:
            msg = "no experts: a deliberation needs at least one"
            raise ValueError(msg)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"two experts are named {twice[0]!r}; names must differ"
            raise ValueError(msg)
        for role in ("proposers", "reviewers"):
            for name in getattr(self, role):
                if name not in names:
                    hint = did_you_mean(name, names)
                    msg = f"{role}: no expert is named {name!r}.{hint}"
                    raise ValueError(msg)
        if self.synthesizer is not None and self.synthesizer not in names:
            hint = did_you_mean(self.synthesizer, names)
            msg = f"synthesizer: no expert is named {self.synthesizer!r}.{hint}"
            raise ValueError(msg)
        unpriced = [expert.name for expert in self.experts if not expert.prices.known]
        if self.max_usd is not None and unpriced:
            msg = (
                f"max_usd is set but the price of {unpriced[0]!r} is unknown; give "
                "usd_per_mtok_input and usd_per_mtok_output (0 if it is free), or set "
                "public_prices = true in the file"
            )
            raise ValueError(msg)
        self._check_servers()
        self.check_pool(self.experts)
        self.check_reviewer_weights(names)
        self._check_pins_have_a_role()
        return self

    def _check_servers(self) -> None:
        """Experts who share a server share one limit of calls."""
        first: dict[str, ExpertConfig] = {}
        for expert in self.experts:
            if expert.server is None:
                continue
            other = first.setdefault(expert.server, expert)
            if other.concurrency != expert.concurrency:
                msg = (
                    f"{other.name!r} and {expert.name!r} share server "
                    f"{expert.server!r} but say concurrency {other.concurrency} and "
                    f"{expert.concurrency}; give both the same"
                )
                raise ValueError(msg)

    def _check_pins_have_a_role(self) -> None:
        if not (self.proposers and self.reviewers):
            return
        for name in self.pins:
            if name not in {*self.proposers, *self.reviewers}:
                msg = (
                    f"pins: {name!r} is neither among the proposers nor among the "
                    "reviewers; add it to one of them or take it out of pins"
                )
                raise ValueError(msg)
