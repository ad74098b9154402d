"""`nsed keys`: keys of the server, made, listed, changed, taken away."""

from typing import Annotated

import typer

from nsed.cli import options

__all__ = ["keys_app"]

keys_app = typer.Typer(
    help="Keys of the server: who may ask, and what it may cost.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="Whose key; its account, owner of its runs.")]
Budget = Annotated[
    float | None,
    typer.Option(
        "--budget-usd", metavar="X", help="Most US dollars of all its runs together."
    ),
]
PerDay = Annotated[
    bool | None,
    typer.Option("--per-day/--in-all", help="The budget begins anew every day (UTC)."),
]
PerRun = Annotated[
    float | None,
    typer.Option("--usd-per-run", metavar="X", help="Most US dollars of one run."),
]
PerMinute = Annotated[
    int | None,
    typer.Option(
        "--max-runs-per-minute", metavar="N", help="Most runs begun in 60 seconds."
    ),
]
Concurrent = Annotated[
    int | None,
    typer.Option("--concurrent", metavar="N", help="Most runs at one time."),
]
Presets = Annotated[
    str | None,
    typer.Option(
        "--presets",
        metavar="a,b",
        help="Presets it may use, `default` for none; all where this is not given.",
    ),
]


@keys_app.command()
def add(
    name: Name,
    *,
    config: options.ConfigFile = None,
    budget_usd: Budget = None,
    per_day: PerDay = None,
    usd_per_run: PerRun = None,
    max_runs_per_minute: PerMinute = None,
    concurrent: Concurrent = None,
    presets: Presets = None,
) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    from nsed.cli.key_changes import KeyLimits, add_key  # noqa: PLC0415 - a second

    add_key(
        name,
        KeyLimits(
            budget_usd=budget_usd,
            per_day=per_day,
            usd_per_run=usd_per_run,
            runs_per_minute=max_runs_per_minute,
            concurrent=concurrent,
            presets=presets,
        ),
        config,
    )


@keys_app.command("set")
def set_(
    name: Name,
    *,
    config: options.ConfigFile = None,
    budget_usd: Budget = None,
    per_day: PerDay = None,
    usd_per_run: PerRun = None,
    max_runs_per_minute: PerMinute = None,
    concurrent: Concurrent = None,
    presets: Presets = None,
) -> None:
    """Change what is given of a key's limits; the rest and what it spent stay."""
    from nsed.cli.key_changes import KeyLimits, set_key  # noqa: PLC0415 - a second

    set_key(
        name,
        KeyLimits(
            budget_usd=budget_usd,
            per_day=per_day,
            usd_per_run=usd_per_run,
            runs_per_minute=max_runs_per_minute,
            concurrent=concurrent,
            presets=presets,
        ),
        config,
    )


@keys_app.command("list")
def list_(
    *,
    config: options.ConfigFile = None,
    json_: Annotated[bool, typer.Option("--json", help="The list as JSON.")] = False,
) -> None:
    """List the keys, their limits and what they have spent. No key is shown."""
    from nsed.cli.key_list import print_keys  # noqa: PLC0415 - a second

    print_keys(config, as_json=json_)


@keys_app.command()
def remove(name: Name, *, config: options.ConfigFile = None) -> None:
    """Take a key away; a server that runs heeds it within a second."""
    from nsed.cli.key_changes import remove_key  # noqa: PLC0415 - a second

    remove_key(name, config)
