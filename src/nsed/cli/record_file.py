"""Run records on disk: written whole or not at all, read with one line if wrong."""

import json
import tempfile
from pathlib import Path

from pydantic import ValidationError

from nsed.cli.whole_file import write_whole
from nsed.protocol.errors import ConfigError, NsedError
from nsed.state.run_record import SCHEMA_VERSION, RunRecord

__all__ = ["read_record", "record_json", "require_folder", "save_record"]


def record_json(record: RunRecord) -> str:
    """The record as JSON in ASCII, so that every terminal and pipe can take it."""
    return json.dumps(record.model_dump(mode="json"), indent=2)


def require_folder(folder: Path) -> None:
    """Make the folder, and try that it can be written: better now than after the run.

    Raises:
        ConfigError: It cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            f"--save: cannot write into {folder}: {error.strerror or error}"
        ) from error


def save_record(record: RunRecord, folder: Path) -> Path:
    """Write `<run_id>.json` into the folder, whole or not at all.

    Raises:
        NsedError: It could not be written; nothing half-written is left.
    """
    target = folder / f"{record.run_id}.json"
    try:
        write_whole(target, f"{record_json(record)}\n".encode("ascii"))
    except OSError as error:
        raise NsedError(
            f"the record could not be saved in {folder}: {error.strerror or error}"
        ) from error
    return target


def read_record(file: Path) -> RunRecord:
    """Read a run record.

    Raises:
        ConfigError: There is no such file, or it is no run record of this version.
    """
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: not a run record: this is not JSON") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise ConfigError(f"{file}: not a run record: it has no schema_version")
    if version != SCHEMA_VERSION:
        age = "a newer" if version > SCHEMA_VERSION else "an older"
        raise ConfigError(
            f"{file}: written by {age} nsed (schema version {version}); "
            f"this one reads version {SCHEMA_VERSION}"
        )
    try:
        return RunRecord.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        more = error.error_count() - 1
        rest = f" (and {more} more)" if more else ""
        raise ConfigError(
            f"{file}: not a run record: {place}: {first['msg']}{rest}"
        ) from error
