"""`response_cache` in the file: the same question again costs nothing, and says so."""

from collections.abc import Callable
from pathlib import Path

from loopback_provider import Provider
from typer.testing import Result

Nsed = Callable[..., Result]

FILE = """
response_cache = "kept/replies.db"
telemetry = "off"

[limits]
retry_wait_s = 0
"""

EXPERT = """
[[experts]]
name = "{name}"
model = "{name}"
base_url = "{url}"
usd_per_mtok_input = 1.0
usd_per_mtok_output = 1.0
"""


def test_the_same_question_again_costs_nothing_and_says_so(
    nsed: Nsed, here: Path
) -> None:
    with Provider() as provider:
        experts = (EXPERT.format(name=x, url=provider.url) for x in ("ada", "bob"))
        (here / "nsed.toml").write_text(FILE + "".join(experts))
        first = nsed("ask", "What is 4 * 2?")
        asked = len(provider.seen)
    second = nsed("ask", "What is 4 * 2?")  # nobody is there any more

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == second.stdout
    assert asked > 0
    assert "Cached" not in first.stderr
    assert "Cached" in second.stderr
    assert "at no cost" in second.stderr
    assert (here / "kept" / "replies.db").exists()
