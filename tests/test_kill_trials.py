"""Kill -9 and resume, in real processes: the benchmark with a handful of trials."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TRIALS = Path(__file__).parents[1] / "benchmarks" / "kill_trials.py"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    ("place", "trials"), [("sqlite", 6), ("postgres", 3)], ids=["sqlite", "postgres"]
)
def test_a_killed_run_ends_as_if_it_had_not_been(place: str, trials: int) -> None:
    if place == "postgres":
        pytest.importorskip("psycopg", reason="needs the extra nsed[postgres]")
        from postgres_server import postgres_server

        with postgres_server():
            pass  # skips where there is no server
    more = ["--postgres"] if place == "postgres" else []

    done = subprocess.run(
        [sys.executable, str(TRIALS), "--trials", str(trials), "--json", *more],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["trials"] == found["verdicts equal"] == trials
    assert found["kills"] > 0
    assert found["runs lost"] == 0
    assert found["calls on file that were sent again"] == 0
    assert found["requests missing from the records"] == 0
