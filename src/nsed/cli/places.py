"""Where this program keeps things: the settings, and what the environment says."""

import os
from pathlib import Path

from nsed.config.storage import VARIABLE
from nsed.protocol.errors import ConfigError

__all__ = ["checkpoints_place", "data_folder", "telemetry_place"]


def data_folder() -> Path | None:
    """`$NSED_DATA`; None means the user's data folder of this platform."""
    root = os.environ.get("NSED_DATA")
    return Path(root) if root else None


def telemetry_place(setting: str) -> str:
    """The setting `telemetry`, with `${NAME}` replaced by that variable's value.

    Raises:
        ConfigError: The variable is not set.
    """
    return _place("telemetry", setting)


def checkpoints_place(setting: str) -> str:
    """The setting `checkpoints`, likewise.

    Raises:
        ConfigError: The variable is not set.
    """
    return _place("checkpoints", setting)


def _place(key: str, setting: str) -> str:
    variable = VARIABLE.fullmatch(setting)
    if variable is None:
        return setting
    place = os.environ.get(variable[1])
    if not place:
        raise ConfigError(
            f"{key}: the environment variable {variable[1]} is not set; it should hold "
            "a postgresql:// URL"
        )
    return place
