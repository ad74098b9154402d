"""`nsed init`: its options. What it does is in `starting.py`, imported late."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["init"]


def init(
    file: Annotated[
        Path, typer.Argument(help="Where to write.", metavar="[FILE]")
    ] = Path("nsed.toml"),
    *,
    ask: Annotated[
        bool,
        typer.Option(
            "--ask",
            help="Ask the providers whose key is set for their lists of models, over "
            "the network. No model is asked.",
        ),
    ] = False,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help="With --ask: a model of a provider that takes part. May be repeated.",
        ),
    ] = None,
    url: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="Look here too, such as http://gpu-box:8000/v1. May be repeated.",
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(metavar="S", min=0.1, max=60, help="Most seconds for an answer."),
    ] = 2.0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there.")
    ] = False,
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Print the file, write none.")
    ] = False,
    json_: Annotated[
        bool, typer.Option("--json", help="Print what was found, write nothing.")
    ] = False,
) -> None:
    """Look for keys, model servers and weights, and write a first nsed.toml."""
    from nsed.cli.starting import Wishes, start  # noqa: PLC0415 - slow

    start(
        Wishes(
            file=None if stdout or json_ else file,
            as_json=json_,
            ask=ask,
            models=tuple(model or ()),
            urls=tuple(url or ()),
            timeout_s=timeout,
            replace=force,
        )
    )
