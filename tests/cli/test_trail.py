"""`nsed trail`: written with every saved run, exported, verified; the key."""

import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Nsed = Callable[..., Result]


@pytest.fixture
def record(pool: Path, nsed: Nsed) -> Path:
    """A saved run, with its trail beside it."""
    nsed("ask", "What is 6 * 7?", "--rounds", "1", "--save", "runs", "-q")
    (file,) = (pool / "runs").glob("*.json")
    return file


@pytest.fixture
def trail(record: Path) -> Path:
    return record.with_suffix(".trail.jsonl")


def rewritten(record: Path, name: str) -> Path:
    """The same run with another history."""
    document = json.loads(record.read_text())
    (bob,) = (p for p in document["proposals"].values() if p["expert"] == "bob")
    bob["answer"] = "43"
    file = record.with_name(name)
    file.write_text(json.dumps(document))
    return file


def test_a_saved_run_has_a_trail_that_verifies(trail: Path, nsed: Nsed) -> None:
    ended = nsed("trail", "verify", str(trail))

    entries = len(trail.read_bytes().splitlines())
    key = nsed("trail", "key").stdout.splitlines()[0]
    head = hashlib.sha256(trail.read_bytes().splitlines()[-1]).hexdigest()
    run_id = trail.name.removesuffix(".trail.jsonl")
    assert ended.exit_code == 0
    assert ended.stderr == ""
    assert ended.stdout == (
        f"{trail}: whole, {entries} entries of run {run_id}, head {head}, "
        f"signed by {key}\n"
    )


@pytest.mark.usefixtures("pool")
def test_ask_tells_where_the_trail_is(nsed: Nsed) -> None:
    told = nsed("ask", "q", "--save", "runs").stderr

    (trail,) = Path("runs").glob("*.trail.jsonl")
    assert f"Trail: {trail}" in told.splitlines()


@pytest.mark.usefixtures("pool")
def test_without_a_trail_there_is_no_key_either(here: Path, nsed: Nsed) -> None:
    ended = nsed("ask", "q", "--save", "runs", "--no-trail")

    assert ended.exit_code == 0
    assert [file.suffix for file in Path("runs").iterdir()] == [".json"]
    assert not (here / "home").exists()


@pytest.mark.usefixtures("pool")
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_an_unsafe_key_is_found_before_anybody_is_asked(nsed: Nsed) -> None:
    Path(nsed("trail", "key").stdout.splitlines()[1]).chmod(0o644)

    ended = nsed("ask", "q", "--save", "runs")

    assert ended.exit_code == 2
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert "chmod 600" in line


@pytest.mark.usefixtures("pool")
def test_a_trail_that_cannot_be_written_costs_neither_answer_nor_record(
    nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("nsed.cli.trail_writing.write_whole", full)

    ended = nsed("ask", "q", "--save", "runs", "--quiet", "--short")

    assert (ended.exit_code, ended.stdout) == (1, "42\n")
    assert ended.stderr == (
        "error: the trail could not be saved in runs: No space left on device\n"
    )
    assert [file.suffix for file in Path("runs").iterdir()] == [".json"]


def test_export_gives_what_save_wrote_byte_for_byte(
    record: Path, trail: Path, nsed: Nsed
) -> None:
    ended = nsed("trail", "export", str(record), "-o", "again.jsonl")
    shown = nsed("trail", "export", str(record), "-o", "-")
    beside = nsed("trail", "export", str(record))

    assert Path("again.jsonl").read_bytes() == trail.read_bytes()
    assert shown.stdout_bytes == trail.read_bytes()
    assert ended.stderr == "Trail: again.jsonl\n"
    assert beside.stderr == f"Trail: {trail}\n"


@pytest.mark.usefixtures("here")
def test_a_file_that_is_no_record_is_not_exported(nsed: Nsed) -> None:
    Path("r.json").write_text("{}")

    ended = nsed("trail", "export", "r.json")

    assert ended.exit_code == 2
    assert "not a run record" in ended.stderr
    assert not Path("r.trail.jsonl").exists()


def test_a_second_history_of_a_run_is_not_signed(record: Path, nsed: Nsed) -> None:
    other = rewritten(record, "other.json")

    ended = nsed("trail", "export", str(other))

    assert ended.exit_code == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"error: another history of run {record.stem} is known here")
    assert not other.with_suffix(".trail.jsonl").exists()


def test_another_trail_is_never_replaced(record: Path, nsed: Nsed) -> None:
    Path("kept.jsonl").write_text("another\n")

    ended = nsed("trail", "export", str(record), "-o", "kept.jsonl")

    assert ended.exit_code == 1
    assert "kept.jsonl: another trail is there already" in ended.stderr
    assert Path("kept.jsonl").read_text() == "another\n"


def test_the_first_bad_entry_is_named_on_one_line(trail: Path, nsed: Nsed) -> None:
    lines = trail.read_bytes().splitlines(keepends=True)
    cases = {
        "edited": [
            *lines[:4],
            lines[4].replace(b'"round":1', b'"round":2'),
            *lines[5:],
        ],
        "dropped": [*lines[:4], *lines[5:]],
        "reordered": [*lines[:4], lines[5], lines[4], *lines[6:]],
        "duplicated": [*lines[:4], lines[3], *lines[4:]],
    }
    for problem, changed in cases.items():
        Path("bad.jsonl").write_bytes(b"".join(changed))
        ended = nsed("trail", "verify", "bad.jsonl")
        assert (ended.exit_code, ended.stdout) == (1, "")
        (line,) = ended.stderr.splitlines()
        assert line.startswith(f"error: bad.jsonl: {problem}: entry 4 (line 5): found ")


