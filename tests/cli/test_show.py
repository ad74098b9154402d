"""`nsed show`: a record for people, and one line for what is none."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Nsed = Callable[..., Result]


@pytest.fixture
def saved(pool: Path, nsed: Nsed) -> Path:
    nsed("ask", "What is 6 * 7?", "--rounds", "2", "--save", "runs", "-q")
    (file,) = (pool / "runs").glob("*.json")
    return file


def test_everything_is_there(saved: Path, nsed: Nsed) -> None:
    ended = nsed("show", str(saved))

    assert ended.exit_code == 0
    for part in (
        "What is 6 * 7?",
        "rounds = 2",
        "prompts: finish ",
        "proposers, by KnapsackTeam: ada, bob, cy",
        "bob answers 41",
        "six sevens are 42",
        "ada reviews",
        "weight -60, vote",
        "No error found.",
        "borda: 42",
        "Memory for the next round",
        "kept proposal",
        "Stopped after 2 rounds",
        "Net support",
        "Tokens in",
    ):
        assert part in ended.stdout, part
    assert ended.stderr == ""


def test_the_receipt_is_shown_whole(saved: Path, nsed: Nsed) -> None:
    told = nsed("show", str(saved)).stdout

    for part in (
        "Team of round 1 ",
        "Team of 3, optimal: no team within the limits is worth more in ",
        "Its 3 proposers are as good as n_eff = ",
        "Chance, 90 %",
        "its constants are illustrative",
        "least_proposers",
        "price unknown: bob",
    ):
        assert part in told, part


def test_a_re_bound_team_says_why(saved: Path, nsed: Nsed) -> None:
    document = json.loads(saved.read_text())
    document["teams"]["2"]["bound"] = "re-bound: cy is gone (\x1b[2J)"
    saved.write_text(json.dumps(document))

    first, second = nsed("show", str(saved)).stdout.split("Round 2 ", 1)

    assert "re-bound" not in first
    assert second.splitlines()[1] == "re-bound: cy is gone (\\x1b[2J)"


def test_a_team_without_a_receipt_has_none_shown(pool: Path, nsed: Nsed) -> None:
    nsed("ask", "q", "--broker", "fixed", "--save", "runs", "-q")
    (file,) = (pool / "runs").glob("*.json")

    told = nsed("show", str(file)).stdout

    assert "proposers, by FixedTeam: ada, bob, cy" in told
    assert "Team of round" not in told
    assert "Expected" not in told


def test_it_fits_80_columns(saved: Path, nsed: Nsed) -> None:
    told = nsed("show", str(saved)).stdout

    assert max(map(len, told.splitlines())) <= 80


def test_an_absence_is_shown_with_what_was_written(saved: Path, nsed: Nsed) -> None:
    document = json.loads(saved.read_text())
    document["absences"]["r1.review.ada"] = {
        "round": 1,
        "phase": "review",
        "expert": "ada",
        "kind": "malformed",
        "reason": "no JSON\u001b[2J",
    }
    document["calls"]["r1.review.ada.1"]["reply"] = "I would rather not."
    saved.write_text(json.dumps(document))

    told = nsed("show", str(saved)).stdout

    assert "ada was absent (review, malformed): no JSON\\x1b[2J" in told
    assert "it wrote: I would rather not." in told


def test_json_is_the_record_itself(saved: Path, nsed: Nsed) -> None:
    assert json.loads(nsed("show", str(saved), "--json").stdout) == json.loads(
        saved.read_text()
    )


def changed(**fields: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda document: {**document, **fields}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: [], "not a run record: it has no schema_version"),
        (lambda _: {"task": "x"}, "not a run record: it has no schema_version"),
        (changed(schema_version="1"), "it has no schema_version"),
        (changed(schema_version=2), "written by a newer nsed (schema version 2)"),
        (changed(schema_version=0), "written by an older nsed (schema version 0)"),
        (changed(task=5), "not a run record: task: "),
        (changed(extra=1), "not a run record: extra: "),
    ],
)
def test_what_is_no_record_is_one_line(
    saved: Path, nsed: Nsed, change: Callable[[Any], Any], words: str
) -> None:
    saved.write_text(json.dumps(change(json.loads(saved.read_text()))))

    ended = nsed("show", str(saved))

    assert ended.exit_code == 2
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"error: {saved}: ")
    assert words in line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory"),
        (b"{", "not a run record: this is not JSON"),
        (b"\xff\xfe\x00", "not a run record: this is not JSON"),
        (b"[" * 100_000, "not a run record: this is not JSON"),
    ],
    ids=["missing", "cut", "binary", "deep"],
)
def test_what_cannot_be_read_is_one_line(
    here: Path, nsed: Nsed, content: bytes | None, words: str
) -> None:
    if content is not None:
        (here / "r.json").write_bytes(content)

    ended = nsed("show", "r.json")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == f"error: r.json: {words}\n"


def test_a_folder_is_no_record(here: Path, nsed: Nsed) -> None:
    assert nsed("show", ".").stderr == "error: .: Is a directory\n"


def test_an_answer_of_many_words_is_folded(pool: Path, nsed: Nsed) -> None:
    text = (pool / "nsed.toml").read_text()
    long = "word " * 400
    text = text.replace("6 * 7 = 42", long)
    (pool / "nsed.toml").write_text(text)
    nsed("ask", "q", "--save", "runs", "-q")
    (file,) = (pool / "runs").glob("*.json")

    told = nsed("show", str(file)).stdout

    assert max(map(len, told.splitlines())) <= 80
    assert told.count("word") >= 400
    shutil.rmtree(pool / "runs")


def test_what_the_guards_of_the_vote_did_is_told(pool: Path, nsed: Nsed) -> None:
    text = (pool / "nsed.toml").read_text()
    guards = '[deliberation]\ntrim = 0.1\nreviewer_weights = { "bob" = 2 }\n'
    (pool / "nsed.toml").write_text(text.replace("[limits]", f"{guards}\n[limits]", 1))
    nsed("ask", "What is 6 * 7?", "--rounds", "1", "--save", "runs", "-q")
    (file,) = (pool / "runs").glob("*.json")
    document = json.loads(file.read_text())
    tally = document["tallies"]["1"]
    tally["unguarded_winner"] = next(
        id_ for id_, p in document["proposals"].items() if p["answer"] == "41"
    )
    file.write_text(json.dumps(document))

    told = " ".join(nsed("show", str(file)).stdout.split())

    assert "Round 1: trim: the highest and the lowest 10% of the say" in told
    assert "Round 1: reviewer_weights: not every ballot counts the same." in told
    assert "Round 1: without its guards, 41." in told
