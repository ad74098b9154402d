"""The knobs of the vote's guards: who counts how much, and what bounds a bloc."""

from collections.abc import Collection
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from nsed.protocol.errors import did_you_mean

__all__ = ["VoteGuards"]


class VoteGuards(BaseModel):
    """What bounds the say of reviewers. Part of `DeliberationConfig`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    family_cap: float = Field(default=1.0, gt=0, le=1)
    """Most that reviewers of one model family may have of the say on one answer; 1 is
    no cap. Where too few families voted for that, their equal part."""

    trim: float = Field(default=0.0, ge=0, lt=0.5)
    """Share of the say to leave out of each answer's mean at the top, and as much at
    the bottom; 0 is the plain mean."""

    reviewer_weights: dict[str, Annotated[float, Field(gt=0, le=1000)]] = Field(
        default_factory=dict
    )
    """How much a reviewer's ballots count, by name; 1 for who is left out."""

    def check_reviewer_weights(self, names: Collection[str]) -> None:
        """Hold the weights against a pool.

        Raises:
            ValueError: A name that nobody has.
        """
        for name in self.reviewer_weights:
            if name not in names:
                hint = did_you_mean(name, names)
                msg = f"reviewer_weights: no expert is named {name!r}.{hint}"
                raise ValueError(msg)
