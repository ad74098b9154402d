"""Options that several commands share: one wording, and the knob each of them sets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from nsed.cli.completing import (
    complete_expert,
    complete_experts,
    complete_preset,
    complete_run,
)

__all__ = [
    "TEAM_KNOBS",
    "BanNames",
    "BrokerName",
    "Budget",
    "Category",
    "ConfigFile",
    "Family",
    "Latency",
    "Memory",
    "MostCalls",
    "MostTokens",
    "PinNames",
    "PoolNames",
    "PresetName",
    "Pull",
    "Question",
    "QuestionFile",
    "Quiet",
    "Rounds",
    "RunId",
    "SaveFolder",
    "Seats",
    "Seed",
    "ShortAnswer",
    "WholeRecord",
    "WriteTrail",
    "option_of",
]

Option = typer.Option

Question = Annotated[
    str | None,
    typer.Argument(help="What to ask; - or nothing reads standard input."),
]
QuestionFile = Annotated[
    Path | None, Option("--file", "-f", help="Read the question from a file.")
]
ConfigFile = Annotated[
    Path | None,
    Option(
        "--config",
        "-c",
        help="Configuration file. Otherwise ./nsed.toml, then the user's own, "
        "then small models on this machine.",
    ),
]
PresetName = Annotated[
    str | None,
    Option(
        "--preset",
        help="fast, deep, or one of the file's own.",
        autocompletion=complete_preset,
    ),
]
PoolNames = Annotated[
    str | None,
    Option(
        "--pool",
        help="Names of the experts to use, with commas between.",
        autocompletion=complete_experts,
    ),
]
Rounds = Annotated[int | None, Option("--rounds", help="Most rounds.")]
Category = Annotated[
    str | None,
    Option("--category", help="Kind of task, to look up the experts' skill."),
]
Seed = Annotated[int | None, Option("--seed", help="Same seed, same labels and order.")]
Budget = Annotated[float | None, Option("--budget-usd", help="Cap in US dollars.")]
MostTokens = Annotated[
    int | None, Option("--max-tokens", help="Cap in tokens, input and output together.")
]
MostCalls = Annotated[
    int | None, Option("--max-calls", help="Cap in calls, retries included.")
]
Seats = Annotated[
    str | None,
    Option(
        "--seats",
        metavar="N|A-B",
        help="How many answer, and how many review: N, or A to B.",
    ),
]
Memory = Annotated[
    list[str] | None,
    Option(
        "--vram",
        metavar="SIZE|HOST=SIZE",
        help="Memory that models may occupy, such as 24GB, on the pool's host; with "
        "several hosts HOST=24GB, once for each.",
    ),
]
PinNames = Annotated[
    list[str] | None,
    Option(
        "--pin",
        metavar="NAME",
        help="Who must have a seat. May be repeated.",
        autocompletion=complete_expert,
    ),
]
BanNames = Annotated[
    list[str] | None,
    Option(
        "--ban",
        metavar="NAME",
        help="Who must have none. May be repeated.",
        autocompletion=complete_expert,
    ),
]
BrokerName = Annotated[
    str | None,
    Option("--broker", help="Who chooses the team: knapsack, greedy or fixed."),
]
Family = Annotated[
    int | None, Option("--min-families", help="Fewest model families in the team.")
]
Latency = Annotated[
    float | None,
    Option(
        "--phase-latency",
        metavar="S",
        help="Seat nobody whose calls take longer (95th percentile), in seconds.",
    ),
]
RunId = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="The beginning of the run's id.",
        autocompletion=complete_run,
    ),
]
SaveFolder = Annotated[
    Path | None,
    Option("--save", metavar="DIR", help="Write the run's record into this folder."),
]
WriteTrail = Annotated[
    bool,
    Option("--trail/--no-trail", help="With --save: write a signed trail, too."),
]
WholeRecord = Annotated[
    bool, Option("--json", help="The whole record on stdout, as JSON.")
]
ShortAnswer = Annotated[
    bool, Option("--short", help="Only the short answer on stdout.")
]
Quiet = Annotated[
    bool,
    Option("--quiet", "-q", help="Nothing on stderr but errors and warnings."),
]
Pull = Annotated[
    bool, Option("--pull/--no-pull", help="Fetch missing weights of local models.")
]

_OTHER_NAMES: Final[Mapping[str, str]] = {
    "bans": "--ban",
    "deadline_s": "--deadline",
    "hosts": "--vram",
    "human_review": "--review",
    "least_proposers": "--seats",
    "least_reviewers": "--seats",
    "max_usd": "--budget-usd",
    "most_proposers": "--seats",
    "most_reviewers": "--seats",
    "phase_latency_s": "--phase-latency",
    "pins": "--pin",
}


TEAM_KNOBS: Final = frozenset(
    {
        "hosts",
        "least_proposers",
        "least_reviewers",
        "max_calls",
        "max_tokens",
        "max_usd",
        "min_families",
        "most_proposers",
        "most_reviewers",
        "phase_latency_s",
        "pins",
    }
)
"""Limits of a team that have an option."""


def option_of(knob: str) -> str:
    """The option that sets a knob."""
    return _OTHER_NAMES.get(knob, f"--{knob.replace('_', '-')}")
