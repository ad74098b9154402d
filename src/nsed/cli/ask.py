"""`nsed ask`: its options. What it does is in `asking.py`, imported when needed."""

from typing import Annotated

import typer

from nsed.cli import options

__all__ = ["ask"]

Option = typer.Option


def ask(
    question: options.Question = None,
    *,
    file: options.QuestionFile = None,
    config: options.ConfigFile = None,
    preset: options.PresetName = None,
    pool: options.PoolNames = None,
    graph: Annotated[
        str, Option(help="deliberation, single_expert or majority_vote.")
    ] = "deliberation",
    rounds: options.Rounds = None,
    rule: Annotated[
        str | None, Option(help="signed, classic, mean, borda or plurality.")
    ] = None,
    gamma: Annotated[
        float | None, Option(help="Memory kept from round to round, 0 to 1.")
    ] = None,
    effort: Annotated[
        float | None, Option(help="Share of the evidence to collect before stopping.")
    ] = None,
    seed: options.Seed = None,
    answer_kind: Annotated[
        str | None, Option(help="auto, number, choice, text or none.")
    ] = None,
    category: options.Category = None,
    budget_usd: options.Budget = None,
    max_tokens: options.MostTokens = None,
    max_calls: options.MostCalls = None,
    deadline: Annotated[
        float | None, Option(help="Seconds after which the best answer counts.")
    ] = None,
    broker: options.BrokerName = None,
    seats: options.Seats = None,
    min_families: options.Family = None,
    pin: options.PinNames = None,
    ban: options.BanNames = None,
    vram: options.Memory = None,
    phase_latency: options.Latency = None,
    review: Annotated[
        bool,
        Option("--review", help="Decide after every round: go along, stop, say, veto."),
    ] = False,
    save: options.SaveFolder = None,
    trail: options.WriteTrail = True,
    json_: options.WholeRecord = False,
    short: options.ShortAnswer = False,
    quiet: options.Quiet = False,
    pull: options.Pull = True,
) -> None:
    """Ask a question. The answer goes to stdout, all else to stderr.

    Ctrl-C ends the run with the best answer so far; a second one at once.
    """
    from nsed.cli.asking import Answering, answer  # noqa: PLC0415 - a second
    from nsed.cli.given import Given  # noqa: PLC0415

    code = answer(
        Answering(
            question=question,
            file=file,
            given=Given(
                config=config,
                preset=preset,
                pool=pool,
                seats=seats,
                vram=vram,
                pins=pin,
                bans=ban,
                knobs={
                    "rounds": rounds,
                    "rule": rule,
                    "gamma": gamma,
                    "effort": effort,
                    "seed": seed,
                    "answer_kind": answer_kind,
                    "category": category,
                    "max_usd": budget_usd,
                    "max_tokens": max_tokens,
                    "max_calls": max_calls,
                    "deadline_s": deadline,
                    "broker": broker,
                    "min_families": min_families,
                    "phase_latency_s": phase_latency,
                    "human_review": review or None,
                },
            ),
            graph=graph,
            save=save,
            trail=trail,
            as_json=json_,
            short=short,
            quiet=quiet,
            pull=pull,
        )
    )
    raise typer.Exit(code)
