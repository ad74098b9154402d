"""Whether a trail is whole, is believed, and tells of this very record."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from nsed.protocol.canonical_json import canonical_json
from nsed.protocol.trail_check import check_trail
from nsed.state.run_record import RunRecord
from nsed.trail.run_trail import trail_of

__all__ = ["TrailStatus", "trail_status"]


@dataclass(frozen=True)
class TrailStatus:
    """What became of a check."""

    status: Literal["verified", "unsigned", "broken"]
    """`broken` also where the trail is whole, and tells of something else."""
    detail: str
    """In words."""


def trail_status(
    record: RunRecord, data: bytes | None, *, trusted: Collection[bytes]
) -> TrailStatus:
    """Hold a trail against the record that it should tell of.

    Args:
        record: Of a run that has ended.
        data: The trail's file; None where there is none.
        trusted: Public keys to believe, 32 bytes each.
    """
    if data is None:
        return TrailStatus("unsigned", "there is no trail beside it")
    checked = check_trail(data, trusted=trusted)
    if checked.fault is not None:
        return TrailStatus("broken", str(checked.fault))
    acts = trail_of(record)
    told = checked.entries[1:-1]
    for act, entry in zip(acts, told, strict=False):
        mine = _line(act.kind, act.body, act.time, act.author)
        if mine != _line(entry.kind, entry.body, entry.time, entry.author):
            words = f"entry {entry.seq} ({entry.kind}) is not what the record says"
            return TrailStatus("broken", words)
    if len(acts) != len(told) or checked.run_id != record.run_id:
        return TrailStatus("broken", "it does not tell of this record")
    entries = len(checked.entries)
    return TrailStatus("verified", f"{entries} entries, signed by {checked.signer}")


def _line(*parts: Any) -> bytes:  # noqa: ANN401 - JSON
    return canonical_json([*parts])
