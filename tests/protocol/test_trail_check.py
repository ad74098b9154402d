"""Verification names the first bad entry, and what is wrong with it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from trails import ACTS, MINE, PUBLIC, THEIRS, lines_of, signed

from nsed.protocol.canonical_json import canonical_json
from nsed.protocol.trail import Act
from nsed.protocol.trail_check import Fault, check_trail, parting
from nsed.protocol.trail_entry import key_text, signed_bytes

TRAIL = signed()
LINES = lines_of(TRAIL)  # begin, task, two proposals, verdict, end
OTHER_RUN = lines_of(signed(run_id="r2"))
Change = Callable[[dict[str, Any]], object]


def fault_of(lines: list[bytes], *, trusted: bytes = PUBLIC) -> Fault | None:
    return check_trail(b"".join(x + b"\n" for x in lines), trusted=[trusted]).fault


def with_line(number: int, line: bytes) -> list[bytes]:
    return [*LINES[:number], line, *LINES[number + 1 :]]


def edited(number: int, change: Change, *, sign: bool = False) -> list[bytes]:
    """One entry changed in its JSON; signed anew with the right key if wanted."""
    fields = json.loads(LINES[number])
    change(fields)
    if sign:
        fields["signature"] = MINE.sign(signed_bytes(fields)).hex()
    return with_line(number, canonical_json(fields))


def test_what_nobody_touched_is_whole() -> None:
    checked = check_trail(TRAIL, trusted=[PUBLIC])

    assert checked.fault is None
    assert [e.line for e in checked.entries] == LINES


@pytest.mark.parametrize(
    ("lines", "seq", "problem"),
    [
        (edited(2, lambda f: f["body"].update(text="Answer: 41")), 2, "edited"),
        (edited(3, lambda f: f.update(author="expert:ada")), 3, "edited"),
        (edited(4, lambda f: f.update(time=3.0)), 4, "edited"),
        (edited(2, lambda f: f.update(seq=3)), 2, "edited"),
        (edited(5, lambda f: f["body"].update(entries=5)), 5, "edited"),
        ([*LINES[:2], *LINES[3:]], 2, "dropped"),
        (LINES[1:], 0, "dropped"),
        ([*LINES[:2], LINES[3], b"{", b"[]"], 2, "dropped"),
        ([*LINES[:4], LINES[5]], 4, "dropped"),
        ([*LINES[:2], LINES[3], LINES[2], *LINES[4:]], 2, "reordered"),
        ([LINES[1], LINES[0], *LINES[2:]], 0, "reordered"),
        ([*LINES[:3], LINES[2], *LINES[3:]], 3, "duplicated"),
        ([LINES[0], *LINES], 1, "duplicated"),
        ([*LINES, LINES[5]], 6, "duplicated"),
        (LINES + LINES, 6, "duplicated"),
        (LINES[:5], 5, "truncated"),
        (LINES[:1], 1, "truncated"),
        ([], 0, "truncated"),
        (with_line(2, OTHER_RUN[2]), 2, "spliced"),
        ([OTHER_RUN[0], *LINES[1:]], 1, "spliced"),
        ([*LINES[:3], OTHER_RUN[1], *LINES[3:]], 3, "spliced"),
        ([*LINES, OTHER_RUN[0]], 6, "appended"),
        ([*LINES, b""], 6, "appended"),
        (with_line(2, b"{}"), 2, "malformed"),
        (with_line(2, b""), 2, "malformed"),
        (with_line(2, LINES[2].replace(b'":', b'": ', 1)), 2, "malformed"),
        (with_line(0, LINES[0] + b"\r"), 0, "malformed"),
        (edited(2, lambda f: f.update(note="!")), 2, "malformed"),
        (edited(2, lambda f: f.pop("time")), 2, "malformed"),
        (edited(2, lambda f: f.update(seq=True)), 2, "malformed"),
        (edited(2, lambda f: f.update(seq=-1)), 2, "malformed"),
        (edited(2, lambda f: f.update(body=[])), 2, "malformed"),
        (edited(2, lambda f: f.update(time="1")), 2, "malformed"),
        (edited(2, lambda f: f.update(prev="0")), 2, "malformed"),
        (edited(2, lambda f: f.update(kind=None)), 2, "malformed"),
        (edited(0, lambda f: f["body"].update(trail=2)), 0, "malformed"),
        (edited(0, lambda f: f["body"].update(trail=True)), 0, "malformed"),
        (edited(0, lambda f: f["body"].update(run_id=7)), 0, "malformed"),
        (edited(0, lambda f: f["body"].pop("run_id")), 0, "malformed"),
        (edited(0, lambda f: f["body"].update(signer="me")), 0, "malformed"),
        (edited(0, lambda f: f["body"].update(run_id="r2")), 0, "edited"),
        ([b"[" * 99_999, *LINES], 0, "malformed"),
    ],
)
def test_the_first_bad_entry_is_named(
    lines: list[bytes], seq: int, problem: str
) -> None:
    fault = fault_of(lines)

    assert fault is not None
    assert (fault.seq, fault.line, fault.problem) == (seq, seq + 1, problem)
    assert fault.found != fault.wanted


def test_a_file_cut_in_the_middle_of_a_line_is_truncated() -> None:
    for cut in range(len(TRAIL)):
        fault = check_trail(TRAIL[:cut], trusted=[PUBLIC]).fault

        assert fault is not None
        assert fault.problem == "truncated"
        assert fault.seq == TRAIL[:cut].count(b"\n")


def test_half_a_line_after_the_end_is_appended() -> None:
    fault = check_trail(TRAIL + b"{", trusted=[PUBLIC]).fault

    assert fault is not None
    assert (fault.seq, fault.problem) == (6, "appended")


def test_a_history_signed_anew_with_another_key_is_told_by_the_key_alone() -> None:
    anew = signed(key=THEIRS)

    fault = check_trail(anew, trusted=[PUBLIC]).fault

    theirs = THEIRS.public_key().public_bytes_raw()
    assert check_trail(anew, trusted=[PUBLIC, theirs]).fault is None
    assert fault == Fault(0, "other signer", key_text(theirs), key_text(PUBLIC))


def test_without_a_trusted_key_nothing_is_believed() -> None:
    fault = check_trail(TRAIL, trusted=[]).fault

    assert fault is not None
    assert (fault.seq, fault.problem) == (0, "other signer")


def test_another_key_under_the_trusted_one_s_name_does_not_fit() -> None:
    forged = signed(key=THEIRS, public=PUBLIC)

    fault = check_trail(forged, trusted=[PUBLIC]).fault

    assert fault is not None
    assert (fault.seq, fault.problem) == (0, "edited")


def test_one_entry_signed_anew_with_another_key_does_not_fit() -> None:
    theirs = lines_of(signed(key=THEIRS, public=PUBLIC))

    for number in range(len(LINES)):
        fault = fault_of(with_line(number, theirs[number]))
        assert fault is not None
        assert fault.seq == number
        assert fault.problem == "edited"


def test_the_last_signature_has_one_spelling_and_one_value() -> None:
    """Nothing follows that would bind it; and S + L is the same number to Ed25519."""
    order = 2**252 + 27742317777372353535851937790883648493
    signature = bytes.fromhex(json.loads(LINES[5])["signature"])
    larger = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    spellings = (
        signature.hex().upper(),
        signature.hex(" "),
        signature.hex() + " ",
        (signature[:32] + larger).hex(),
    )

    for spelling in spellings:
        lines = with_line(
            5, LINES[5].replace(signature.hex().encode(), spelling.encode())
        )
        fault = fault_of(lines)
        assert fault is not None
        assert fault.seq == 5


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (5, lambda f: f["body"].update(entries=7)),
        (5, lambda f: f["body"].update(head="0" * 64)),
        (5, lambda f: f["body"].update(more=1)),
        (2, lambda f: f.update(kind="begin")),
        (0, lambda f: f.update(kind="task")),
    ],
)
def test_a_signer_who_signs_a_wrong_frame_is_not_believed_either(
    number: int, change: Change
) -> None:
    fault = fault_of(edited(number, change, sign=True))

    assert fault is not None
    assert (fault.seq, fault.problem) == (number, "malformed")


def test_a_signature_made_for_something_else_does_not_fit() -> None:
    fields = json.loads(LINES[1])
    del fields["signature"]
    fields["signature"] = MINE.sign(canonical_json(fields)).hex()

    fault = fault_of(with_line(1, canonical_json(fields)))

    assert fault is not None
    assert (fault.seq, fault.problem) == (1, "edited")


def test_two_histories_of_one_run_part_at_their_first_different_entry() -> None:
    one = check_trail(TRAIL, trusted=[PUBLIC])
    proposal = Act("proposal", {"text": "Answer: 40"}, None, "expert:ada")
    other = check_trail(signed([ACTS[0], proposal, *ACTS[2:]]), trusted=[PUBLIC])
    shorter = check_trail(signed(ACTS[:1]), trusted=[PUBLIC])

    fault = parting(one, other)

    assert fault is not None
    assert (fault.seq, fault.line, fault.problem) == (2, 3, "two histories")
    assert fault.found == f"proposal {other.entries[2].digest[:16]}"
    assert fault.wanted == f"proposal {one.entries[2].digest[:16]}"
    assert str(parting(one, shorter)).startswith("two histories: entry 2 (line 3)")


def test_a_history_that_breaks_off_parts_where_it_breaks_off() -> None:
    one = check_trail(TRAIL, trusted=[PUBLIC])
    half = check_trail(b"\n".join([*LINES[:3], b""]), trusted=[PUBLIC])

    fault = parting(one, half)

    assert fault is not None
    assert (fault.seq, fault.found) == (3, "nothing")


def test_the_same_history_or_another_run_does_not_part() -> None:
    one = check_trail(TRAIL, trusted=[PUBLIC])
    other_run = check_trail(signed(ACTS[:1], run_id="r2"), trusted=[PUBLIC])

    assert parting(one, one) is None
    assert parting(one, other_run) is None


@pytest.mark.parametrize(
    "line",
    [
        edited(0, lambda f: f["body"].update(trail="x" * 10_000))[0],
        edited(0, lambda f: f["body"].update(trail="\n\x1b[31mOK"))[0],
        edited(0, lambda f: f.update(kind="\n\x1b[31mOK"), sign=True)[0],
        b'{"' + b"k" * 10_000 + b'":"\\ud800"}',
    ],
    ids=["long", "two lines", "signed", "long key"],
)
def test_a_fault_is_one_short_line_whatever_a_stranger_wrote(line: bytes) -> None:
    told = str(fault_of(with_line(0, line)))

    assert len(told) < 300
    assert told.isprintable()
