"""`nsed plan`: its options. What it does is in `planning.py`, imported when needed."""

from typing import Annotated

import typer

from nsed.cli import options

__all__ = ["plan"]


def plan(
    question: options.Question = None,
    *,
    file: options.QuestionFile = None,
    config: options.ConfigFile = None,
    preset: options.PresetName = None,
    pool: options.PoolNames = None,
    rounds: options.Rounds = None,
    category: options.Category = None,
    seed: options.Seed = None,
    budget_usd: options.Budget = None,
    max_tokens: options.MostTokens = None,
    max_calls: options.MostCalls = None,
    broker: options.BrokerName = None,
    seats: options.Seats = None,
    min_families: options.Family = None,
    pin: options.PinNames = None,
    ban: options.BanNames = None,
    vram: options.Memory = None,
    phase_latency: options.Latency = None,
    json_: Annotated[
        bool, typer.Option("--json", help="The team and its receipt as JSON.")
    ] = False,
) -> None:
    """Show which team would be asked, why, and at what cost. Nobody is asked."""
    from nsed.cli.given import Given  # noqa: PLC0415 - a second
    from nsed.cli.planning import print_plan  # noqa: PLC0415

    given = Given(
        config=config,
        preset=preset,
        pool=pool,
        seats=seats,
        vram=vram,
        pins=pin,
        bans=ban,
        knobs={
            "rounds": rounds,
            "category": category,
            "seed": seed,
            "max_usd": budget_usd,
            "max_tokens": max_tokens,
            "max_calls": max_calls,
            "broker": broker,
            "min_families": min_families,
            "phase_latency_s": phase_latency,
        },
    )
    print_plan(question, file, given, as_json=json_)
