"""`nsed resume`: its options. What it does is in `resuming.py`, imported late."""

from typing import Annotated

import typer

from nsed.cli import options

__all__ = ["resume"]

Option = typer.Option


def resume(
    run: options.RunId,
    *,
    config: options.ConfigFile = None,
    from_round: Annotated[
        int | None,
        Option(
            "--from-round",
            metavar="N",
            min=1,
            help="Begin another run where this one stood before round N.",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        Option(
            "--set",
            metavar="KEY=VALUE",
            help="With --from-round: a knob of the new run. May be repeated.",
        ),
    ] = None,
    approve: Annotated[
        bool, Option("--approve", help="Of a run that waits: go along with it.")
    ] = False,
    stop: Annotated[
        bool, Option("--stop", help="Of a run that waits: end it with its best answer.")
    ] = False,
    note: Annotated[
        str | None,
        Option("--note", help="Of a run that waits: tell all experts something."),
    ] = None,
    veto: Annotated[
        str | None,
        Option(
            "--veto",
            metavar="ID",
            help="Of a run that waits: rule out this proposal's answer.",
        ),
    ] = None,
    save: options.SaveFolder = None,
    trail: options.WriteTrail = True,
    json_: options.WholeRecord = False,
    short: options.ShortAnswer = False,
    quiet: options.Quiet = False,
    pull: options.Pull = True,
) -> None:
    """Go on with a run whose process ended, or that waits, and print as `ask` does.

    No call that had ended is made again. Experts and knobs are those it was begun with.
    """
    from nsed.cli.asking import Printing  # noqa: PLC0415 - a second
    from nsed.cli.human_prompt import decision_of  # noqa: PLC0415
    from nsed.cli.resuming import Resuming, go_on  # noqa: PLC0415

    code = go_on(
        Resuming(
            run=run,
            config=config,
            from_round=from_round,
            changes=set_ or [],
            decision=decision_of(approve=approve, stop=stop, note=note, veto=veto),
        ),
        Printing(
            save=save, trail=trail, as_json=json_, short=short, quiet=quiet, pull=pull
        ),
    )
    raise typer.Exit(code)
