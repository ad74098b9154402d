"""`nsed serve`: its options. What it does is in `serving.py`, imported when needed."""

from typing import Annotated

import typer

from nsed.cli import options

__all__ = ["serve"]


def serve(
    *,
    config: options.ConfigFile = None,
    preset: options.PresetName = None,
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            help="Address to listen at; anything but this machine's own needs a key.",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65_535, help="Port; 0 is any free one."),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="No line for each request on stderr."),
    ] = False,
    pull: options.Pull = True,
) -> None:
    """Serve all doors in one process: OpenAI clients, the run page, LangServe.

    Ctrl-C ends it; runs at work are kept and can be resumed.
    """
    from nsed.cli.serving import Serving, run_server  # noqa: PLC0415 - a second

    run_server(
        Serving(
            config=config, preset=preset, host=host, port=port, quiet=quiet, pull=pull
        )
    )
