"""Any bytes as a trail: only what a trusted key signed passes, and nothing raises.

The first byte chooses: the bytes as they are, edits of genuine trails by somebody
without the key, or whatever the holder of the key may have signed.
"""

import hashlib
import json
from collections.abc import Callable
from itertools import takewhile
from typing import Any

from trails import ACTS, MINE, PUBLIC, THEIRS, lines_of, signed

from nsed.protocol.canonical_json import canonical_json, read_canonical_json
from nsed.protocol.trail import Act
from nsed.protocol.trail_check import CheckedTrail, check_trail, parting
from nsed.protocol.trail_entry import FIRST_PREV, key_text, signed_bytes

__all__ = ["GENUINE", "one_input"]

MOST_COMPLAINT = 1000

GENUINE = tuple(
    signed(acts, run_id=run_id)
    for run_id, acts in (
        ("r1", ACTS),
        ("r1", (*ACTS[:2], Act("verdict", {"answer": "41"}))),
        ("r2", ()),
        ("größer", [Act("task", {"n": [1e20, 1e-9, -0.5, {"": None}]}, 7.0, "é")] * 2),
    )
)
_FOREIGN = signed(key=THEIRS)
_FOREIGN_CLAIMING = signed(key=THEIRS, public=PUBLIC)
_LINES = [line for t in (*GENUINE, _FOREIGN, _FOREIGN_CLAIMING) for line in lines_of(t)]
_EDIT_BYTES = 4
_WHOLE = check_trail(GENUINE[0], trusted=[PUBLIC])


def one_input(data: bytes) -> None:
    """See the head of the file."""
    way, rest = data[:1], data[1:]
    if way in (b"", b"r"):
        _check_from_outside(rest)
    elif way == b"s":
        _check_from_inside(_as_signed(rest))
    else:
        _check_from_outside(_edited(way[0], rest))


def _check_from_outside(mutant: bytes) -> None:
    """Without the key, no other bytes pass, and the first bad line is named."""
    checked = _check(mutant)
    if checked.fault is None:
        assert mutant in GENUINE
        return
    assert mutant not in GENUINE
    kept = max(_common(mutant, trail) for trail in GENUINE)
    assert checked.fault.seq == kept


