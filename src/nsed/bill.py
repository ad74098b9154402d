"""The bill of a run: what some of its calls used, and what a reader has to know."""

from collections.abc import Collection
from dataclasses import dataclass

from nsed.phrases import dollars
from nsed.protocol.usage import Usage, total_usage
from nsed.state.records import CallRecord

__all__ = ["BillLine", "bill_line", "bill_remarks"]


@dataclass(frozen=True, kw_only=True)
class BillLine:
    """Some calls, added up."""

    used: Usage
    failed: int
    """How many gave nothing usable."""
    cached: int
    """How many were answered from the response cache, at no cost."""


def bill_line(calls: Collection[CallRecord]) -> BillLine:
    """Add up calls: of one expert, of one phase, or all of a run."""
    return BillLine(
        used=total_usage(call.usage for call in calls),
        failed=sum(call.outcome != "ok" for call in calls),
        cached=sum(call.cached for call in calls),
    )


def bill_remarks(calls: Collection[CallRecord]) -> list[str]:
    """What does not go without saying, in plain words."""
    remarks, total = [], total_usage(call.usage for call in calls)
    if lost := sum(call.outcome == "lost" for call in calls):
        remarks.append(f"{lost} cut off by the end of a process: perhaps charged")
    if any(call.cached for call in calls):
        remarks.append("cached: answered from the response cache, at no cost")
    if total.estimated_calls:
        remarks.append("~ estimated, because no token counts were reported")
    if total.unpriced_calls and total.nano_usd:
        known = dollars(total.nano_usd)
        remarks.append(f"the calls with known prices cost {known} USD")
    return remarks
