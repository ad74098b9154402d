"""Checking a trail: whole and trusted, or its first bad entry named [ours]."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from nsed.protocol.trail_entry import (
    FIRST_PREV,
    TRAIL_VERSION,
    Entry,
    key_text,
    read_entry,
    read_key_text,
)

__all__ = ["CheckedTrail", "Fault", "Problem", "check_trail", "parting"]

Problem = Literal[
    "malformed",
    "edited",
    "dropped",
    "reordered",
    "duplicated",
    "spliced",
    "truncated",
    "appended",
    "other signer",
    "two histories",
]

_SHOWN = 16
"""Characters of a hash or of a stranger's text that a message repeats."""
_MOST_SAID = 200
"""Characters of why a line is no entry: it may name a place as deep as the file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the first bad entry."""

    seq: int
    """The number it has to have; one past the last where the end is missing."""
    problem: Problem
    found: str
    wanted: str

    @property
    def line(self) -> int:
        """Where it stands in the file, 1-based."""
        return self.seq + 1

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.problem}: entry {self.seq} (line {self.line}): "
            f"found {self.found}, wanted {self.wanted}"
        )


@dataclass(frozen=True, slots=True)
class CheckedTrail:
    """What a check found."""

    entries: tuple[Entry, ...]
    """The good ones, up to the first fault."""
    fault: Fault | None
    """None: whole, in order, and signed by a trusted key."""

    @property
    def run_id(self) -> str:
        """Which run it says it is; empty if its first entry is bad."""
        return str(self.entries[0].body["run_id"]) if self.entries else ""

    @property
    def signer(self) -> str:
        """The key that signed it, as text; empty if its first entry is bad."""
        return str(self.entries[0].body["signer"]) if self.entries else ""

    @property
    def head(self) -> str:
        """SHA-256 of the last good line; of a whole trail it stands for all of it."""
        return self.entries[-1].digest if self.entries else FIRST_PREV


class _BadEntry(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, problem: Problem, found: str, wanted: str) -> None:
        self.problem: Problem = problem
        self.found, self.wanted = found, wanted


def check_trail(data: bytes, *, trusted: Collection[bytes]) -> CheckedTrail:
    """Check a trail to its last byte, and name the first entry that is bad.

    No other bytes pass than those that `sign_trail` wrote with a trusted key: spaces,
    line ends and the spelling of numbers are held against canonical JSON, too.

    Args:
        data: The file.
        trusted: Public keys to believe, 32 bytes each. A history that somebody signed
            anew from end to end is whole in itself; only this tells.
    """
    *lines, rest = data.split(b"\n")
    entries: list[Entry] = []
    for line in lines:
        try:
            entries.append(_next_entry(line, entries, trusted, lines))
        except _BadEntry as bad:
            fault = Fault(len(entries), bad.problem, bad.found, bad.wanted)
            return CheckedTrail(tuple(entries), fault)
    return CheckedTrail(tuple(entries), _fault_at_the_end(entries, rest))


def parting(one: CheckedTrail, other: CheckedTrail) -> Fault | None:
    """Where the second of two histories of one run leaves the first.

    Returns:
        None if they are of different runs, or the same history.
    """
    if one.run_id != other.run_id or one.head == other.head:
        return None
    pairs = zip(one.entries, other.entries, strict=False)
    shortest = min(len(one.entries), len(other.entries))
    split = (seq for seq, (a, b) in enumerate(pairs) if a.line != b.line)
    seq = next(split, shortest)

    def told(trail: CheckedTrail) -> str:
        if seq >= len(trail.entries):
            return "nothing"
        entry = trail.entries[seq]
        return f"{_in_ascii(entry.kind)} {entry.digest[:_SHOWN]}"

    return Fault(seq, "two histories", told(other), told(one))


