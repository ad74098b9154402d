"""`nsed runs`: its options. What it does is in `run_list.py`, imported when needed."""

from typing import Annotated

import typer

from nsed.cli import options
from nsed.cli.completing import complete_run

__all__ = ["runs"]


def runs(
    *,
    config: options.ConfigFile = None,
    most: Annotated[
        int, typer.Option("--most", metavar="N", min=1, help="How many; the latest.")
    ] = 20,
    forget: Annotated[
        str | None,
        typer.Option(
            "--forget",
            metavar="RUN",
            help="Delete all that is kept of it.",
            autocompletion=complete_run,
        ),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="The list as JSON.")] = False,
) -> None:
    """List the runs that are kept, the newest first."""
    from nsed.cli.run_list import forget_run, print_runs  # noqa: PLC0415 - a second

    if forget is not None:
        forget_run(forget, config)
    else:
        print_runs(config, most=most, as_json=json_)
