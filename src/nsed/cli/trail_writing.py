"""Trails on disk: signed, noted, written whole or not at all, never replaced."""

from pathlib import Path

import typer

from nsed.cli.exits import complain
from nsed.cli.record_file import read_record
from nsed.cli.trail_place import known_heads, signing_key_path
from nsed.cli.whole_file import write_whole
from nsed.protocol.errors import TrailError
from nsed.protocol.trail_check import check_trail
from nsed.state.run_record import RunRecord
from nsed.trail.known_heads import Head
from nsed.trail.run_trail import signed_run
from nsed.trail.signing_key import SigningKey, open_signing_key

__all__ = ["export_trail", "print_key", "save_trail"]


def save_trail(record: RunRecord, key: SigningKey, target: Path) -> None:
    """Sign a run and write its trail; the same trail may be there already.

    Raises:
        TrailError: Another trail is there or another history of this run is known,
            the record cannot be signed, or the file could not be written.
    """
    trail = _signed(record, key, str(target.absolute()))
    try:
        if target.exists() and target.read_bytes() != trail:
            raise TrailError(
                f"{target}: another trail is there already; nothing was written"
            )
        write_whole(target, trail)
    except OSError as error:
        raise TrailError(
            f"the trail could not be saved in {target.parent}: "
            f"{error.strerror or error}"
        ) from error


def export_trail(file: Path, output: Path | None) -> None:
    """Sign a saved record; `-` writes to stdout."""
    record = read_record(file)
    key = open_signing_key(signing_key_path())
    if output is not None and str(output) == "-":
        typer.echo(_signed(record, key, "standard output"), nl=False)
        return
    target = output or file.with_suffix(".trail.jsonl")
    save_trail(record, key, target)
    typer.echo(f"Trail: {target}", err=True)


def print_key() -> None:
    """Print the public key, and where the private one lies."""
    key = open_signing_key(signing_key_path())
    typer.echo(key.public_text)
    typer.echo(str(key.path))


def _signed(record: RunRecord, key: SigningKey, place: str) -> bytes:
    """Sign, unless another history of this run is known here."""
    trail = signed_run(record, key)
    head = check_trail(trail, trusted=[key.public_key]).head
    heads = known_heads()
    try:
        known = heads.note(Head(record.run_id, head, key.public_text, place))
    except OSError as error:
        words = f"{heads.path}: {error.strerror or error}"
        complain(f"the trail's head could not be noted in {words}", kind="warning")
        return trail
    if known is not None and known.head != head:
        raise TrailError(
            f"another history of run {record.run_id} is known here, seen in "
            f"{known.file} and signed by {known.signer}; a second one is not signed. "
            f"If that one is wrong, take its line out of {heads.path}"
        )
    return trail
