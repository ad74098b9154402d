"""Leave for one run."""

from dataclasses import dataclass

from nsed.nodes.hiring import Hiring
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.studio.live_run import LiveRun

__all__ = ["Granted"]


@dataclass
class Granted:
    """Leave for one run; give it to `RunService.begin`."""

    config: DeliberationConfig
    """The run's settings, with the caps that the key allows."""
    spent: Usage | None = None
    """Set by the door when the run is over, however it ended."""
    run: LiveRun | None = None
    """The run that was begun with it."""

    def hire(self, hire: Hiring) -> Hiring:
        """Hire experts for this run."""
        return hire
