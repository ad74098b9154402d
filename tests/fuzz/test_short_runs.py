"""The targets of `make fuzz`, for a moment each: known inputs and some random ones."""

import importlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz import ballot, config, trail
from fuzz.mutations import TARGETS, mutants, seeds, words
from hypothesis import given
from hypothesis import strategies as st
from trails import VALUES

from nsed.nodes.peer_text import Framed
from nsed.protocol.canonical_json import canonical_json
from nsed.protocol.errors import ConfigError
from nsed.protocol.trail_check import CheckedTrail
from nsed.protocol.trail_entry import Entry

ROOT = Path(__file__).parents[2]
MUTANTS = {"ballot": 600, "frame": 400, "trail": 600, "config": 1000}
SEEDS = [(target, name) for target in TARGETS for name in seeds(target)]


def one_input(target: str) -> Callable[[bytes], None]:
    found: Callable[[bytes], None] = importlib.import_module(f"fuzz.{target}").one_input
    return found


@pytest.mark.parametrize(("target", "name"), SEEDS)
def test_a_known_input_keeps_what_is_promised(target: str, name: str) -> None:
    one_input(target)(seeds(target)[name])


@pytest.mark.parametrize("target", TARGETS)
def test_random_changes_of_known_inputs_keep_it(target: str) -> None:
    check = one_input(target)
    for mutant in mutants(target, count=MUTANTS[target], seed=20):
        check(mutant)


@pytest.mark.parametrize("target", TARGETS)
def test_the_seeds_are_small_and_the_words_can_be_read(target: str) -> None:
    assert 10 <= len(seeds(target)) <= 60
    assert sum(map(len, seeds(target).values())) <= 20_000
    assert len(words(target)) >= 20


MARKS = st.fixed_dictionaries(
    {"weight": VALUES | st.integers(-101, 101)},
    optional={"critique": VALUES | st.text(), "claims": VALUES | st.lists(st.text())},
)
LABELS = st.sampled_from(["A", "B", "C", " A", "a", ""])


@given(st.dictionaries(LABELS, MARKS | VALUES) | VALUES, st.integers(0, 8))
def test_whatever_json_a_reviewer_writes(said: Any, claims: int) -> None:
    text = canonical_json(said).decode()

    ballot.check_reply(text, chars=20, claims=claims, shown=2)
    ballot.check_reply(f"So: {text[:-1]}", chars=20, claims=claims, shown=2)


@given(
    st.lists(
        st.tuples(st.sampled_from(range(len(config.LINES))), st.integers(0, 255)),
        max_size=12,
    )
)
def test_whatever_stands_behind_the_known_keys(lines: list[tuple[int, int]]) -> None:
    config.one_input(b"\xff" + b"".join(map(bytes, lines)))


@given(st.lists(st.binary(min_size=4, max_size=4), max_size=8), st.integers(0, 9))
def test_whatever_is_done_to_a_trail_from_outside(edits: list[bytes], of: int) -> None:
    trail.one_input(bytes([of]) + b"".join(edits))


def whole(data: bytes, *, trusted: Any) -> CheckedTrail:
    return CheckedTrail((), None)


def bare(kind: str, texts: Any, *, call: str, chars: int) -> Framed:
    """A fence without a mark that nobody knows."""
    return Framed(
        "\n".join(f'<{kind} label="{a}" mark="0">\n{t}\n</{kind} 0>' for a, t in texts)
    )


def telling(path: Path) -> None:
    raise ConfigError(f"{path}: {path.read_text()}")


def by_anybody(self: Entry, public_key: bytes) -> bool:
    return True


@pytest.mark.parametrize(
    ("target", "place", "broken"),
    [
        ("ballot", "nsed.nodes.ballot_form.round", lambda weight: round(weight) + 1),
        ("ballot", "nsed.nodes.ballot_form.CLAIM_CHARS", 500),
        ("frame", "fuzz.frame.frame", bare),
        ("frame", "nsed.protocol.shown_text.disarmed", str),
        ("frame", "nsed.protocol.shown_text.visible_text", str),
        ("trail", "fuzz.trail.check_trail", whole),
        ("trail", "nsed.protocol.trail_entry.Entry.is_signed_by", by_anybody),
        ("config", "fuzz.config.load_config", telling),
        ("config", "nsed.config.problems._LIKE_A_SECRET", re.compile("(?!)")),
    ],
)
def test_a_target_notices(
    target: str, place: str, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, broken, raising=False)
    check = one_input(target)

    with pytest.raises(AssertionError):
        [*map(check, seeds(target).values())]


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_the_real_fuzzer_runs(target: str, tmp_path: Path) -> None:
    """For two seconds; only that it starts, reaches new code and sums up."""
    no_wheel = "atheris has no wheel for this platform"
    pytest.importorskip("atheris", reason=no_wheel, exc_type=ImportError)
    command = [sys.executable, "benchmarks/fuzzing.py", target, "--minutes", "0.04"]
    command += ["--folder", str(tmp_path)]

    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=50
    )

    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    found = re.fullmatch(
        rf"{target}: [\d,]+ executions in 0.04 minutes, seed 1; "
        r"coverage (\d+) -> (\d+) edges, \d+ -> \d+ features; findings: none",
        last,
    )
    assert found, last
    assert 0 < int(found[1]) <= int(found[2])
