"""benchmarks/server_load.py, in small: real processes, and what it asserts."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import server_load

pytestmark = pytest.mark.slow

GOOD = server_load.Reply("ann", 1, 200, "M-ann-1-E", 0.3)
REFUSED = server_load.Reply(
    "ben", 2, 429, '{"error": {"code": "rate_limit_exceeded"}}', 0.1
)
BEN = server_load.Reply("ben", 4, 200, "M-ben-4-E", 0.3)
SPENT = {"ann": 0.1, "ben": 0.01}


def test_a_crowd_of_two_keys_keeps_all_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server_load.run(tmp_path, requests=30, latency_s=0.02, experts=2)

    said = capsys.readouterr().out
    assert "30 at once, two keys: n " in said
    assert "429" in said


@pytest.mark.parametrize(
    ("replies", "spent", "log"),
    [
        ([GOOD, BEN, server_load.Reply("ann", 3, 200, "M-ben-3-E", 0)], SPENT, ""),
        (
            [GOOD, BEN, server_load.Reply("ann", 3, 200, "M-ann-3-E M-ann-1-E", 0)],
            SPENT,
            "",
        ),
        ([GOOD, BEN, server_load.Reply("ann", 3, 500, "", 0)], SPENT, ""),
        ([GOOD, REFUSED], SPENT, ""),
        ([GOOD, BEN], {**SPENT, "ben": 0.06}, ""),
        ([GOOD, BEN], SPENT, "GET / M-ann-1-E"),
        ([GOOD, BEN], SPENT, "Traceback (most recent call last)"),
    ],
    ids=["cross-talk", "two", "fault", "nobody", "overspent", "logged", "trace"],
)
def test_what_it_asserts_can_fail(
    replies: list[server_load.Reply], spent: dict[str, float], log: str
) -> None:
    server_load.check([GOOD, BEN, REFUSED], SPENT, "", 0)
    with pytest.raises(AssertionError):
        server_load.check(replies, spent, log, 0)
