"""What a person is asked after a round, and what may be decided."""

from collections.abc import Awaitable, Callable
from typing import Literal, Self

from pydantic import Field, model_validator

from nsed.state.record import Record

__all__ = [
    "Deciding",
    "HumanDecision",
    "HumanQuestion",
    "Intervention",
    "OnTheTable",
]

Action = Literal["approve", "stop", "note", "veto"]


class HumanDecision(Record):
    """What the user wants after a round."""

    action: Action = "approve"
    """`approve`: as the rules say; `stop`: end with the best answer so far; `note`:
    tell all experts something; `veto`: rule an answer out."""
    note: str = Field(default="", max_length=2000)
    """What all experts are told from now on; a veto may have one, too."""
    veto: str = ""
    """Id of the proposal whose answer is ruled out."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.action == "note" and not self.note.strip():
            msg = "note: should say something"
            raise ValueError(msg)
        if (self.action == "veto") != bool(self.veto):
            msg = "veto: goes with the action veto, and needs a proposal's id"
            raise ValueError(msg)
        if self.note and self.action not in ("note", "veto"):
            msg = f"note: does not go with the action {self.action}"
            raise ValueError(msg)
        return self


class OnTheTable(Record):
    """A proposal that may be vetoed."""

    proposal: str
    answer: str | None
    text: str
    net_support: float | None
    """None where nobody voted on it."""


class HumanQuestion(Record):
    """What the user is asked: the round, what leads, and what would come next."""

    round: int
    leading: str
    """Id of the proposal that leads."""
    conviction: float
    would_stop: str | None
    """The reason to stop that `approve` goes along with; None: another round."""
    proposals: tuple[OnTheTable, ...]
    """The best first."""
    problem: str = ""
    """What was wrong with the last decision, if it is asked again."""


class Intervention(Record):
    """A decision, as it was taken."""

    round: int
    """The round it came after."""
    action: Action
    note: str = ""
    veto: str = ""
    vetoed_answer: str = ""
    """Key of the answer that is ruled out; all proposals that give it are."""


Deciding = Callable[[HumanQuestion], Awaitable[HumanDecision]]
"""Answers for the user."""
