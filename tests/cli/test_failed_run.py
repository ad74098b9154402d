"""A run without an answer: exit code 1, and what it left behind is not lost."""

import json
from pathlib import Path

import pytest

from nsed.state.run_record import RunRecord

from .conftest import Nsed
from .test_ask import broken


@pytest.fixture(autouse=True)
def _all_down(pool: Path) -> None:
    broken(pool, "ada", "bob", "cy")


def test_the_record_is_saved_and_can_be_shown(pool: Path, nsed: Nsed) -> None:
    ended = nsed("ask", "q", "--save", "runs")

    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "error: `propose` phase: 0 of 1 required experts" in ended.stderr
    (saved,) = (pool / "runs").glob("*.json")
    shown = nsed("show", str(saved))
    assert shown.exit_code == 0
    assert "FAILED: not the full panel" in shown.stdout
    assert "No answer. QuorumError" in shown.stdout
    assert "bob was absent" in shown.stdout or "bob, connection" in shown.stdout


def test_json_is_a_record_whose_verdict_has_no_answer(nsed: Nsed) -> None:
    ended = nsed("ask", "q", "--json")

    assert ended.exit_code == 1
    verdict = RunRecord.model_validate(json.loads(ended.stdout)).verdict
    assert (verdict.status, verdict.answer) == ("failed", "")
    assert verdict.usage.calls > 0
