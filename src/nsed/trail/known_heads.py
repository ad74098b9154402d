"""Heads of trails this user has seen: a second history of a run is told by them."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_data_path

from nsed.models.weight_lock import exclusive

__all__ = ["Head", "KnownHeads", "heads_in"]


@dataclass(frozen=True, slots=True)
class Head:
    """One whole trail, by the hash of its last line."""

    run_id: str
    head: str
    signer: str
    file: str
    """Where it was seen."""


class KnownHeads:
    """A file of JSON Lines in the user's data folder, one line a run.

    It is this user's memory, not evidence: whoever may write it may change it.
    """

    def __init__(self, path: Path) -> None:
        """Take the file; it is made when the first head is noted."""
        self.path = path

    def of(self, run_id: str) -> Head | None:
        """What is known of a run; None where nothing is.

        Raises:
            OSError: The file cannot be read.
        """
        try:
            held = self.path.read_bytes()
        except FileNotFoundError:
            return None
        heads = map(_read, held.splitlines())
        return next((head for head in heads if head and head.run_id == run_id), None)

    def note(self, seen: Head) -> Head | None:
        """Note a head, unless the run is known.

        Returns:
            What is known of the run: the same head, or another history's. None where
            it was not known before.

        Raises:
            OSError: The file cannot be read or written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(self.path.with_name(f"{self.path.name}.lock")):
            held = self.path.read_bytes() if self.path.exists() else b""
            for line in held.splitlines():
                known = _read(line)
                if known is not None and known.run_id == seen.run_id:
                    return known
            # A line that was cut off by a full disk must not swallow this one.
            start = "\n" if held and not held.endswith(b"\n") else ""
            with self.path.open("ab") as file:
                file.write(f"{start}{json.dumps(asdict(seen))}\n".encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
        return None


def heads_in(folder: Path | None) -> KnownHeads:
    """The heads that are known in a data folder; None: the user's."""
    return KnownHeads((folder or user_data_path("nsed")) / "trail-heads.jsonl")


def _read(line: bytes) -> Head | None:
    """Read a line; None for one that is broken."""
    try:
        return Head(**json.loads(line))
    except (TypeError, ValueError, RecursionError):
        return None
