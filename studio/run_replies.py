"""What the run API takes and gives."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from nsed.state.human import HumanDecision, HumanQuestion
from nsed.studio.standing import Stand, Standing

__all__ = [
    "Asked",
    "Begun",
    "Decision",
    "Fork",
    "ListedRun",
    "RunList",
    "StandReply",
    "ToldRun",
    "TrailStatus",
]

MOST_TASK_CHARS: Final = 200_000


def _plain(text: str) -> str:
    """Refuse what no model and no database can take."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        msg = "holds half a surrogate pair, which is no Unicode"
        raise ValueError(msg) from error
    if "\0" in text:
        msg = "holds a NUL character"
        raise ValueError(msg)
    return text


def _said(text: str) -> str:
    if not text.strip():
        msg = "should say something"
        raise ValueError(msg)
    return _plain(text)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class _Reply(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Asked(_Body):
    """A new question."""

    task: Annotated[str, AfterValidator(_said)] = Field(
        min_length=1, max_length=MOST_TASK_CHARS
    )
    """What the experts are asked."""
    preset: Annotated[str, AfterValidator(_plain)] | None = Field(
        default=None, max_length=100
    )
    """Name of a preset; null: the settings without one."""


class Fork(_Body):
    """Where another run begins, and with what."""

    from_round: int = Field(ge=1, le=20)
    """The first round that the new run plays itself."""
    knobs: dict[Annotated[str, Field(max_length=60)], Any] = Field(
        default_factory=dict, max_length=40
    )
    """Knobs that it has otherwise: `rounds`, `gamma`, `rule`, `seed`, and so on."""


class Decision(HumanDecision):
    """What the owner decides after a round."""

    @model_validator(mode="after")
    def _in_unicode(self) -> Self:
        _plain(self.note)
        _plain(self.veto)
        return self


class Begun(_Reply):
    """A run that has begun."""

    id: str


class StandReply(_Reply):
    """How a run stands now."""

    id: str
    state: Stand
    reason: str
    """Why, in words; empty where that is plain."""

    @classmethod
    def of(cls, run_id: str, now: Standing) -> Self:
        """Tell it."""
        return cls(id=run_id, state=now.state, reason=now.reason)


class ListedRun(_Reply):
    """A run in the list."""

    id: str
    task: str
    """Cut off after 1000 characters."""
    state: Stand
    begun_at: float
    """Unix time, in seconds."""
    rounds: int
    """Rounds that were decided."""
    answer: str | None
    """Cut off after 1000 characters; null where there is none yet."""
    usd: float | None
    """What it cost so far, in US dollars; null where a price is unknown."""
    reason: str | None
    """Why there is no answer, or none yet."""
    forked_from: str | None
    """Where it was taken over from another run: `<id>, before round 2`."""
    graph: str


class RunList(_Reply):
    """The latest runs, the newest first, and what a new one may be begun with."""

    runs: list[ListedRun]
    presets: list[str | None]
    """What the caller may give as `preset`; null, the first if it may be: none."""


class TrailStatus(_Reply):
    """Whether a signed trail vouches for what is shown."""

    status: Literal["verified", "unsigned", "broken", "none"]
    """`none`: the run has not ended; `unsigned`: nobody has signed it here."""
    detail: str


class ToldRun(_Reply):
    """Everything about a run."""

    state: Stand
    """`open` is at work in another process, or was until its process ended."""
    reason: str
    """Why it stands so, in words; empty where that is plain."""
    at_work_elsewhere: bool
    """Of an open run: whether another process is at work at it; ask again later."""
    steps: list[str]
    """The graph's steps that are at work, or come next; empty at the end."""
    question: HumanQuestion | None
    """What it waits for its owner to decide."""
    trail: TrailStatus
    run: dict[str, Any]
    """The run as the run page shows it."""
