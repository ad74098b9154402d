"""`nsed models`: weights of local models, listed, fetched, found."""

from typing import Annotated

import typer

from nsed.cli.completing import complete_weight

__all__ = ["models_app"]

models_app = typer.Typer(
    help="Weights of the models that run on this machine.", no_args_is_help=True
)


@models_app.command("list")
def list_() -> None:
    """List the weights nsed knows by name, and whether they are here."""
    from nsed.cli.weights_table import print_weights  # noqa: PLC0415 - slow

    print_weights()


@models_app.command()
def pull(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Which; by default those of the built-in pool.",
            autocompletion=complete_weight,
        ),
    ] = None,
    *,
    accept_licence: Annotated[
        bool,
        typer.Option(
            "--accept-licence", help="Accept terms that bind the user, such as Gemma's."
        ),
    ] = False,
) -> None:
    """Fetch weights, check them, and keep them in the cache."""
    from nsed.cli.pulling import pull_weights  # noqa: PLC0415 - slow
    from nsed.models.weights_manifest import find_weight  # noqa: PLC0415
    from nsed.state.roster import EMBEDDED_ROSTER  # noqa: PLC0415

    wanted = names or [expert.model for expert in EMBEDDED_ROSTER]
    pull_weights([find_weight(name) for name in wanted], accept_licence=accept_licence)
    typer.echo(f"Ready: {', '.join(wanted)}", err=True)


@models_app.command()
def path(
    name: Annotated[
        str, typer.Argument(help="Which weights.", autocompletion=complete_weight)
    ],
) -> None:
    """Print where weights are, and nothing else."""
    from nsed.models.hire import weights_cache, weights_paths  # noqa: PLC0415 - slow
    from nsed.models.weights import locate  # noqa: PLC0415
    from nsed.models.weights_manifest import find_weight  # noqa: PLC0415
    from nsed.protocol.errors import WeightError  # noqa: PLC0415

    weight = find_weight(name)
    found = locate(weight, cache_dir=weights_cache(), user_paths=weights_paths())
    if found is None:
        raise WeightError(f"{name} is not here; fetch it with: nsed models pull {name}")
    typer.echo(str(found))
