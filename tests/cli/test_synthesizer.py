"""The synthesizer on the command line: its text, its refusal, its bill."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import POOL
from typer.testing import Result

from nsed.config.file import load_config
from nsed.seated import seated

Nsed = Callable[..., Result]

WRITER = """
[[experts]]
name = "dora"
provider = "scripted"
usd_per_mtok_input = 0
usd_per_mtok_output = 0
[experts.script]
synthesis = "Seven sixes.\\nAnswer: {answer}"

[roles]
synthesizer = "dora"

[team]
bans = ["dora"]
"""


def configured(here: Path, answer: str) -> Path:
    (here / "nsed.toml").write_text(POOL + WRITER.replace("{answer}", answer))
    return here


def test_its_text_is_what_stdout_has_and_it_stands_on_the_bill(
    here: Path, nsed: Nsed
) -> None:
    configured(here, "42")

    ended = nsed("ask", "What is 6 * 7?", "--save", "runs")

    assert ended.exit_code == 0
    assert ended.stdout == "Seven sixes.\nAnswer: 42\n"
    assert "dora writes the answer" in ended.stderr
    bill = ended.stderr[ended.stderr.index("Tokens in") :]
    assert "dora" in bill
    (file,) = (here / "runs").glob("*[0-9a-f].json")
    shown = nsed("show", str(file)).stdout
    assert "dora wrote it; used" in shown
    assert "Seven sixes." in shown
    assert (
        nsed("trail", "verify", *map(str, (here / "runs").glob("*.jsonl"))).exit_code
        == 0
    )


def test_a_changed_answer_is_told_even_when_all_else_is_quiet(
    here: Path, nsed: Nsed
) -> None:
    configured(here, "41")

    loud = nsed("ask", "What is 6 * 7?", "--save", "runs")
    quiet = nsed("ask", "What is 6 * 7?", "--quiet", "--short")

    assert (loud.exit_code, quiet.exit_code, quiet.stdout) == (0, 0, "42\n")
    assert "dora changed the answer to 41: the winner's own text is kept" in loud.stderr
    assert quiet.stderr.startswith(
        "warning: The synthesizer changed the answer from 42 to 41"
    )
    (file,) = (here / "runs").glob("*[0-9a-f].json")
    shown = nsed("show", str(file)).stdout
    assert "dora wrote it; not used, it changed the answer" in shown
    assert "Seven sixes." in shown


def test_one_that_fails_is_loud_and_the_panel_is_not_blamed(
    here: Path, nsed: Nsed
) -> None:
    text = configured(here, "42").joinpath("nsed.toml").read_text()
    (here / "nsed.toml").write_text(
        text.replace("synthesis = ", 'fails = "synthesize"\nsynthesis = ')
    )

    ended = nsed("ask", "What is 6 * 7?")

    assert ended.exit_code == 3
    assert "DEGRADED: no text of the synthesizer" in ended.stderr
    assert "dora is absent (synthesize): dora is scripted to fail" in ended.stderr


@pytest.mark.parametrize(
    ("graph", "there"), [("deliberation", True), ("majority_vote", False)]
)
def test_its_weights_are_wanted_where_it_is_asked(
    here: Path, graph: str, there: bool
) -> None:
    configured(here, "42")
    config = load_config().config()
    config = config.model_copy(update={"proposers": ("ada", "bob")})

    assert ("dora" in [e.name for e in seated(config, graph)]) is there


def test_a_record_holds_the_text(here: Path, nsed: Nsed) -> None:
    configured(here, "42")

    record = json.loads(nsed("ask", "q", "--json", "-q").stdout)

    assert record["verdict"]["synthesized"] is True
    assert record["synthesis"]["expert"] == "dora"
