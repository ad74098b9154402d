"""`nsed runs` and `nsed show RUN`: what is kept of every run, without being asked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Nsed = Callable[..., Result]


def runs_of(nsed: Nsed) -> list[dict[str, object]]:
    """What is listed, as JSON."""
    found: list[dict[str, object]] = json.loads(nsed("runs", "--json").stdout)
    return found


@pytest.mark.usefixtures("pool")
def test_every_run_is_listed_the_newest_first(nsed: Nsed) -> None:
    nsed("ask", "What is 6 * 7?", "-q")
    nsed("ask", "And what\nis 7 * 6?", "--rounds", "1", "-q")

    newest, oldest = runs_of(nsed)
    table = nsed("runs")

    assert (newest["task"], oldest["task"]) == ("And what\nis 7 * 6?", "What is 6 * 7?")
    assert (newest["rounds"], oldest["rounds"]) == (1, 2)
    assert newest["state"] == "finished"
    assert newest["answer"] == "42"
    assert newest["usd"] is None  # bob's price is unknown
    assert newest["graph"] == "deliberation"
    assert table.exit_code == 0
    for part in ("Run", str(newest["id"])[:8], "And what is 7 * 6?", "42", "unknown"):
        assert part in table.stdout, part


@pytest.mark.usefixtures("here")
def test_no_runs_are_no_runs(nsed: Nsed) -> None:
    ended = nsed("runs")

    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "", "No runs yet.\n")
    assert runs_of(nsed) == []


@pytest.mark.usefixtures("pool")
def test_ask_says_how_the_run_is_found_again(nsed: Nsed) -> None:
    told = nsed("ask", "q").stderr

    short = str(runs_of(nsed)[0]["id"])[:8]
    assert told.splitlines()[-1] == f"Run: {short}; nsed show {short}"


@pytest.mark.usefixtures("pool")
def test_show_prints_a_kept_run_as_it_prints_a_saved_one(nsed: Nsed) -> None:
    nsed("ask", "q", "-q", "--save", "saved")
    (file,) = Path("saved").glob("*.json")
    id_ = str(runs_of(nsed)[0]["id"])

    kept, saved = nsed("show", id_[:6]), nsed("show", str(file))

    assert kept.exit_code == 0
    assert kept.stdout == saved.stdout
    assert (
        nsed("show", id_, "--json").stdout == nsed("show", str(file), "--json").stdout
    )


@pytest.mark.usefixtures("pool")
def test_a_run_that_is_not_there_is_a_mistake(nsed: Nsed) -> None:
    nsed("ask", "q", "-q")

    for command in ("show", "resume"):
        ended = nsed(command, "nope")
        assert (ended.exit_code, ended.stdout) == (2, "")
        assert ended.stderr == (
            "error: no run begins with 'nope'; `nsed runs` lists them\n"
        )


@pytest.mark.usefixtures("pool")
def test_a_beginning_that_fits_several_runs_is_a_mistake(nsed: Nsed) -> None:
    for _ in range(2):
        nsed("ask", "q", "-q")

    ended = nsed("show", "")

    assert ended.exit_code == 2
    assert "error: several runs begin with '': " in ended.stderr


@pytest.mark.usefixtures("pool")
def test_what_is_forgotten_is_gone(nsed: Nsed, pool: Path) -> None:
    nsed("ask", "What is hidden here?", "-q")
    nsed("ask", "q", "-q")
    id_ = str(runs_of(nsed)[1]["id"])

    assert nsed("runs", "--forget", id_[:8]).exit_code == 0

    assert [run["task"] for run in runs_of(nsed)] == ["q"]
    assert nsed("show", id_).exit_code == 2


def test_switched_off_nothing_is_kept(pool: Path, nsed: Nsed) -> None:
    file = pool / "nsed.toml"
    file.write_text(f'checkpoints = "off"\n{file.read_text()}')

    told = nsed("ask", "q").stderr

    assert "nsed show" not in told
    assert not list((pool / "data").glob("runs*"))
    for command in (("runs",), ("show", "ab"), ("resume", "ab")):
        ended = nsed(*command)
        assert ended.exit_code == 2
        assert ended.stderr == 'error: no runs are kept: checkpoints = "off"\n'


def test_a_place_that_does_not_open_costs_a_line_and_nothing_else(
    pool: Path, nsed: Nsed
) -> None:
    file = pool / "nsed.toml"
    file.write_text(f'checkpoints = "./nsed.toml/x"\n{file.read_text()}')

    asked, listed = nsed("ask", "q", "-q"), nsed("runs")

    assert asked.exit_code == 0
    (line,) = asked.stderr.splitlines()
    assert line.startswith("warning: this run is not kept, its place does not open: ")
    assert listed.exit_code == 2
    assert listed.stderr.endswith("error: the runs cannot be read\n")


def test_a_variable_may_hold_the_place(
    pool: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pool / "nsed.toml"
    file.write_text(f'checkpoints = "${{NSED_TEST_DB}}"\n{file.read_text()}')
    unset = nsed("ask", "q")
    monkeypatch.setenv("NSED_TEST_DB", str(pool / "mine.sqlite"))

    assert nsed("ask", "q", "-q").exit_code == 0

    assert unset.exit_code == 2
    assert "checkpoints: the environment variable NSED_TEST_DB is not" in unset.stderr
    assert (pool / "mine.sqlite").is_file()
    assert len(runs_of(nsed)) == 1


def test_no_key_is_kept(
    pool: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADA_KEY", "sk-very-secret-123456")
    file = pool / "nsed.toml"
    extra = '[[experts]]\nname = "dan"\nmodel = "m"\napi_key = "${ADA_KEY}"\n'
    file.write_text(f'{file.read_text()}\n{extra}\n[team]\nbans = ["dan"]\n')

    assert nsed("ask", "q", "-q").exit_code == 0

    kept = b"".join(
        path.read_bytes()
        for path in (pool / "data").glob("runs.sqlite*")
        if path.is_file()
    )
    assert b"ADA_KEY" in kept
    assert b"sk-very-secret" not in kept
