"""`nsed resume`: another process goes on, and another run begins where one stood."""

import json
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from loopback_provider import Answer, Provider, Seen
from typer.testing import Result

Nsed = Callable[..., Result]
Spawn = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


def listed(nsed: Nsed) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(nsed("runs", "--json").stdout)
    return found


def killed_while_bob_reviews(
    folder: Path, spawn: Spawn, provider: Provider
) -> Counter[tuple[str, bool]]:
    """Kill -9 with one reviewer done and the other at work; what was answered."""
    (folder / "nsed.toml").write_text(
        "".join(
            f'[[experts]]\nname = "{name}"\nmodel = "{name}"\n'
            f'base_url = "{provider.url}"\n'
            for name in ("ada", "bob")
        )
    )
    answered: Counter[tuple[str, bool]] = Counter()
    bob_reviews, hanging = threading.Event(), True

    def answer(seen: Seen) -> Answer:
        who = str(seen.body["model"])
        if seen.schema and who == "bob" and hanging:
            bob_reviews.set()
            return Answer(fault="hang")
        answered[who, bool(seen.schema)] += 1
        return Answer(None if seen.schema else "6 * 7 = 42\nAnswer: 42")

    provider.answers["*"] = answer
    asking = spawn("ask", "What is 6 * 7?")
    assert asking.stderr is not None
    while b"ada weighs" not in (line := asking.stderr.readline()):
        assert line, "it ended"
    assert bob_reviews.wait(40)
    asking.kill()
    asking.communicate()
    hanging = False
    return answered


def test_a_killed_run_goes_on_and_no_call_that_ended_is_made_again(
    here: Path, spawn: Spawn, nsed: Nsed, provider: Provider
) -> None:
    answered = killed_while_bob_reviews(here, spawn, provider)
    (before,) = listed(nsed)
    shown = nsed("show", str(before["id"])[:8])
    (here / "nsed.toml").unlink()  # all that is needed is on file

    resumed = nsed("resume", str(before["id"])[:8])

    assert before["state"] == "interrupted"
    assert resumed.exit_code == 0, resumed.stderr
    assert resumed.stdout == "6 * 7 = 42\nAnswer: 42\n"
    assert "bob weighs" in resumed.stderr
    assert "1 cut off by the end of a process: perhaps charged" in resumed.stderr
    assert set(answered.values()) == {1}
    (after,) = listed(nsed)
    assert (after["state"], after["answer"]) == ("finished", "42")
    assert "No verdict yet" in shown.stdout
    assert "ada answers 42" in shown.stdout
    assert f"nsed resume {str(before['id'])[:8]} goes on with it" in shown.stdout


def test_an_unfinished_run_as_json_has_no_verdict(
    here: Path, spawn: Spawn, nsed: Nsed, provider: Provider
) -> None:
    killed_while_bob_reviews(here, spawn, provider)
    (run,) = listed(nsed)

    record = json.loads(nsed("show", str(run["id"]), "--json").stdout)

    assert record["verdict"] is None
    assert {p["answer"] for p in record["proposals"].values()} == {"42"}
    assert record["tallies"] == {}


@pytest.fixture
def finished(pool: Path, nsed: Nsed) -> str:
    """The id of a run that has decided two rounds."""
    nsed("ask", "What is 6 * 7?", "-q")
    return str(listed(nsed)[0]["id"])


def test_a_finished_run_is_not_resumed(finished: str, nsed: Nsed) -> None:
    ended = nsed("resume", finished)

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"run {finished[:8]} is finished; nsed show {finished[:8]}" in ended.stderr


@pytest.mark.parametrize(("from_round", "calls"), [(1, 12), (2, 12), (3, 18)])
def test_a_fork_is_another_run_and_the_old_one_stays(
    finished: str, nsed: Nsed, from_round: int, calls: int
) -> None:
    """Ada, bob and cy answer and review: 6 calls a round, those taken over included."""
    before = nsed("show", finished).stdout

    ended = nsed(
        *("resume", finished[:8], "--from-round", str(from_round)),
        *("--set", "gamma=0.2", "--set", "rule=borda", "--json", "-q"),
    )

    assert ended.exit_code == 0, ended.stderr
    record = json.loads(ended.stdout)
    assert record["run_id"] != finished
    assert record["context"]["gamma"] == 0.2
    assert record["context"]["rule"] == "borda"
    assert record["forked_from"] == f"{finished}, before round {from_round}"
    assert len(record["calls"]) == calls
    taken_over = [
        t["rule"] for t in record["tallies"].values() if t["rule"] == "signed"
    ]
    assert len(taken_over) == from_round - 1
    assert nsed("show", finished).stdout == before
    assert (
        f"forked from {finished}, before round" in nsed("show", record["run_id"]).stdout
    )


def test_telemetry_does_not_count_calls_that_were_taken_over(
    finished: str, nsed: Nsed
) -> None:
    def calls_of_ada() -> int:
        told = json.loads(nsed("pool", "--no-probe", "--json").stdout)["experts"]
        return next(int(e["seen"]["calls_ever"]) for e in told if e["name"] == "ada")

    assert calls_of_ada() == 4

    nsed("resume", finished, "--from-round", "2", "-q")

    assert calls_of_ada() == 6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--set", "gamma=0.2"), "--set: needs --from-round"),
        (
            ("--from-round", "2", "--set", "gama=0.2"),
            "--set gama: unknown key. Did you mean 'gamma'?",
        ),
        (
            ("--from-round", "2", "--set", "gamma=7"),
            "--set gamma: should be at most 1, found 7",
        ),
        (
            ("--from-round", "2", "--set", "experts=[]"),
            "--set experts: unknown key.",
        ),
        (
            ("--from-round", "2", "--set", "gamma"),
            "--set: should be KEY=VALUE; found 'gamma'",
        ),
        (
            ("--from-round", "2", "--set", 'pins=["eve"]'),
            '--set pins: no expert is named "eve".',
        ),
        (("--from-round", "4"), "it has decided 2; give 1 to 3"),
    ],
)
def test_a_fork_that_cannot_be_is_a_mistake_and_leaves_nothing(
    finished: str, nsed: Nsed, options: tuple[str, ...], words: str
) -> None:
    ended = nsed("resume", finished, *options)

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "error: " in ended.stderr
    assert words in ended.stderr
    assert len(listed(nsed)) == 1


def test_a_run_of_another_version_is_not_gone_on_with(
    finished: str, nsed: Nsed, pool: Path
) -> None:
    with closing(sqlite3.connect(pool / "data" / "runs.sqlite")) as file:
        file.execute(
            """UPDATE nsed_runs SET known = json_set(known, '$.version', '0.0.9')"""
        )
        file.commit()

    ended = nsed("resume", finished, "--from-round", "2")

    assert ended.exit_code == 2
    assert (
        f"run {finished[:8]} was begun by nsed 0.0.9, and this is nsed" in ended.stderr
    )
