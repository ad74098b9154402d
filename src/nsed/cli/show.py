"""`nsed show`: a run, for people: one that is kept, or a record that was saved."""

from pathlib import Path
from typing import Annotated

import typer

from nsed.cli import options
from nsed.cli.completing import complete_run
from nsed.protocol.errors import ConfigError

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
    html: Annotated[
        bool,
        typer.Option("--html", help="Print one HTML page that needs nothing else."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="With --html: write it to this file."),
    ] = None,
) -> None:
    """Print a run: who said what, how they voted, what it cost. Finished or not."""
    from nsed.cli.record_file import read_record, record_json  # noqa: PLC0415 - slow
    from nsed.cli.record_view import print_record  # noqa: PLC0415
    from nsed.cli.stored_record import stored_record  # noqa: PLC0415

    if output is not None and not html:
        raise ConfigError("--output goes with --html")
    if html and json_:
        raise ConfigError("--html and --json: give one of them")
    file = Path(run)
    named = run and (file.exists() or file.suffix or len(file.parts) > 1)
    record, state = (read_record(file), "") if named else stored_record(run, config)
    if html:
        from nsed.cli.show_html import show_html  # noqa: PLC0415 - slow

        show_html(record, output, state=state, saved=file if named else None)
    elif json_:
        typer.echo(record_json(record))
    else:
        print_record(record, state=state)
