"""Settings: what a file says, ready to be overridden by a preset and by options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nsed.config.knobs import ROLES, check_knobs
from nsed.config.presets import BUILT_IN_PRESETS
from nsed.config.server import ServerSettings
from nsed.protocol.errors import ConfigError, did_you_mean
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.roster import EMBEDDED_ROSTER

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A pool, values for the knobs, and presets.

    Later layers win: defaults, the file, a preset, options.
    """

    file: str | None = None
    """The file they come from; None for the built-in ones."""
    experts: tuple[ExpertConfig, ...] = EMBEDDED_ROSTER
    knobs: Mapping[str, Any] = field(default_factory=dict)
    """What the file says."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Where it says so, by knob; for messages."""
    presets: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: BUILT_IN_PRESETS
    )
    telemetry: str = "sqlite"
    """Where what is learned of experts is kept: `sqlite` (the user's data folder),
    `off`, `memory`, a path, a `postgresql://` URL without a password, or `${NAME}`:
    the environment variable that holds such a URL."""
    checkpoints: str = "sqlite"
    """Where runs are kept, to be shown and taken up again; written as `telemetry`."""
    response_cache: str | None = None
    """Path where replies are kept, to be used again; None: nowhere."""
    server: ServerSettings = field(default_factory=ServerSettings)
    """Where `nsed serve` listens, and what it takes."""

    def config(
        self,
        *,
        preset: str | None = None,
        pool: Sequence[str] = (),
        options: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> DeliberationConfig:
        """Put the layers on one another and check the whole.

        Args:
            preset: Name of a preset.
            pool: Names of the experts to use; empty means all. Roles, bans and
                weights keep those of their members who are in it, hosts those it uses.
            options: By knob, what was given for this run.
            names: How to call these knobs, and `pool`, in a message.

        Raises:
            ConfigError: A line for each problem.
        """
        chosen = self._preset(preset)
        layers = {**self.knobs, **chosen, **(options or {})}
        called = {
            **self.names,
            **{key: f"preset {preset!r}: {key}" for key in chosen},
            **(names or {}),
        }
        asked = called.get("pool", "--pool")
        experts = self._pool(pool, asked)
        if pool:
            layers.update(_within(layers, experts, asked))
        config, problems = check_knobs(layers, called, experts)
        if config is None:
            raise ConfigError("\n".join(problems))
        return config

    def _preset(self, name: str | None) -> Mapping[str, Any]:
        if name is None:
            return {}
        if name not in self.presets:
            raise ConfigError(
                f"no preset is named {name!r}.{did_you_mean(name, self.presets)} "
                f"There are: {', '.join(sorted(self.presets))}"
            )
        return self.presets[name]

    def _pool(self, names: Sequence[str], asked: str) -> tuple[ExpertConfig, ...]:
        by_name = {expert.name: expert for expert in self.experts}
        problems = [
            f"{asked}: no expert is named {name!r}.{did_you_mean(name, by_name)} "
            f"There are: {', '.join(by_name)}"
            for name in names
            if name not in by_name
        ]
        if problems:
            raise ConfigError("\n".join(problems))
        wanted = dict.fromkeys(names) or by_name
        return tuple(by_name[name] for name in wanted)


def _within(
    layers: Mapping[str, Any], experts: Sequence[ExpertConfig], asked: str
) -> dict[str, Any]:
    """Keep what concerns the pool; nobody who is needed may be left out.

    That is somebody in each role, every pin and the synthesizer.

    Bans and weights of others, and hosts that nobody in the pool uses, are dropped.
    """
    pool = {expert.name for expert in experts}
    kept: dict[str, Any] = {}
    for role in ROLES:
        if members := layers.get(role):
            kept[role] = [name for name in members if name in pool]
            if not kept[role]:
                raise ConfigError(
                    f"{asked}: leaves nobody among the {role}, which are "
                    f"{', '.join(members)}; add one of them"
                )
    for name in layers.get("pins", ()):
        if name not in pool:
            raise ConfigError(
                f"{asked}: leaves out {name!r}, which is among the pins; add it, or "
                "take it out of pins"
            )
    synthesizer = layers.get("synthesizer")
    if synthesizer and synthesizer not in pool:
        raise ConfigError(
            f"{asked}: leaves out {synthesizer!r}, which is the synthesizer; add it, "
            "or take synthesizer out of the file"
        )
    kept["bans"] = [name for name in layers.get("bans", ()) if name in pool]
    trusted = layers.get("reviewer_weights", {})
    kept["reviewer_weights"] = {n: u for n, u in trusted.items() if n in pool}
    used = {expert.host for expert in experts}
    limits = layers.get("hosts", {})
    kept["hosts"] = {host: limits[host] for host in limits if host in used}
    return kept
