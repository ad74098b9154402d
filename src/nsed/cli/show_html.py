"""`nsed show --html`: a run as one HTML file that needs nothing else."""

from pathlib import Path

import typer

from nsed.cli.trail_place import signing_key_path
from nsed.cli.whole_file import write_whole
from nsed.protocol.errors import NsedError
from nsed.state.run_record import RunRecord, UnfinishedRecord
from nsed.studio.run_export import export_run
from nsed.trail.signing_key import read_signing_key
from nsed.trail.trail_of_record import TrailStatus, trail_status

__all__ = ["show_html"]


def show_html(
    record: RunRecord, target: Path | None, *, state: str, saved: Path | None
) -> None:
    """Write the page to a file, or to stdout.

    Args:
        record: What to show.
        target: Where; a file of that name is replaced. None: stdout.
        state: How a kept run without a verdict stands, in words.
        saved: The file that the record was read from, if any: its trail is beside it.

    Raises:
        NsedError: The file could not be written.
    """
    kind = state.partition(":")[0].partition(";")[0]
    stands = {"failed": "failed", "running": "running", "waiting for you": "waiting"}
    trail = _trail(record, saved)
    page = export_run(
        record,
        state=stands.get(kind, ""),
        reason=state,
        trail={"status": trail.status, "detail": trail.detail} if trail else None,
    )
    if target is None:
        typer.echo(page)
        return
    try:
        write_whole(target, page.encode())
    except OSError as error:
        raise NsedError(
            f"the page could not be written to {target}: {error.strerror or error}"
        ) from error
    typer.echo(f"Page: {target}", err=True)


def _trail(record: RunRecord, saved: Path | None) -> TrailStatus | None:
    """Held against one's own key; a kept run has no trail until it is saved."""
    if saved is None or isinstance(record, UnfinishedRecord):
        return None
    file = saved.with_suffix(".trail.jsonl")
    own = read_signing_key(signing_key_path())
    data = file.read_bytes() if file.is_file() else None
    if data is not None and own is None:
        words = f"{file.name} was not checked: you have no signing key here"
        return TrailStatus("unsigned", words)
    return trail_status(record, data, trusted=[own.public_key] if own else [])
