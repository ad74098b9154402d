"""`nsed show --html`: a saved record, a kept run, and whether its trail holds."""

import json
import re
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


def told(page: str) -> Any:
    (data,) = re.findall(
        r'<script type="application/json" id="run-data">(.*?)</script>', page
    )
    return json.loads(data)


def test_a_saved_record_with_its_trail(saved: Path, nsed: Nsed) -> None:
    ended = nsed("show", str(saved), "--html")

    assert (ended.exit_code, ended.stderr) == (0, "")
    found = told(ended.stdout)
    assert found["state"] == "finished"
    assert found["run"]["verdict"]["answer"] == "42"
    assert found["trail"]["status"] == "verified"
    assert "signed by ed25519:" in found["trail"]["detail"]


def test_it_is_written_to_a_file(saved: Path, nsed: Nsed) -> None:
    ended = nsed("show", str(saved), "--html", "-o", "page.html")

    assert (ended.exit_code, ended.stdout) == (0, "")
    assert ended.stderr == "Page: page.html\n"
    assert told(Path("page.html").read_text("utf-8"))["run"]["id"] == saved.stem


def test_a_record_that_was_changed_is_not_what_its_trail_says(
    saved: Path, nsed: Nsed
) -> None:
    document = json.loads(saved.read_text())
    document["verdict"]["answer"] = "43"
    saved.write_text(json.dumps(document))

    found = told(nsed("show", str(saved), "--html").stdout)

    assert found["trail"]["status"] == "broken"
    assert "(verdict) is not what the record says" in found["trail"]["detail"]


def test_a_trail_that_was_changed_is_broken(saved: Path, nsed: Nsed) -> None:
    trail = saved.with_suffix(".trail.jsonl")
    trail.write_bytes(trail.read_bytes().replace(b"6 * 7", b"6 * 8", 1))

    assert told(nsed("show", str(saved), "--html").stdout)["trail"]["status"] == (
        "broken"
    )
    trail.unlink()
    assert told(nsed("show", str(saved), "--html").stdout)["trail"]["status"] == (
        "unsigned"
    )


def test_a_kept_run(saved: Path, nsed: Nsed) -> None:
    found = told(nsed("show", saved.stem[:8], "--html").stdout)

    assert found["run"]["id"] == saved.stem
    assert (found["state"], found["trail"]) == ("finished", None)


def test_a_run_that_waits(pool: Path, nsed: Nsed) -> None:
    ended = nsed("ask", "What is 6 * 7?", "--review", "-q")
    assert ended.exit_code == 4
    (run,) = json.loads(nsed("runs", "--json").stdout)

    found = told(nsed("show", run["id"], "--html").stdout)

    assert found["state"] == "waiting"
    assert found["reason"].startswith("waiting for you")
    assert found["run"]["verdict"] is None
    assert len(found["run"]["rounds"]) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--output", "x.html"], "--output goes with --html"),
        (["--html", "--json"], "--html and --json: give one of them"),
        (["--html", "-o", "no/such/folder/x.html"], "could not be written"),
    ],
)
def test_what_does_not_go_is_one_line(
    saved: Path, nsed: Nsed, options: list[str], words: str
) -> None:
    ended = nsed("show", str(saved), *options)

    assert ended.exit_code in (1, 2)
    assert words in ended.stderr
    assert ended.stdout == ""
