"""Where a chat model's configuration comes from, and what one call asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nsed.call_settings import adjusted
from nsed.config.file import load_config
from nsed.config.presets import BUILT_IN_PRESETS
from nsed.config.settings import Settings
from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

__all__ = ["MODEL", "Source", "asked_for", "model_of", "preset_of", "with_preset"]

MODEL: Final = "nsed"
"""Name of the model without a preset; with one it is `nsed-<preset>`."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A configuration, a file of one, or experts; at most one of them.

    None of them: three small models on this machine.
    """

    config: DeliberationConfig | None = None
    config_file: str | Path | None = None
    experts: Sequence[ExpertConfig] | None = None

    def settings(self) -> Settings:
        """What presets are laid on; reads the file.

        Raises:
            ConfigError: Two are given, or the file is wrong.
        """
        fields = ("config", "config_file", "experts")
        given = [name for name in fields if getattr(self, name) is not None]
        if len(given) > 1:
            raise ConfigError(f"give {' or '.join(given)}, not both")
        if self.config_file is not None:
            return load_config(self.config_file)
        config = self.config
        if self.experts is not None:
            config = DeliberationConfig(experts=tuple(self.experts))
        presets = dict(BUILT_IN_PRESETS)  # a plain dict: models are pickled
        if config is None:
            return Settings(presets=presets)
        written = config.model_dump(mode="json", include=config.model_fields_set)
        written.pop("experts", None)
        return Settings(experts=config.experts, knobs=written, presets=presets)


def model_of(preset: str | None) -> str:
    """The name of the model with a preset."""
    return MODEL if preset is None else f"{MODEL}-{preset}"


def preset_of(model: str) -> str | None:
    """The preset that a model's name stands for: `nsed-fast` is `fast`.

    Raises:
        ConfigError: It is no name of ours.
    """
    head, _, preset = model.partition("-")
    if head != MODEL or (model != MODEL and not preset):
        raise ConfigError(
            f"model: expected {MODEL!r} or '{MODEL}-' and a preset, such as "
            f"'{MODEL}-fast', found {model!r}"
        )
    return preset or None


def with_preset(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a model, in which its name stands as its preset.

    Raises:
        ConfigError: The name is none of ours, or names another preset than is given.
    """
    found = dict(given)
    for word in ("model", "model_name"):
        name = found.pop(word, None)
        if name is None:
            continue
        preset = preset_of(name)
        if found.setdefault("preset", preset) != preset:
            raise ConfigError(
                f"{word}: {name!r} and preset {found['preset']!r} contradict each "
                "other; give one of them"
            )
    return found


def asked_for(
    settings: Settings,
    preset: str | None,
    *,
    budget: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    temperature: float | None = None,
    timeout: float | None = None,
) -> DeliberationConfig:
    """What one call runs with; None leaves a thing as it is.

    Args:
        settings: Of the model.
        preset: Laid on top of them.
        budget: Cap in US dollars.
        max_tokens: Most output tokens of one proposal.
        seed: Decides labels and orders; sent to models that take one.
        temperature: Of every expert, in [0, 2].
        timeout: Wall-clock seconds of the whole call.

    Raises:
        ConfigError: A value is out of its range or of no use here.
    """
    config = settings.config(preset=preset)
    if config.human_review:
        raise ConfigError(
            "human_review: a chat model cannot wait for a decision; turn it off, or "
            "use nsed.Run"
        )
    return adjusted(
        config,
        answer_tokens=max_tokens,
        temperature=temperature,
        seed=seed,
        max_usd=budget,
        deadline_s=timeout,
    )