def _common(mutant: bytes, trail: bytes) -> int:
    """How many whole lines two trails have in common from the beginning on."""
    pairs = zip(lines_of(mutant), lines_of(trail), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _check_from_inside(trail: bytes) -> None:
    """What passes is a chain from `begin` to `end`, in the one spelling it has."""
    checked = _check(trail)
    if checked.fault is not None:
        return
    entries = checked.entries
    assert b"".join(entry.line + b"\n" for entry in entries) == trail
    assert [entry.seq for entry in entries] == [*range(len(entries))]
    assert [e.prev for e in entries] == [FIRST_PREV, *(e.digest for e in entries[:-1])]
    assert [e.kind for e in entries if e.kind in ("begin", "end")] == ["begin", "end"]
    assert (entries[0].kind, entries[-1].kind) == ("begin", "end")
    assert checked.signer == key_text(PUBLIC)
    assert entries[-1].body == {"entries": len(entries), "head": entries[-2].digest}
    for entry in entries:
        assert canonical_json(read_canonical_json(entry.line)) == entry.line


def _check(data: bytes) -> CheckedTrail:
    checked = check_trail(data, trusted=[PUBLIC])
    again = check_trail(data, trusted=[PUBLIC])
    assert (checked.fault, checked.head) == (again.fault, again.head)
    if checked.fault is not None:
        assert checked.fault.seq == len(checked.entries)
        assert str(checked.fault).isprintable()
        assert len(str(checked.fault)) < MOST_COMPLAINT
    assert isinstance(checked.run_id, str)
    assert parting(checked, checked) is None
    for fault in (parting(_WHOLE, checked), parting(checked, _WHOLE)):
        assert fault is None or fault.problem == "two histories"
    return checked


def _edited(way: int, edits: bytes) -> bytes:
    """A genuine trail after some edits of four bytes each: what, two places, a byte."""
    trail = GENUINE[way % len(GENUINE)]
    for start in range(0, min(len(edits), 8 * _EDIT_BYTES), _EDIT_BYTES):
        what, here, there, byte = (*edits[start : start + _EDIT_BYTES], 0, 0, 0)[:4]
        trail = _EDITS[what % len(_EDITS)](trail, here, there, byte)
    return trail


def _flip(trail: bytes, here: int, there: int, byte: int) -> bytes:
    at = (here << 8 | there) % (len(trail) or 1)
    return trail[:at] + bytes([trail[at] ^ byte]) + trail[at + 1 :] if trail else b""


def _put(trail: bytes, here: int, there: int, byte: int) -> bytes:
    at = (here << 8 | there) % (len(trail) + 1)
    return trail[:at] + bytes([byte]) + trail[at:]


def _take(trail: bytes, here: int, there: int, byte: int) -> bytes:
    at = (here << 8 | there) % (len(trail) + 1)
    return trail[:at] + trail[at + byte :]


def _cut(trail: bytes, here: int, there: int, _byte: int) -> bytes:
    return trail[: (here << 8 | there) % (len(trail) + 1)]


def _drop(trail: bytes, here: int, _there: int, _byte: int) -> bytes:
    lines = trail.split(b"\n")
    del lines[here % len(lines)]
    return b"\n".join(lines)


def _copy(trail: bytes, here: int, there: int, _byte: int) -> bytes:
    lines = trail.split(b"\n")
    lines.insert(there % (len(lines) + 1), lines[here % len(lines)])
    return b"\n".join(lines)


def _swap(trail: bytes, here: int, there: int, _byte: int) -> bytes:
    lines = trail.split(b"\n")
    one, other = here % len(lines), there % len(lines)
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _splice(trail: bytes, here: int, there: int, byte: int) -> bytes:
    lines = trail.split(b"\n")
    at = here % len(lines)
    lines[at : at + byte % 2] = [_LINES[there % len(_LINES)]]
    return b"\n".join(lines)


def _say(trail: bytes, here: int, there: int, byte: int) -> bytes:
    """Change a field, mend `prev` and `seq`, and sign with a key nobody trusts."""
    lines = trail.split(b"\n")
    at = here % len(lines)
    try:
        fields = json.loads(lines[at])
        name = sorted(fields)[there % len(fields)]
        if byte & 1:
            fields[name] = (None, 0, byte, "", "begin", "end", [], {})[byte // 2 % 8]
        if byte & 32:
            fields["seq"] = at
            fields["prev"] = hashlib.sha256(lines[at - 1]).hexdigest()
        if byte & 64:
            fields["signature"] = THEIRS.sign(signed_bytes(fields)).hex()
        lines[at] = canonical_json(fields)
    except (ValueError, TypeError, ZeroDivisionError):
        return trail
    return b"\n".join(lines)


_EDITS: tuple[Callable[[bytes, int, int, int], bytes], ...] = (
    _flip,
    _put,
    _take,
    _cut,
    _drop,
    _copy,
    _swap,
    _splice,
    _say,
)


def _as_signed(told: bytes) -> bytes:
    """Each line is a JSON object of changes to the entry that would stand there."""
    lines: list[bytes] = []
    for number, line in enumerate(told.split(b"\n")[:12]):
        prev = hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST_PREV
        fields = _usual(number, prev)
        try:
            fields |= json.loads(line or b"{}")
            if fields["kind"] == "end" and b'"body"' not in line:
                fields["body"] = {"entries": number + 1, "head": prev}
            fields["signature"] = MINE.sign(signed_bytes(fields)).hex()
            lines.append(canonical_json(fields))
        except (ValueError, TypeError, RecursionError):
            lines.append(line)
    return b"".join(line + b"\n" for line in lines)


def _usual(number: int, prev: str) -> dict[str, Any]:
    begin = {
        "trail": 1,
        "run_id": "r1",
        "schema_version": 1,
        "signer": key_text(PUBLIC),
    }
    return {
        "seq": number,
        "prev": prev,
        "kind": "task" if number else "begin",
        "body": {"n": number} if number else begin,
        "time": None,
        "author": "nsed",
    }
