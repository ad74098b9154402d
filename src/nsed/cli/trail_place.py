"""Where this program keeps the signing key and the heads it has seen."""

import os
from pathlib import Path

from platformdirs import user_config_path

from nsed.cli.places import data_folder
from nsed.trail.known_heads import KnownHeads, heads_in

__all__ = ["known_heads", "signing_key_path"]


def signing_key_path() -> Path:
    """`$NSED_TRAIL_KEY`, else a file in the user's configuration folder."""
    named = os.environ.get("NSED_TRAIL_KEY")
    return Path(named) if named else user_config_path("nsed") / "trail-key.pem"


def known_heads() -> KnownHeads:
    """The heads of trails this user has written or verified."""
    return heads_in(data_folder())