def test_a_truncated_trail_is_told(trail: Path, nsed: Nsed) -> None:
    lines = trail.read_bytes().splitlines(keepends=True)
    trail.write_bytes(b"".join(lines[:-1]))

    ended = nsed("trail", "verify", str(trail))

    assert ended.exit_code == 1
    assert f"truncated: entry {len(lines) - 1} (line {len(lines)}):" in ended.stderr


def test_a_history_signed_anew_with_another_key_is_told_loudly(
    record: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = nsed("trail", "key").stdout.splitlines()[0]
    monkeypatch.setenv("NSED_TRAIL_KEY", "theirs/key.pem")
    monkeypatch.setenv("NSED_DATA", "theirs")
    theirs = nsed("trail", "key").stdout.splitlines()[0]
    nsed("trail", "export", str(rewritten(record, "r.json")), "-o", "forged.jsonl")
    assert nsed("trail", "verify", "forged.jsonl").exit_code == 0
    monkeypatch.delenv("NSED_TRAIL_KEY")
    monkeypatch.setenv("NSED_DATA", "data")

    by_own = nsed("trail", "verify", "forged.jsonl")
    by_mine = nsed("trail", "verify", "forged.jsonl", "--key", mine)

    assert by_own.exit_code == by_mine.exit_code == 1
    (line,) = by_own.stderr.splitlines()
    assert line.startswith(
        "error: forged.jsonl: other signer: entry 0 (line 1): "
        f"found {theirs}, wanted {mine}. Anybody can sign a whole history anew"
    )


def test_others_verify_with_the_key_they_were_given(
    trail: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = nsed("trail", "key").stdout.splitlines()[0]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(trail.parent / "elsewhere"))
    Path("me.pub").write_text(f"{mine}\n")

    without = nsed("trail", "verify", str(trail))
    by_text = nsed("trail", "verify", str(trail), "--key", mine)
    by_file = nsed("trail", "verify", str(trail), "--key", "me.pub")

    assert without.exit_code == 2
    assert "you have no signing key to check against" in without.stderr
    assert "--key" in without.stderr
    assert (by_text.exit_code, by_file.exit_code) == (0, 0)
    assert not (trail.parent / "elsewhere").exists()


def test_two_histories_of_one_run_part_at_an_entry(
    record: Path, trail: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSED_DATA", "forgotten")
    nsed("trail", "export", str(rewritten(record, "r.json")), "-o", "other.jsonl")
    lines, others = (f.read_bytes().splitlines() for f in (trail, Path("other.jsonl")))
    parting = [a == b for a, b in zip(lines, others, strict=True)].index(False)
    monkeypatch.setenv("NSED_DATA", "new")

    ended = nsed("trail", "verify", str(trail), "other.jsonl")

    assert ended.exit_code == 1
    assert ended.stdout.startswith(f"{trail}: whole")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(
        f"error: other.jsonl: two histories: entry {parting} (line {parting + 1}): "
        "found proposal "
    )
    assert str(trail) in line


def test_a_second_history_alone_is_told_by_what_was_seen_before(
    record: Path, trail: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSED_DATA", "forgotten")
    nsed("trail", "export", str(rewritten(record, "r.json")), "-o", "other.jsonl")
    monkeypatch.setenv("NSED_DATA", "new")
    assert nsed("trail", "verify", str(trail)).exit_code == 0

    ended = nsed("trail", "verify", "other.jsonl")

    assert (ended.exit_code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: other.jsonl: two histories: run ")
    assert str(trail) in line


def test_every_file_is_checked_whatever_the_others_are(trail: Path, nsed: Nsed) -> None:
    Path("empty.jsonl").touch()

    ended = nsed("trail", "verify", "empty.jsonl", "none.jsonl", str(trail), ".")

    assert ended.exit_code == 1
    assert ended.stdout.startswith(f"{trail}: whole")
    assert ended.stderr.splitlines() == [
        (
            "error: empty.jsonl: truncated: entry 0 (line 1): "
            "found the end of the file, wanted entries as far as `end`"
        ),
        "error: none.jsonl: No such file or directory",
        "error: .: Is a directory",
    ]


def test_heads_that_cannot_be_noted_cost_a_warning(
    record: Path, trail: Path, nsed: Nsed
) -> None:
    heads = Path("data/trail-heads.jsonl")
    heads.unlink()
    heads.mkdir()

    for ended in (
        nsed("trail", "verify", str(trail)),
        nsed("trail", "export", str(record)),
    ):
        assert ended.exit_code == 0
        words = "warning: the trail's head could not be noted in "
        assert ended.stderr.startswith(words)


def test_the_key_is_made_once_and_shown(here: Path, nsed: Nsed) -> None:
    first, second = nsed("trail", "key"), nsed("trail", "key")

    public, path = first.stdout.splitlines()
    assert first.stdout == second.stdout
    assert public.startswith("ed25519:")
    assert path == str(here / "home" / "nsed" / "trail-key.pem")
    if os.name != "nt":
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600


def test_the_key_may_lie_elsewhere(
    here: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSED_TRAIL_KEY", "stick/key.pem")

    assert nsed("trail", "key").stdout.splitlines()[1] == "stick/key.pem"
    assert Path("stick/key.pem").exists()
    assert not (here / "home").exists()
