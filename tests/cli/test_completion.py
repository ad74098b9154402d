"""A shell completes commands, and names out of the configuration and the kept runs."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Nsed = Callable[..., Result]
Complete = Callable[..., list[str]]


@pytest.fixture
def complete(nsed: Nsed, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """What bash is offered for a line; its last word is being typed."""

    def ask(*words: str) -> list[str]:
        with monkeypatch.context() as set_for:
            set_for.setenv("_NSED_COMPLETE", "complete_bash")
            set_for.setenv("COMP_WORDS", " ".join(("nsed", *words)))
            set_for.setenv("COMP_CWORD", str(len(words)))
            ended = nsed()
        assert isinstance(ended.exception, SystemExit | None), ended.exception
        assert ended.stderr == ""
        return [line for line in ended.stdout.splitlines() if line]

    return ask


def test_commands_and_options(complete: Complete) -> None:
    assert complete("i") == ["init"]
    assert complete("ask", "--bud") == ["--budget-usd"]


def test_presets_built_in_and_of_the_file(complete: Complete, pool: Path) -> None:
    with (pool / "nsed.toml").open("a") as file:
        file.write("\n[presets.careful]\nrounds = 4\n")

    assert complete("ask", "--preset", "") == ["careful", "deep", "fast"]
    assert complete("plan", "--preset", "d") == ["deep"]


def test_experts_of_the_file_that_was_named(complete: Complete, pool: Path) -> None:
    (pool / "nsed.toml").rename(pool / "other.toml")

    assert complete("plan", "--pin", "a") == []
    assert complete("plan", "--config", "other.toml", "--pin", "a") == ["ada"]


def test_a_list_of_experts_goes_on_after_the_comma(
    complete: Complete, pool: Path
) -> None:
    assert complete("ask", "--pool", "ada,") == ["ada,bob", "ada,cy"]


def test_runs_that_are_kept(complete: Complete, nsed: Nsed, pool: Path) -> None:
    assert complete("show", "") == []
    nsed("ask", "What is 6 * 7?")

    (run,) = complete("show", "")
    assert complete("resume", run[:3]) == [run]
    assert complete("runs", "--forget", run[:3]) == [run]
    assert nsed("show", run).exit_code == 0


def test_weights(complete: Complete) -> None:
    assert complete("models", "path", "smollm2-135m") == ["smollm2-135m-instruct"]


def test_a_broken_file_completes_nothing_and_says_nothing(
    complete: Complete, here: Path
) -> None:
    (here / "nsed.toml").write_text("[[experts]\n")

    assert complete("ask", "--preset", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(here: Path, shell: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("nsed")],
        env={**os.environ, "_NSED_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"complete_{shell}" in done.stdout
    assert done.stderr == ""


def test_bash_itself_completes(pool: Path) -> None:
    """The script, in a real bash, as a user has it."""
    program = Path(sys.executable).with_name("nsed")
    script = (
        'PATH="$1:$PATH"; eval "$(nsed --show-completion)"; '
        "COMP_WORDS=(nsed ask --pin b); COMP_CWORD=3; "
        '_nsed_completion nsed; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", str(program.parent)],
        cwd=pool,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "bob\n", done.stderr
