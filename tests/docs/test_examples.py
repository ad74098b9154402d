"""Every file in examples/ runs offline, and says how it is run with real models."""

import io
import runpy
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PRINTED = {
    "agent_tool": "panel: 72 in 2 round(s)\nagent: The panel says: Answer: 72\n",
    "lcel_chain": "chain: Answer: 72\nstatus: complete after 2 round(s)\n",
    "openai_client": (
        "answer: Answer: 72\ntokens counted: True\nstreamed: Answer: 72\n"
    ),
    "own_broker": "answered by: small, mid\nanswer: 42\n",
    "own_voting_rule": "quadratic vote: 42\napproval voting: 41\n",
    "subgraph": "collect: task\ndeliberate: verdict\npublish: It is 72.\n",
    "testing_an_app": "name: Orbit\n",
}
"""What each prints; a new example says it here."""
QUICK_AND_SLOW = [
    pytest.param(
        file,
        id=file.stem,
        marks=[pytest.mark.slow] if file.stem == "openai_client" else [],
    )
    for file in EXAMPLES
]
"""One starts a server of its own."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run an example as a program, in a folder of its own, and take what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NSED_DATA", str(tmp_path / "data"))

    def program(file: Path, *args: str) -> str:
        monkeypatch.setattr(sys, "argv", [file.name, *args])
        with redirect_stdout(io.StringIO()) as printed:
            runpy.run_path(str(file), run_name="__main__")
        return printed.getvalue()

    return program


def test_every_example_is_known_here() -> None:
    assert {file.stem for file in EXAMPLES} == set(PRINTED)


@pytest.mark.blocks_the_loop
@pytest.mark.parametrize("file", QUICK_AND_SLOW)
def test_it_runs_offline(run: Callable[..., str], file: Path) -> None:
    assert run(file) == PRINTED[file.stem]


@pytest.mark.blocks_the_loop
@pytest.mark.parametrize("file", QUICK_AND_SLOW)
def test_one_switch_takes_other_models(run: Callable[..., str], file: Path) -> None:
    """With a configuration of its own it gives the answer of those experts."""
    config = ROOT / "examples" / "scripted.toml"

    assert "72" in run(file, "--config", str(config))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_it_says_how_it_is_run(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    head = text.split('"""')[1]

    assert f"python examples/{file.name} " in head
    assert "--config nsed.toml" in head
    assert len(text.splitlines()) <= 150


def test_the_tests_in_the_example_of_tests_pass() -> None:
    names = runpy.run_path(str(ROOT / "examples" / "testing_an_app.py"))
    tests = [one for name, one in names.items() if name.startswith("test_")]

    assert len(tests) == 3
    for one in tests:
        one()
