"""`nsed show`: a run record, for people."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["show"]


def show(
    file: Annotated[Path, typer.Argument(help="A record that --save wrote.")],
    *,
    json_: Annotated[
        bool, typer.Option("--json", help="Print the checked record as JSON.")
    ] = False,
) -> None:
    """Print a saved run: who said what, how they voted, what it cost."""
    from nsed.cli.record_file import read_record, record_json  # noqa: PLC0415 - slow
    from nsed.cli.record_view import print_record  # noqa: PLC0415

    record = read_record(file)
    if json_:
        typer.echo(record_json(record))
    else:
        print_record(record)
