"""Where the keys of the server lie, and beside them what they have spent."""

from pathlib import Path

from platformdirs import user_data_path

from nsed.config.server import ServerSettings

__all__ = ["accounts_path", "keys_path"]


def keys_path(settings: ServerSettings, folder: Path | None) -> Path:
    """The file of keys: the one in the settings, else one in the data folder."""
    if settings.keys is not None:
        return Path(settings.keys)
    return (folder or user_data_path("nsed")) / "keys.json"


def accounts_path(settings: ServerSettings, folder: Path | None) -> Path:
    """The file of accounts, which has to be one that can be written."""
    if settings.keys is None:
        return (folder or user_data_path("nsed")) / "accounts.sqlite"
    return Path(settings.keys).with_suffix(".accounts.sqlite")
