"""The trail: what a run did, as signed entries, each bound to the one before [ours].

    line       = canonical JSON of {seq, prev, kind, body, time, author, signature}
    prev       = SHA-256 of the line before, without its line end; 64 zeros at first
    signature  = Ed25519 over `nsed trail 1`, a line end, and the canonical JSON of the
                 entry without its signature

The first entry, `begin`, names the run and the signer's key; the last, `end`, says how
many entries there are. So there is one sequence of bytes for one history and one key.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nsed.protocol.canonical_json import canonical_json
from nsed.protocol.errors import TrailError
from nsed.protocol.trail_entry import (
    FIRST_PREV,
    TRAIL_VERSION,
    key_text,
    signed_bytes,
)

__all__ = ["Act", "sign_trail"]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happened, not yet signed."""

    kind: str
    """`task`, `binding`, `call`, `proposal`, …; `begin` and `end` are the trail's."""
    body: Mapping[str, Any]
    """What JSON can hold."""
    time: float | None = None
    """Unix time in seconds where it was taken, else None: never made up."""
    author: str = "nsed"
    """Whose act it is, as the signer says: `user`, `nsed` or `expert:<name>`."""


def sign_trail(
    acts: Iterable[Act],
    *,
    run_id: str,
    schema_version: int,
    public_key: bytes,
    sign: Callable[[bytes], bytes],
) -> bytes:
    """Chain and sign what happened.

    The same acts and key give the same bytes: Ed25519 leaves nothing to chance.

    Args:
        acts: What happened, in order.
        run_id: Which run it is.
        schema_version: Of the run records that the bodies come from.
        public_key: The signer's Ed25519 key, 32 bytes.
        sign: Gives the 64 bytes of an Ed25519 signature.

    Returns:
        JSON Lines, `begin` first and `end` last.

    Raises:
        TrailError: A body has no canonical JSON; the message says which and where.
    """
    opening = {
        "trail": TRAIL_VERSION,
        "run_id": run_id,
        "schema_version": schema_version,
        "signer": key_text(public_key),
    }
    lines: list[bytes] = []
    prev = FIRST_PREV
    for act in (Act("begin", opening), *acts):
        lines.append(_line(len(lines), prev, act, sign))
        prev = hashlib.sha256(lines[-1]).hexdigest()
    closing = Act("end", {"entries": len(lines) + 1, "head": prev})
    lines.append(_line(len(lines), prev, closing, sign))
    return b"".join(line + b"\n" for line in lines)


def _line(seq: int, prev: str, act: Act, sign: Callable[[bytes], bytes]) -> bytes:
    fields: dict[str, Any] = {
        "seq": seq,
        "prev": prev,
        "kind": act.kind,
        "body": act.body,
        "time": act.time,
        "author": act.author,
    }
    try:
        covered = signed_bytes(fields)
    except ValueError as error:
        raise TrailError(
            f"no trail: entry {seq} ({act.kind}) cannot be written: {error}"
        ) from error
    return canonical_json({**fields, "signature": sign(covered).hex()})
