"""A run record as plain JSON."""

from typing import Any

from nsed.state.run_record import RunRecord

__all__ = ["run_view"]


def run_view(record: RunRecord) -> dict[str, Any]:
    """The record as it is."""
    return record.model_dump(mode="json")
