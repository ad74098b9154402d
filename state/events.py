"""What a run tells while it runs, as LangGraph custom stream events."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from nsed.state.records import Phase

__all__ = ["DeliberationEvent"]


class DeliberationEvent(TypedDict):
    """One thing that happened; plain data, so every door can pass it on."""

    event: Literal[
        "bound",
        "asked",
        "proposed",
        "voted",
        "absent",
        "tallied",
        "halted",
        "decided",
        "synthesized",
    ]
    round: int
    phase: NotRequired[Phase]
    expert: NotRequired[str]
    experts: NotRequired[list[str]]
    """Of `bound`: who has a seat."""
    answer: NotRequired[str | None]
    """Of `proposed` and `synthesized`: the short answer; of `tallied`: the leading
    one."""
    used: NotRequired[bool]
    """Of `synthesized`: whether its text is the verdict's."""
    weights: NotRequired[dict[str, int]]
    """Of `voted`: by `label=answer`, for people."""
    net_support: NotRequired[float | None]
    conviction: NotRequired[float]
    reason: NotRequired[str]
    """Of `absent` and `halted`; of `bound`: why this team; of `decided`: what the user
    decided."""
