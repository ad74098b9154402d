"""A budget: what one deliberation may use at most."""

from pydantic import BaseModel, ConfigDict, Field

from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig

__all__ = ["Budget", "caps_of"]

_KNOBS = {
    "usd": "max_usd",
    "tokens": "max_tokens",
    "calls": "max_calls",
    "seconds": "deadline_s",
}


class Budget(BaseModel):
    """Limits of a run; None is no limit. They are kept, not aimed at."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    usd: float | None = Field(default=None, ge=0, le=1e6)
    """US dollars; needs known prices of all experts."""

    tokens: int | None = Field(default=None, ge=0)
    """Input and output tokens together."""

    calls: int | None = Field(default=None, ge=0)
    """Calls, retries included."""

    seconds: float | None = Field(default=None, gt=0, le=864_000)
    """Wall-clock seconds; what is still at work then is cut off."""


def caps_of(
    budget: Budget | float | None, config: DeliberationConfig
) -> dict[str, float]:
    """The knobs that a budget sets.

    Args:
        budget: What the call may use; a number is US dollars.
        config: What it runs with otherwise.

    Raises:
        ConfigError: It is no budget, or the configuration has another limit.
    """
    if budget is None:
        return {}
    if isinstance(budget, bool) or not isinstance(budget, Budget | int | float):
        raise ConfigError(
            f"budget: expected US dollars or a Budget, found {type(budget).__name__}; "
            "write budget=0.05 or budget=Budget(tokens=20_000, seconds=60)"
        )
    limits = (
        budget
        if isinstance(budget, Budget)
        else Budget.model_construct(usd=float(budget))
    )
    caps = {
        knob: value
        for name, knob in _KNOBS.items()
        if (value := getattr(limits, name)) is not None
    }
    for name, knob in _KNOBS.items():
        set_ = getattr(config, knob)
        if knob in caps and set_ is not None and set_ != caps[knob]:
            raise ConfigError(
                f"budget: {name} is {caps[knob]:g}, and the configuration says {knob} "
                f"= {set_:g}; set it in one place"
            )
    return caps
