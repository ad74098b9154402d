"""`nsed chat`: its options. What it does is in `chatting.py`, imported when needed."""

import typer

from nsed.cli import options

__all__ = ["chat"]


def chat(
    *,
    config: options.ConfigFile = None,
    preset: options.PresetName = None,
    pool: options.PoolNames = None,
    rounds: options.Rounds = None,
    seed: options.Seed = None,
    budget_usd: options.Budget = None,
    max_tokens: options.MostTokens = None,
    max_calls: options.MostCalls = None,
    short: options.ShortAnswer = False,
    quiet: options.Quiet = False,
    pull: options.Pull = True,
) -> None:
    """Ask one question after another; the experts know what was said before.

    At a terminal: /new forgets it, /cost shows the bill, /show the last run, /quit or
    Ctrl-D ends. Otherwise each line of standard input is a question. Caps are of the
    whole chat. Ctrl-C ends a run with the best answer so far.
    """
    from nsed.cli.chatting import Chat  # noqa: PLC0415 - a second
    from nsed.cli.given import Given  # noqa: PLC0415

    knobs = {
        "rounds": rounds,
        "seed": seed,
        "max_usd": budget_usd,
        "max_tokens": max_tokens,
        "max_calls": max_calls,
    }
    given = Given(config=config, preset=preset, pool=pool, knobs=knobs)
    raise typer.Exit(Chat.begin(given, short=short, quiet=quiet, pull=pull).hold())
