"""What a node needs to reach experts: a function from configuration to expert."""

from collections.abc import Callable

from nsed.models.base import Expert
from nsed.state.expert_config import ExpertConfig

__all__ = ["Hiring"]

Hiring = Callable[[ExpertConfig], Expert]
