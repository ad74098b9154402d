"""A panel of scripts, so that Studio shows a deliberation where there is no model."""

from typing import Final

from pydantic import Field

from nsed.models.scripted import scripted
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

__all__ = ["OFFLINE_EXPERTS", "OfflineConfig"]

_WEIGHTS: Final = {"Answer: 9": 80, "Answer: 8": -60}

OFFLINE_EXPERTS: Final[tuple[ExpertConfig, ...]] = (
    scripted(
        "ada",
        "A script, not a model: of 17 sheep all but 9 run away, so 9 stay.\nAnswer: 9",
        weights=_WEIGHTS,
    ),
    scripted(
        "bob",
        "A script, not a model: 17 - 9 = 8\nAnswer: 8",
        'I had overread "all but": 9 stay.\nAnswer: 9',
        weights=_WEIGHTS,
    ),
    scripted(
        "cy",
        'A script, not a model: "all but 9" are gone, so 9 are left.\nAnswer: 9',
        weights=_WEIGHTS,
    ),
)
"""They say the same whatever they are asked: that 9 of 17 sheep are left."""


class OfflineConfig(DeliberationConfig):
    """The knobs of a deliberation among scripts, who need no model and no network."""

    experts: tuple[ExpertConfig, ...] = Field(default=OFFLINE_EXPERTS, max_length=256)
    """The pool. Names must differ."""

    retry_wait_s: float = Field(default=0, ge=0, le=60)
    """Wait before the first retry in seconds; doubles, with jitter."""
