"""`nsed ask`: its options. What it does is in `asking.py`, imported when needed."""

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["ask"]

Option = typer.Option


def ask(
    question: Annotated[
        str | None,
        typer.Argument(help="What to ask; - or nothing reads standard input."),
    ] = None,
    *,
    file: Annotated[
        Path | None, Option("--file", "-f", help="Read the question from a file.")
    ] = None,
    config: Annotated[
        Path | None,
        Option(
            "--config",
            "-c",
            help="Configuration file. Otherwise ./nsed.toml, then the user's own, "
            "then small models on this machine.",
        ),
    ] = None,
    preset: Annotated[
        str | None, Option(help="fast, deep, or one of the file's own.")
    ] = None,
    pool: Annotated[
        str | None, Option(help="Names of the experts to use, with commas between.")
    ] = None,
    graph: Annotated[
        str, Option(help="deliberation, single_expert or majority_vote.")
    ] = "deliberation",
    rounds: Annotated[int | None, Option(help="Most rounds.")] = None,
    rule: Annotated[
        str | None, Option(help="signed, classic, mean, borda or plurality.")
    ] = None,
    gamma: Annotated[
        float | None, Option(help="Memory kept from round to round, 0 to 1.")
    ] = None,
    effort: Annotated[
        float | None, Option(help="Share of the evidence to collect before stopping.")
    ] = None,
    seed: Annotated[
        int | None, Option(help="Same seed, same labels and order.")
    ] = None,
    answer_kind: Annotated[
        str | None, Option(help="auto, number, choice, text or none.")
    ] = None,
    category: Annotated[
        str | None, Option(help="Kind of task, to look up the experts' skill.")
    ] = None,
    budget_usd: Annotated[float | None, Option(help="Cap in US dollars.")] = None,
    deadline: Annotated[
        float | None, Option(help="Seconds after which the best answer counts.")
    ] = None,
    save: Annotated[
        Path | None,
        Option(metavar="DIR", help="Write the run's record into this folder."),
    ] = None,
    json_: Annotated[
        bool, Option("--json", help="The whole record on stdout, as JSON.")
    ] = False,
    short: Annotated[
        bool, Option("--short", help="Only the short answer on stdout.")
    ] = False,
    quiet: Annotated[
        bool, Option("--quiet", "-q", help="Nothing on stderr but errors and warnings.")
    ] = False,
    pull: Annotated[
        bool, Option("--pull/--no-pull", help="Fetch missing weights of local models.")
    ] = True,
) -> None:
    """Ask a question. The answer goes to stdout, all else to stderr.

    Ctrl-C ends the run with the best answer so far; a second one at once.
    """
    from nsed.cli.asking import Answering, answer  # noqa: PLC0415 - a second

    given: dict[str, tuple[str, Any]] = {
        "rounds": ("--rounds", rounds),
        "rule": ("--rule", rule),
        "gamma": ("--gamma", gamma),
        "effort": ("--effort", effort),
        "seed": ("--seed", seed),
        "answer_kind": ("--answer-kind", answer_kind),
        "category": ("--category", category),
        "max_usd": ("--budget-usd", budget_usd),
        "deadline_s": ("--deadline", deadline),
    }
    code = answer(
        Answering(
            question=question,
            file=file,
            config=config,
            preset=preset,
            pool=tuple(n.strip() for n in (pool or "").split(",") if n.strip()),
            graph=graph,
            options={k: v for k, (_, v) in given.items() if v is not None},
            names={k: name for k, (name, _) in given.items()},
            save=save,
            as_json=json_,
            short=short,
            quiet=quiet,
            pull=pull,
        )
    )
    raise typer.Exit(code)
