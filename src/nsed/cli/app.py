"""The `nsed` program: its commands, its version, and how it ends."""

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from nsed.cli.ask import ask
from nsed.cli.chat import chat
from nsed.cli.config import config_app
from nsed.cli.exits import GuardedGroup
from nsed.cli.graph import graph
from nsed.cli.keys import keys_app
from nsed.cli.models import models_app
from nsed.cli.plan import plan
from nsed.cli.pool import pool
from nsed.cli.resume import resume
from nsed.cli.runs import runs
from nsed.cli.serve import serve
from nsed.cli.show import show
from nsed.cli.trail import trail_app

__all__ = ["app", "main"]

app = typer.Typer(
    name="nsed",
    cls=GuardedGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog="Exit codes: 0 done (ask: a full answer; pool: all are up); 1 no answer "
    "(pool: nobody is up; trail verify: one does not hold); 2 a mistake in the usage, "
    "config, weights or limits: nothing was asked; 3 an answer, but experts were "
    "missing (pool: some are down); 4 the run waits for your decision; 130 interrupted "
    "(ask: with the best answer so "
    "far).",
)


@app.callback(invoke_without_command=True)
def nsed(
    ctx: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    """Let several language models answer, review each other blind, vote and stop."""
    if version:
        from importlib.metadata import version as version_of  # noqa: PLC0415 - rare

        typer.echo(f"nsed {version_of('nsed')}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


app.command()(ask)
app.command()(chat)
app.command()(plan)
app.command()(pool)
app.command()(runs)
app.command()(show)
app.command()(resume)
app.command()(serve)
app.command()(graph)
app.add_typer(keys_app, name="keys")
app.add_typer(models_app, name="models")
app.add_typer(config_app, name="config")
app.add_typer(trail_app, name="trail")


def main() -> None:
    """Run the program. What a stream cannot encode is escaped, never an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
