"""`nsed plan`: the team a run would ask, at what cost, and what stands in the way."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback_provider import Provider
from typer.testing import Result

from nsed.phrases import ago, money, plural
from nsed.state.team import Team

Nsed = Callable[..., Result]

EXPERT = """
[[experts]]
name = "{name}"
provider = "scripted"
family = "{name}"
host = "gpu-box"
vram_bytes = "{gb}GB"
usd_per_mtok_input = {price}
usd_per_mtok_output = {price}
skill = {{ general = {skill} }}
script = {{ proposals = ["Answer: 42"], weights = {{ "42" = 50 }} }}
"""
MEMBERS = (
    ("ada", 6, 2.0, 0.8),
    ("bob", 10, 1.0, 0.7),
    ("cy", 4, 0.0, 0.6),
    ("dora", 20, 8.0, 0.9),
)


@pytest.fixture
def priced(here: Path) -> Path:
    """Four experts with prices, skills, families and memory on one host."""
    (here / "nsed.toml").write_text(
        "".join(
            EXPERT.format(name=name, gb=gb, price=price, skill=skill)
            for name, gb, price, skill in MEMBERS
        )
    )
    return here


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


def team_of(ended: Result) -> Team:
    assert ended.exit_code == 0, ended.stderr
    return Team.model_validate(json.loads(ended.stdout))


def seated(team: Team) -> set[str]:
    return {seat.expert for seat in team.seats}


@pytest.mark.usefixtures("priced")
@pytest.mark.parametrize("columns", ["80", "120"])
def test_it_shows_the_whole_receipt(
    nsed: Nsed, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    ended = nsed("plan", "What is 6 * 7?", "--budget-usd", "0.1", "--vram", "32GB")

    assert ended.exit_code == 0, ended.stderr
    assert ended.stderr == ""
    told = " ".join(ended.stdout.split())
    for part in (
        "A math task of about ",
        ", optimal: no team within the limits is worth more in 3 rounds.",
        "nats, with ",
        "are as good as n_eff = ",
        "Chance, 90 %",
        "p95 s",
        "1st of 4 by value",
        "Rounds 3 planned",
        " if one round settles it, ",
        "Utility of so many rounds (its constants are illustrative):",
        "U(3) █",
        "least_proposers",
        "max_usd",
        "at most 0.1000",
        "hosts: gpu-box",
        "Left out",
        "What would let it in",
        "Nobody was asked.",
    ):
        assert part in told, part
    assert max(map(len, ended.stdout.splitlines())) <= int(columns)


@pytest.mark.usefixtures("priced")
def test_json_is_the_team_and_nothing_else(nsed: Nsed) -> None:
    team = team_of(nsed("plan", "What is 6 * 7?", "--json"))

    assert team.broker == "KnapsackTeam"
    assert team.receipt is not None
    assert seated(team) == {seat.expert for seat in team.receipt.chosen}


@pytest.mark.usefixtures("priced")
def test_it_is_the_team_that_a_run_then_has(nsed: Nsed) -> None:
    limits = ("--budget-usd", "0.04", "--vram", "30GB", "--seats", "2")
    planned = team_of(nsed("plan", "What is 6 * 7?", "--json", *limits))

    run = nsed("ask", "What is 6 * 7?", "--json", "-q", *limits)

    bound = Team.model_validate(json.loads(run.stdout)["teams"]["1"])
    assert bound.seats == planned.seats
    assert bound.receipt is not None
    assert planned.receipt is not None
    assert bound.receipt.forecast == planned.receipt.forecast


def test_nobody_is_asked(here: Path, nsed: Nsed, provider: Provider) -> None:
    (here / "nsed.toml").write_text(
        "".join(
            f'[[experts]]\nname = "{name}"\nmodel = "m"\nbase_url = "{provider.url}"\n'
            for name in ("ada", "bob")
        )
    )

    ended = nsed("plan", "q")

    assert ended.exit_code == 0
    assert "Cost unknown" in " ".join(ended.stdout.split())
    assert (provider.seen, provider.probes, provider.connections) == ([], 0, 0)


@pytest.mark.usefixtures("priced")
@pytest.mark.parametrize(
    ("limits", "clash", "option"),
    [
        (("--max-tokens", "3000"), "max_tokens", "--max-tokens"),
        (("--max-calls", "3"), "max_calls", "--max-calls"),
        (("--vram", "5GB", "--pin", "dora"), "hosts: gpu-box", "--vram"),
        (("--budget-usd", "0.003", "--ban", "cy"), "max_usd", "--budget-usd"),
    ],
    ids=["tokens", "calls", "memory", "money"],
)
def test_limits_that_clash_are_named_and_the_printed_change_mends_it(
    nsed: Nsed, limits: tuple[str, ...], clash: str, option: str
) -> None:
    ended = nsed("plan", "What is 6 * 7?", *limits)

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
    first, *rest = ended.stderr.splitlines()
    assert first.startswith("error: no team keeps these limits at once: ")
    assert clash in first
    assert f"{option} sets " in rest[-1]
    (change,) = (line for line in rest if f"raise {clash} from " in line)
    found = re.search(r" to ([\d.,]+) ?(GB)?", change)
    assert found
    needed = found[1].rstrip(".").replace(",", "") + (found[2] or "")
    at = limits.index(option) + 1
    mended = nsed("plan", "q?", *limits[:at], needed, *limits[at + 1 :], "--json")
    assert seated(team_of(mended))


@pytest.mark.usefixtures("priced")
def test_an_impossible_budget_is_a_mistake_and_not_a_stack_trace(nsed: Nsed) -> None:
    ended = nsed("plan", "q", "--budget-usd", "0.00001", "--ban", "cy")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
    first, *rest = ended.stderr.splitlines()
    assert first.startswith("error: no team keeps these limits at once: ")
    assert "max_usd" in first
    assert "  cy cannot sit: banned; take it out of bans." in rest


@pytest.mark.usefixtures("priced")
def test_pins_bans_seats_and_families_are_kept(nsed: Nsed) -> None:
    def plan(*args: str) -> Team:
        return team_of(nsed("plan", "q", "--json", *args))

    assert "dora" not in seated(plan("--ban", "dora"))
    assert "cy" in seated(plan("--seats", "2", "--pin", "cy"))
    assert [len(plan("--seats", "2").in_role(r)) for r in ("proposer", "reviewer")] == [
        2,
        2,
    ]
    assert len(plan("--seats", "1-3").in_role("proposer")) <= 3
    assert len(seated(plan("--min-families", "4"))) == 4
    assert seated(plan("--pool", "ada,cy")) == {"ada", "cy"}


@pytest.mark.usefixtures("priced")
def test_whoever_is_left_out_learns_what_would_let_him_in(nsed: Nsed) -> None:
    limits = ("--vram", "20GB", "--seats", "2-3")
    receipt = team_of(nsed("plan", "q", "--json", *limits)).receipt
    assert receipt is not None
    left = {one.expert: one for one in receipt.left_out}
    assert left
    for one in left.values():
        assert one.change

    told = " ".join(nsed("plan", "q", *limits).stdout.split())
    for name in left:
        assert f"{name} " in told.split("Left out")[1]


@pytest.mark.usefixtures("priced")
@pytest.mark.parametrize(
    ("broker", "name"), [("greedy", "GreedyRoles"), ("fixed", "FixedTeam")]
)
def test_a_broker_without_a_receipt_says_so(nsed: Nsed, broker: str, name: str) -> None:
    ended = nsed("plan", "q", "--broker", broker)

    assert ended.exit_code == 0
    assert f"Proposers, by {name}: ada, bob, cy, dora" in ended.stdout
    assert "only the knapsack does (--broker knapsack)" in ended.stdout


@pytest.mark.usefixtures("priced")
def test_a_fixed_team_that_cannot_be_paid_is_told(nsed: Nsed) -> None:
    ended = nsed("plan", "q", "--broker", "fixed", "--budget-usd", "0.0001")

    assert "The caps do not carry an answer of: ada, bob, dora" in ended.stdout


@pytest.mark.usefixtures("priced")
def test_the_question_is_read_as_ask_reads_it(nsed: Nsed) -> None:
    Path("q.txt").write_text("Translate this into German: good morning.\n")

    (piped, filed) = (
        team_of(nsed("plan", "--json", *args, stdin=stdin)).profile
        for args, stdin in ((("-",), b"What is 6 * 7?"), (("-f", "q.txt"), None))
    )

    assert piped is not None
    assert filed is not None
    assert (piped.category, filed.category) == ("math", "language")
    assert nsed("plan", "").stderr == "error: the question is empty\n"


@pytest.mark.usefixtures("priced")
def test_a_terminal_that_knows_only_ascii_gets_ascii_bars() -> None:
    from io import StringIO

    from rich.console import Console

    from nsed.cli.utility_bars import UtilityBars

    class Ascii(StringIO):
        encoding = "ascii"

    screen = Ascii()
    Console(file=screen).print(UtilityBars((0.5, -0.2, 1.0)))

    assert screen.getvalue().splitlines() == [
        f"    U(1)  {'#' * 16} 0.500",
        "    U(2)   -0.200",
        f"    U(3)  {'#' * 32} 1.000",
    ]


def test_numbers_in_words() -> None:
    assert [money(x) for x in (None, 0, 0.0000021, 1.5)] == [
        "unknown",
        "0",
        "0.0000021",
        "1.5000",
    ]
    assert plural(1, "call") == "1 call"
    assert [plural(n, "call") for n in (0, 1200)] == ["0 calls", "1,200 calls"]
    assert [ago(s) for s in (-5, 0.4, 59, 3599, 3 * 3600, 1e6)] == [
        "just now",
        "just now",
        "59 s ago",
        "59 min ago",
        "3 h ago",
        "11 d ago",
    ]
