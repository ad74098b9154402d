"""`nsed show`: a run, for people: one that is kept, or a record that was saved."""

from pathlib import Path
from typing import Annotated

import typer

from nsed.cli import options
from nsed.cli.completing import complete_run

__all__ = ["show"]


def show(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN|FILE",
            help="The beginning of a run's id, or a record that --save wrote.",
            autocompletion=complete_run,
        ),
    ],
    *,
    config: options.ConfigFile = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Print the checked record as JSON.")
    ] = False,
) -> None:
    """Print a run: who said what, how they voted, what it cost. Finished or not."""
    from nsed.cli.record_file import read_record, record_json  # noqa: PLC0415 - slow
    from nsed.cli.record_view import print_record  # noqa: PLC0415
    from nsed.cli.stored_record import stored_record  # noqa: PLC0415

    file = Path(run)
    named = run and (file.exists() or file.suffix or len(file.parts) > 1)
    record, state = (read_record(file), "") if named else stored_record(run, config)
    if json_:
        typer.echo(record_json(record))
    else:
        print_record(record, state=state)