def _next_entry(
    line: bytes,
    before: Sequence[Entry],
    trusted: Collection[bytes],
    lines: Sequence[bytes],
) -> Entry:
    """Check one line against all before it.

    Raises:
        _BadEntry: It is not the entry that has to stand here.
    """
    wanted = len(before)
    if before and before[-1].kind == "end":
        problem: Problem = "duplicated" if line in lines[:wanted] else "appended"
        raise _BadEntry(problem, "more after the end", "nothing")
    try:
        entry = read_entry(line)
    except ValueError as error:
        found = f"a line that is {str(error)[:_MOST_SAID]}"
        raise _BadEntry("malformed", found, "an entry, byte for byte") from error
    _check_signature(entry, before, trusted)
    if entry.seq != wanted:
        raise _misplaced(entry, wanted, lines)
    prev = before[-1].digest if before else FIRST_PREV
    if entry.prev != prev:
        found = f"one that follows {entry.prev[:_SHOWN]}"
        raise _BadEntry("spliced", found, f"one after {prev[:_SHOWN]}")
    if (entry.kind == "begin") != (wanted == 0):
        raise _BadEntry("malformed", _in_ascii(entry.kind), "begin first, and once")
    if entry.kind == "end" and entry.body != {"entries": wanted + 1, "head": prev}:
        raise _BadEntry("malformed", "the end of another trail", "its own")
    return entry


def _check_signature(
    entry: Entry, before: Sequence[Entry], trusted: Collection[bytes]
) -> None:
    """Hold it against the key that the trail began with, and that against `trusted`."""
    opens = not before and entry.kind == "begin"
    if before:
        keys = [read_key_text(before[0].body["signer"])]
    else:
        keys = [_declared(entry)] if opens else [*trusted]
    if not any(entry.is_signed_by(key) for key in keys):
        found = "a signature that does not fit the text"
        raise _BadEntry("edited", found, "the text that was signed")
    if opens and keys[0] not in trusted:
        known = " or ".join(map(key_text, trusted)) or "a key you trust"
        raise _BadEntry("other signer", key_text(keys[0]), known)


def _declared(entry: Entry) -> bytes:
    """The key that a `begin` entry names.

    Raises:
        _BadEntry: It is no `begin` of this version.
    """
    body = entry.body
    version = body.get("trail")
    if type(version) is not int or version != TRAIL_VERSION:
        found = f"a trail of version {_in_ascii(version)}"
        raise _BadEntry("malformed", found, f"version {TRAIL_VERSION}")
    whole = body.keys() == {"trail", "run_id", "schema_version", "signer"}
    if not whole or not isinstance(body["run_id"], str):
        raise _BadEntry("malformed", "a begin of other fields", "run_id and signer")
    try:
        return read_key_text(str(body["signer"]))
    except ValueError as error:
        raise _BadEntry("malformed", "a strange signer", f"it {error}") from error


def _in_ascii(found: object) -> str:
    """A stranger's text, short and without line ends: a message is one line."""
    return ascii(str(found)[:_SHOWN])[1:-1]


def _misplaced(entry: Entry, wanted: int, lines: Sequence[bytes]) -> _BadEntry:
    """A genuine entry in a wrong place: say how it may have got there."""
    problem: Problem = "dropped"
    if entry.line in lines[:wanted]:
        problem = "duplicated"
    elif entry.seq < wanted:
        problem = "spliced"
    elif any(_seq_of(line) == wanted for line in lines[wanted + 1 :]):
        problem = "reordered"
    return _BadEntry(problem, f"number {entry.seq}", f"number {wanted}")


def _seq_of(line: bytes) -> object:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found.get("seq") if isinstance(found, dict) else None


def _fault_at_the_end(entries: Sequence[Entry], rest: bytes) -> Fault | None:
    """What is wrong after the last whole line, if anything is."""
    ended = bool(entries) and entries[-1].kind == "end"
    if ended and not rest:
        return None
    if ended:
        return Fault(len(entries), "appended", "more after the end", "nothing")
    found = "half a line" if rest else "the end of the file"
    return Fault(len(entries), "truncated", found, "entries as far as `end`")
