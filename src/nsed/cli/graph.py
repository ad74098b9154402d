"""`nsed graph`: the loop as a drawing."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["graph"]


def graph(
    name: Annotated[
        str, typer.Argument(help="deliberation, single_expert or majority_vote.")
    ] = "deliberation",
    *,
    format_: Annotated[
        str, typer.Option("--format", help="mermaid, ascii or png.")
    ] = "mermaid",
    png: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a picture instead.")
    ] = None,
) -> None:
    """Draw a graph: as mermaid text, as ascii, or as a picture. Works offline."""
    from nsed.cli.drawing import draw  # noqa: PLC0415 - a second

    draw(name, form=format_, png=png)
