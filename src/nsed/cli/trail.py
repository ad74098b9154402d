"""`nsed trail`: signed trails of runs, checked and written."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["trail_app"]

trail_app = typer.Typer(
    help="Signed trails of runs: check them, write them, show the key.",
    no_args_is_help=True,
)


@trail_app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(help="Trails (.trail.jsonl).")],
    *,
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="Whom to believe: ed25519:… or a file with a public key; may be "
            "given several times. By default your own key.",
        ),
    ] = None,
) -> None:
    """Check that trails are whole and signed, or name the first bad entry.

    Files of one run are held against each other, too. Exit code 0: all hold; 1: not.
    """
    from nsed.cli.trail_checking import verify_trails  # noqa: PLC0415 - slow

    raise typer.Exit(verify_trails(files, key or []))


@trail_app.command()
def export(
    file: Annotated[Path, typer.Argument(help="A record that --save wrote.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Where to; - is stdout. By default beside it."
        ),
    ] = None,
) -> None:
    """Sign a saved record as a trail: what you vouch for now, not at its run."""
    from nsed.cli.trail_writing import export_trail  # noqa: PLC0415 - slow

    export_trail(file, output)


@trail_app.command()
def key() -> None:
    """Print your public key, and the path of the signing key; made if missing."""
    from nsed.cli.trail_writing import print_key  # noqa: PLC0415 - slow

    print_key()
