"""The knobs of the broker: how many seats, who must and must not sit, what fits."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nsed.protocol.errors import did_you_mean
from nsed.state.expert_config import ExpertConfig, Licence
from nsed.state.sizes import Size

__all__ = ["TeamLimits"]


class TeamLimits(BaseModel):
    """What a broker has to keep to. Part of `DeliberationConfig`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    broker: Literal["knapsack", "fixed", "greedy"] = "knapsack"
    """Who chooses the team: `knapsack` the best one within the limits, `greedy` seat
    by seat, `fixed` everybody in every round."""

    least_proposers: int = Field(default=2, ge=1, le=256)
    """Fewest experts who answer; fewer only where the pool has no more."""

    most_proposers: int | None = Field(default=None, ge=1, le=256)
    """Most experts who answer; None means all who may."""

    least_reviewers: int = Field(default=2, ge=0, le=256)
    """Fewest experts who review; fewer only where the pool has no more."""

    most_reviewers: int | None = Field(default=None, ge=0, le=256)
    """Most experts who review; None means all who may."""

    min_families: int = Field(default=1, ge=1, le=256)
    """Fewest model families in the team; members of one make the same errors."""

    pins: tuple[str, ...] = ()
    """Names of experts who must have a seat."""

    bans: tuple[str, ...] = ()
    """Names of experts who must have none."""

    allowed_licences: tuple[Licence, ...] = ()
    """Licences that may have a seat; empty means any. An unknown one may not."""

    hosts: dict[str, Size] = Field(default_factory=dict)
    """Memory that models may occupy, in bytes (or a text such as `24GB`), by host. A
    host that is left out has no limit."""

    phase_latency_s: float | None = Field(default=None, gt=0, le=86_400)
    """Most seconds a phase should take: the team has nobody whose calls are longer
    (95th percentile). It chooses, and cuts nothing off."""

    redundancy: float = Field(default=0.25, ge=0, le=1)
    """ρ: weight of the deduction for each pair whose errors go together."""

    explore: bool = False
    """Draw what an expert is worth from what is known of it (Thompson sampling, by
    `seed`) instead of taking the mean, so that little-known ones get their chance."""

    @model_validator(mode="after")
    def _bounds_agree(self) -> Self:
        for role in ("proposers", "reviewers"):
            least, most = getattr(self, f"least_{role}"), getattr(self, f"most_{role}")
            if most is not None and least > most:
                msg = (
                    f"least_{role} is {least} but most_{role} is {most}; lower the "
                    "one or raise the other"
                )
                raise ValueError(msg)
        for name in self.pins:
            if name in self.bans:
                msg = f"pins: {name!r} is banned too; take it out of pins or of bans"
                raise ValueError(msg)
        return self

    def check_pool(self, experts: Sequence[ExpertConfig]) -> None:
        """Hold these knobs against a pool.

        Raises:
            ValueError: A name that nobody has, a pin that cannot sit, a host whose
                memory cannot be counted.
        """
        by_name = {expert.name: expert for expert in experts}
        for knob in ("pins", "bans"):
            for name in getattr(self, knob):
                if name not in by_name:
                    hint = did_you_mean(name, by_name)
                    msg = f"{knob}: no expert is named {name!r}.{hint}"
                    raise ValueError(msg)
        for name in self.pins:
            self._check_licence(by_name[name])
        used = {expert.host for expert in experts if expert.host}
        for host in self.hosts:
            if host not in used:
                hint = did_you_mean(host, used)
                msg = f"hosts: no expert is on host {host!r}.{hint}"
                raise ValueError(msg)
        for expert in experts:
            if expert.host in self.hosts and expert.vram_bytes is None:
                msg = (
                    f"hosts: memory of {expert.name!r} on host {expert.host!r} is "
                    'unknown; give vram_bytes, such as "6GB"'
                )
                raise ValueError(msg)

    def licence_allowed(self, licence: Licence | None) -> bool:
        """Whether an expert with this licence may have a seat."""
        return not self.allowed_licences or licence in self.allowed_licences

    def _check_licence(self, expert: ExpertConfig) -> None:
        if self.licence_allowed(expert.licence):
            return
        found = f"is {expert.licence!r}" if expert.licence else "is unknown"
        msg = (
            f"pins: the licence of {expert.name!r} {found}, and allowed_licences are "
            f"{', '.join(self.allowed_licences)}; add its licence there, give it "
            "one, or take it out of pins"
        )
        raise ValueError(msg)
