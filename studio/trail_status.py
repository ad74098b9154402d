"""Whether a signed trail vouches for a run as it is shown."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nsed.protocol.trail_check import CheckedTrail, check_trail
from nsed.protocol.trail_entry import read_key_text
from nsed.state.run_record import RunRecord
from nsed.studio.run_replies import TrailStatus
from nsed.studio.standing import Standing
from nsed.trail.known_heads import Head, KnownHeads
from nsed.trail.run_trail import trail_of

__all__ = ["trail_status"]

_SINCE = frozenset({"failure", "notes", "seconds"})
"""Of a failed run's verdict: what is put together anew when it is shown later."""


async def trail_status(
    heads: KnownHeads | None, now: Standing, record: RunRecord | None
) -> TrailStatus:
    """Check the trail that this user has written or verified of a run, if any.

    Believed is the signer who was believed then, and no other history than that.

    Args:
        heads: What is known of trails.
        now: How the run stands.
        record: Of the run, as it is shown.
    """
    if record is None or now.state not in ("finished", "failed"):
        return TrailStatus(
            status="none", detail="the run has not ended: there is nothing to sign yet"
        )
    if heads is None:
        return _unsigned("no trail of it is known here")
    return await asyncio.to_thread(_checked, heads, record)


def _checked(heads: KnownHeads, record: RunRecord) -> TrailStatus:
    try:
        head = heads.of(record.run_id)
        if head is None:
            return _unsigned("no trail of it is known here")
        data = Path(head.file).read_bytes()
    except OSError:
        return _unsigned("its trail is not where it was, or cannot be read")
    try:
        signer = read_key_text(head.signer)
    except ValueError:
        return _broken("what is known of its signer is no key")
    return _compared(check_trail(data, trusted=[signer]), head, record)


def _compared(trail: CheckedTrail, head: Head, record: RunRecord) -> TrailStatus:
    if trail.fault is not None:
        return _broken(str(trail.fault))
    if trail.head != head.head or trail.run_id != record.run_id:
        return _broken("the file has another history than the one that was seen first")
    whole = f"{len(trail.entries)} entries, signed by {trail.signer}"
    written_by = trail.entries[3].body.get("nsed_version")
    if written_by != record.nsed_version:
        return TrailStatus(
            status="verified",
            detail=f"{whole}; nsed {written_by} wrote it, so that what is shown here "
            "was not held against it",
        )
    acts = trail_of(record)
    signed = trail.entries[1:-1]
    if len(acts) != len(signed):
        return _broken("the run that is shown is not the one that was signed")
    for act, entry in zip(acts, signed, strict=True):
        # What runs this server is not read from where runs are kept.
        if act.kind == entry.kind == "program":
            continue
        if (act.kind, act.author) != (entry.kind, entry.author) or _told(
            act.kind, act.body, record
        ) != _told(entry.kind, entry.body, record):
            return _broken(
                f"what is shown is not what was signed: entry {entry.seq} ({act.kind})"
            )
    return TrailStatus(status="verified", detail=whole)


def _told(kind: str, body: Mapping[str, Any], record: RunRecord) -> dict[str, Any]:
    rebuilt = kind == "verdict" and record.verdict.status == "failed"
    return {k: v for k, v in body.items() if not (rebuilt and k in _SINCE)}


def _unsigned(detail: str) -> TrailStatus:
    return TrailStatus(status="unsigned", detail=detail)


def _broken(detail: str) -> TrailStatus:
    return TrailStatus(status="broken", detail=detail)
