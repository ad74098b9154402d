"""What a node needs to reach experts: a function from configuration to expert."""

from collections.abc import Callable

from nsed.models.base import Expert
from nsed.models.call_log import CallLog
from nsed.models.logged_expert import LoggedExpert
from nsed.state.expert_config import ExpertConfig

__all__ = ["Hiring", "logged"]

Hiring = Callable[[ExpertConfig], Expert]


def logged(hire: Hiring, calls: CallLog | None) -> Hiring:
    """Hire experts whose calls are noted in a log, if there is one."""
    if calls is None:
        return hire
    return lambda config: LoggedExpert(hire(config), calls)
