"""Who was bound, and the broker's account of it. Frozen, plain, versioned."""

from typing import Literal

from pydantic import Field

from nsed.state.record import Record

__all__ = [
    "Forecast",
    "LeftOut",
    "LimitUse",
    "Receipt",
    "Role",
    "Seat",
    "SeatReason",
    "TaskProfile",
    "Team",
]

Role = Literal["proposer", "reviewer"]


class Seat(Record):
    """One expert in one role."""

    expert: str
    role: Role


class TaskProfile(Record):
    """What kind of task this is and how long its texts will be, in tokens."""

    category: str
    """`math`, `code`, `knowledge`, `language`, `general`, or the user's own."""
    input_tokens: int
    """The task itself."""
    answer_tokens: int
    """Expected length of one proposal."""
    critique_tokens: int
    """Expected output of a reviewer about one candidate."""


class SeatReason(Record):
    """Why a seat was given."""

    expert: str
    role: Role
    value: float
    """What the seat is expected to bring, in nats of evidence."""
    chance: float
    """Posterior mean: that its answer is right, or that its ballot agrees with the
    final winner."""
    low: float
    high: float
    """90 % interval of `chance`."""
    observed: float
    """How many (decayed) observations stand behind it; 0 is the prior alone."""
    usd: float | None
    """Expected over all planned rounds; None where the price is unknown."""
    latency_s: float | None
    """p95 of one call; None where nothing is known yet."""
    why: str


class LimitUse(Record):
    """One limit: how much of it the team uses."""

    limit: str
    """As the user knows it: `max_usd`, `proposer seats (most)`, `vram of gpu-box`."""
    unit: str
    used: float
    allowed: float
    slack: float


class LeftOut(Record):
    """An expert without a seat, and the cheapest change that would give it one."""

    expert: str
    why: str
    change: str
    """In words; empty if no single change would do, or it was not examined."""
    value_lost: float | None = None
    """What the team would lose with this expert pinned, in nats; None where pinning
    it breaks a limit."""
    limit_broken: str | None = None
    """The limit that pinning it would break."""


class Forecast(Record):
    """What the team is expected to use, all planned rounds together."""

    rounds: int
    """How many rounds the limits carry, at most the configured ones."""
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    """None where a price is unknown."""
    usd_least: float | None
    """One round, and it is settled."""
    usd_most: float | None
    """Every answer and critique as long as allowed; no more than the cap."""
    seconds: float | None
    """All planned phases at the p95 of their slowest seat; None: nothing known."""
    utility: tuple[float, ...]
    """U(1), U(2), … of the utility curve (its constants are illustrative)."""


class Receipt(Record):
    """The broker's account of its choice."""

    status: Literal["optimal", "feasible"]
    """`feasible`: best found, at most `gap` below the bound."""
    objective: float
    """Value of the team less its redundancy, in nats."""
    bound: float
    """No team within the limits is worth more."""
    gap: float
    """(bound - objective) / bound, 0 when optimal."""
    redundancy: float
    """What was deducted for correlated errors, in nats."""
    chosen: tuple[SeatReason, ...]
    limits: tuple[LimitUse, ...]
    left_out: tuple[LeftOut, ...]
    correlation: float
    """ρ: mean pairwise error correlation of the proposers."""
    n_eff: float
    """n/(1+(n-1)ρ): how many independent proposers they are worth."""
    forecast: Forecast
    notes: tuple[str, ...] = ()
    """In plain words: prices and latencies that are unknown, rounds cut, and so on."""


class Team(Record):
    """Who the broker bound for a round."""

    round: int
    started_at: float = 0.0
    """Unix time of the binding, in seconds."""
    broker: str
    """Which broker chose."""
    seats: tuple[Seat, ...]
    bound: str = "first round"
    """Why this team: `first round`, `kept`, or `re-bound: …` with the cause."""
    profile: TaskProfile | None = None
    unreachable: dict[str, str] = Field(default_factory=dict)
    """Experts found gone when their endpoint was looked up, and the cause."""
    receipt: Receipt | None = None

    def in_role(self, role: Role) -> tuple[str, ...]:
        """Names of the experts in a role, in seat order."""
        return tuple(seat.expert for seat in self.seats if seat.role == role)
