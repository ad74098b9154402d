"""Leave for one run: what it may cost, and how it is settled when it is over."""

from dataclasses import dataclass, field

from nsed.nodes.hiring import Hiring
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.studio.live_run import LiveRun
from nsed.studio.meter import Meter

__all__ = ["Granted"]


@dataclass
class Granted:
    """Leave for one run.

    Give it to `RunService.begin`: then its calls are counted one by one, and it is
    settled when the run is over, even if that is after the door has closed. A door that
    runs something else hires its experts by `hire`, or sets `spent`.
    """

    config: DeliberationConfig
    """The run's settings, with the caps that the key allows."""
    spent: Usage | None = None
    """Of a run whose calls are not counted; left None it counts as all it may cost."""
    set_aside: int = 0
    """Nano-dollars; 0: the key has no budget."""
    meter: Meter = field(default_factory=Meter)
    run: LiveRun | None = None
    metered: bool = False

    def hire(self, hire: Hiring) -> Hiring:
        """Hire experts whose calls are counted for this run."""
        self.metered = True
        return self.meter.hire(hire)

    @property
    def cost(self) -> Usage:
        """What is booked for it."""
        if self.metered:
            return self.meter.owed
        return self.spent or Usage(nano_usd=self.set_aside)
