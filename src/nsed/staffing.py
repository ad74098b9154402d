"""What a call runs with: its configuration, its pool and its budget, made one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel

from nsed.budget import Budget, caps_of
from nsed.config.settings import Settings
from nsed.models.live_expert import LiveExpert
from nsed.pool import Pool, config_of, members
from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig

__all__ = ["Staffed", "staffed"]


@dataclass(frozen=True, slots=True)
class Staffed:
    """A configuration, and the live models behind some of its experts."""

    config: DeliberationConfig
    models: Mapping[str, BaseChatModel] = field(default_factory=dict)
    """By expert's name."""


def staffed(
    config: DeliberationConfig | None,
    pool: Pool | None = None,
    budget: Budget | float | None = None,
) -> Staffed:
    """Put a pool and a budget into a configuration.

    Args:
        config: Experts and knobs; by default three small models on this machine.
        pool: Who may take part instead of the configuration's experts. Its roles,
            bans and weights keep those of their members who are in it.
        budget: What the run may use at most.

    Raises:
        ConfigError: They contradict each other, or are not what they should be.
    """
    if config is not None and not isinstance(config, DeliberationConfig):
        raise ConfigError(
            f"config: expected a DeliberationConfig, found {type(config).__name__}; "
            'nsed.load_config("nsed.toml").config() makes one of a file'
        )
    config = config or DeliberationConfig()
    caps: dict[str, Any] = {**caps_of(budget, config)}
    found = None if pool is None else members(pool, config.experts)
    if found is None and not caps:
        return Staffed(config)
    experts = config.experts if found is None else tuple(map(config_of, found))
    written = config.model_dump(mode="json", include=config.model_fields_set)
    written.pop("experts", None)
    settings = Settings(
        experts=experts,
        knobs=written,
        names={knob: f"budget ({knob})" for knob in caps},
    )
    names = () if found is None else tuple(one.name for one in experts)
    made = settings.config(pool=names, options=caps, names={"pool": "pool"})
    return Staffed(
        made, {m.config.name: m.model for m in found or () if isinstance(m, LiveExpert)}
    )
