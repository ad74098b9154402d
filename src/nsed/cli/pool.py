"""`nsed pool`: its options. What it does is in `pool_check.py`, imported late."""

from typing import Annotated

import typer

from nsed.cli import options

__all__ = ["pool"]


def pool(
    *,
    config: options.ConfigFile = None,
    preset: options.PresetName = None,
    pool: options.PoolNames = None,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe/--no-probe",
            help="Ask each model for a word, to see whether it is up: a real call.",
        ),
    ] = True,
    timeout: Annotated[
        float,
        typer.Option(
            metavar="S", min=0.1, max=3600, help="Most seconds to wait for each."
        ),
    ] = 30.0,
    json_: Annotated[bool, typer.Option("--json", help="The pool as JSON.")] = False,
) -> None:
    """Show the experts: who is up, what they cost, what was seen of them."""
    from nsed.cli.given import Given  # noqa: PLC0415 - a second
    from nsed.cli.pool_check import check_pool  # noqa: PLC0415

    code = check_pool(
        Given(config=config, preset=preset, pool=pool),
        timeout_s=timeout if probe else None,
        as_json=json_,
    )
    raise typer.Exit(code)
