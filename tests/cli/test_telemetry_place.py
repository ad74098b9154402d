"""Telemetry of the program: kept without being asked, and never in the way."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Nsed = Callable[..., Result]


def with_place(folder: Path, place: str) -> None:
    """Say in the file where telemetry is kept."""
    file = folder / "nsed.toml"
    file.write_text(f'telemetry = "{place}"\n{file.read_text()}')


def calls_of(nsed: Nsed, name: str) -> int:
    """How many calls of an expert are known."""
    experts = json.loads(nsed("pool", "--no-probe", "--json").stdout)["experts"]
    return int(next(e["seen"]["calls_ever"] for e in experts if e["name"] == name) or 0)


def test_a_run_leaves_behind_what_the_next_one_knows(pool: Path, nsed: Nsed) -> None:
    assert calls_of(nsed, "ada") == 0

    first, second = (
        json.loads(nsed("ask", "q", "--json", "-q").stdout)["teams"]["1"]["receipt"]
        for _ in range(2)
    )

    assert (pool / "data/telemetry.sqlite").is_file()
    assert calls_of(nsed, "ada") == 8  # two rounds of two calls, twice
    assert {seat["latency_s"] for seat in first["chosen"]} == {None}
    assert None not in {seat["latency_s"] for seat in second["chosen"]}
    assert sum(seat["observed"] for seat in first["chosen"]) == 0
    assert sum(seat["observed"] for seat in second["chosen"]) > 0


def test_switched_off_nothing_is_kept(pool: Path, nsed: Nsed) -> None:
    with_place(pool, "off")

    assert nsed("ask", "q", "-q").exit_code == 0

    assert not (pool / "data").exists()
    assert calls_of(nsed, "ada") == 0


def test_a_variable_may_hold_the_place(
    pool: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_place(pool, "${NSED_TEST_DB}")
    monkeypatch.setenv("NSED_TEST_DB", str(pool / "mine.sqlite"))

    assert nsed("ask", "q", "-q").exit_code == 0

    assert (pool / "mine.sqlite").is_file()


@pytest.mark.parametrize("command", [("ask", "q"), ("plan", "q"), ("pool",)])
def test_a_variable_that_is_not_set_is_a_mistake(
    pool: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    with_place(pool, "${NSED_TEST_DB}")
    monkeypatch.delenv("NSED_TEST_DB", raising=False)

    ended = nsed(*command)

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == (
        "error: telemetry: the environment variable NSED_TEST_DB is not set; it should "
        "hold a postgresql:// URL\n"
    )


@pytest.mark.parametrize("command", [("ask", "q", "-q"), ("plan", "q")])
def test_a_store_that_does_not_open_costs_a_line_and_nothing_else(
    pool: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("NSED_DATA", str(pool / "nsed.toml"))  # no folder

    ended = nsed(*command)

    assert ended.exit_code == 0
    assert ended.stdout
    (line,) = ended.stderr.splitlines()
    assert line.startswith("warning: telemetry is off, the store does not open: ")


def test_a_server_that_is_down_does_not_show_its_password(
    pool: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg", reason="needs the extra nsed[postgres]")
    with_place(pool, "${NSED_TEST_DB}")
    monkeypatch.setenv("NSED_TEST_DB", f"postgresql://me:hunter2@/x?host={pool}")

    ended = nsed("ask", "q", "-q")

    assert ended.exit_code == 0
    assert "warning: telemetry is off" in ended.stderr
    assert "hunter2" not in ended.output
