"""Heads seen before: the first of a run stays, a second is told."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from nsed.trail.known_heads import Head, KnownHeads

ONE = Head("r1", "aa", "ed25519:00", "one.trail.jsonl")
TWO = replace(ONE, head="bb", file="two.trail.jsonl")
OTHER_RUN = replace(ONE, run_id="r2")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "trail-heads.jsonl"


def test_a_new_run_is_noted(path: Path) -> None:
    assert KnownHeads(path).note(ONE) is None
    assert KnownHeads(path).note(OTHER_RUN) is None
    assert KnownHeads(path).note(ONE) == ONE


def test_a_second_history_gets_the_first_as_its_answer_and_is_not_noted(
    path: Path,
) -> None:
    KnownHeads(path).note(ONE)

    assert KnownHeads(path).note(TWO) == ONE
    assert KnownHeads(path).note(ONE) == ONE
    assert len(path.read_bytes().splitlines()) == 1


@pytest.mark.parametrize(
    "broken", [b'{"run_id": "r1", "he', b"\xff\n", b"[]\n", b'{"run_id": "r1"}\n\n']
)
def test_a_broken_line_costs_itself_and_no_other(path: Path, broken: bytes) -> None:
    KnownHeads(path).note(ONE)
    with path.open("ab") as file:
        file.write(broken)

    assert KnownHeads(path).note(OTHER_RUN) is None
    assert KnownHeads(path).note(OTHER_RUN) == OTHER_RUN
    assert KnownHeads(path).note(ONE) == ONE


def test_a_file_that_cannot_be_written_is_the_caller_s_to_bear(path: Path) -> None:
    path.mkdir(parents=True)

    with pytest.raises(OSError, match=os.strerror(21)):
        KnownHeads(path).note(ONE)


def test_what_is_known_can_be_looked_up_without_noting_anything(path: Path) -> None:
    assert KnownHeads(path).of("r1") is None
    assert not path.parent.exists()
    KnownHeads(path).note(ONE)

    assert KnownHeads(path).of("r1") == ONE
    assert KnownHeads(path).of("r2") is None
