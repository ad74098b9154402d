"""From the settings to who may ask: the keys, and whether there have to be any."""

from pathlib import Path

from nsed.config.server import ServerSettings, is_loopback
from nsed.protocol.errors import ConfigError
from nsed.studio.admission import Admission
from nsed.studio.key_file import KeyFile
from nsed.studio.key_places import accounts_path, keys_path
from nsed.studio.key_ring import KeyRing

__all__ = ["admission_for"]


def admission_for(settings: ServerSettings, folder: Path | None) -> Admission:
    """Read the keys, and make what lets requests in. Blocks.

    Args:
        settings: Of the server.
        folder: The data folder; None: the user's.

    Raises:
        ConfigError: The keys cannot be read, or others than this machine reach the
            server and there is no key.
    """
    wide = not is_loopback(settings.host)
    file = KeyFile(keys_path(settings, folder))
    ring = KeyRing(file, required=wide)
    ring.load()
    if wide and not ring.keys:
        raise ConfigError(
            f"host {settings.host} can be reached from other machines, and there is no "
            f"key in {file.path}. Make one with: nsed keys add NAME; or listen on "
            "127.0.0.1"
        )
    return Admission(
        ring,
        place=accounts_path(settings, folder),
        most_runs=settings.max_runs,
        session_hours=settings.session_hours,
    )
