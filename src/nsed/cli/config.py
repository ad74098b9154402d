"""`nsed config`: the configuration file, checked."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["config_app"]

config_app = typer.Typer(help="The configuration file.", no_args_is_help=True)


@config_app.callback()
def config() -> None:
    """The configuration file."""


@config_app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Which; by default the one `nsed ask` would use.", metavar="[FILE]"
        ),
    ] = None,
) -> None:
    """Check a configuration file: OK and a summary, or every problem on a line."""
    from nsed.cli.config_summary import print_summary  # noqa: PLC0415 - slow
    from nsed.config.file import load_config  # noqa: PLC0415

    print_summary(load_config(file))
