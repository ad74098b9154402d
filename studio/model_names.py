"""Presets as models: `nsed`, and `nsed-` with the name of a preset."""

from nsed.config.settings import Settings
from nsed.protocol.errors import did_you_mean
from nsed.studio.refusal import RefusedError

__all__ = ["model_names", "preset_of"]

_PLAIN = "nsed"


def model_names(settings: Settings) -> list[str]:
    """All models of a server."""
    return [_PLAIN, *(f"{_PLAIN}-{name}" for name in sorted(settings.presets))]


def preset_of(model: str, settings: Settings) -> str | None:
    """The preset that a model stands for; None: no preset.

    Raises:
        RefusedError: There is no such model.
    """
    if model == _PLAIN:
        return None
    preset = model.removeprefix(f"{_PLAIN}-")
    if model != preset and preset in settings.presets:
        return preset
    names = model_names(settings)
    raise RefusedError(
        404,
        f"there is no model {model!r} here.{did_you_mean(model, names)} "
        f"There are: {', '.join(names)}",
        code="model_not_found",
        param="model",
    )
