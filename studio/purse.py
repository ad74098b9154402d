"""What one run may take out of a key's budget."""

from fractions import Fraction
from typing import Final

from nsed.protocol.usage import NANO_USD
from nsed.state.context import DeliberationConfig
from nsed.studio.access_key import AccessKey
from nsed.studio.accounts import Account
from nsed.studio.refusal import RefusedError

__all__ = ["no_money", "share_of"]

_SLOTS: Final = 8
"""Into how many parts what is free is divided where a key has no `concurrent`."""
_SOON_S = 5.0


def share_of(account: Account, key: AccessKey, config: DeliberationConfig) -> int:
    """Say how much to set aside for one run, in nano-dollars; the run's cap.

    That is the least of what is free, the run's own cap and the key's `usd_per_run`.
    Where neither of these is given it is an equal share of what is free: so as many
    runs as the key may have at one time find something.

    Args:
        account: How the key stands.
        key: Its limits; has a budget.
        config: The run's settings, all prices known.

    Raises:
        RefusedError: Nothing is left, and the run would cost something.
    """
    budget = _nano(key.budget_usd or 0)
    free = max(0, budget - account.spent - account.set_aside)
    costs = any(
        expert.usd_per_mtok_input or expert.usd_per_mtok_output
        for expert in config.experts
    )
    per_run = None if key.usd_per_run is None else _nano(key.usd_per_run)
    given = [cap for cap in (config.caps.nano_usd, per_run) if cap is not None]
    slots = max(1, (key.concurrent or _SLOTS) - account.at_work)
    amount = min([free, *(given or [free // slots])])
    if amount > 0 or not costs or 0 in given:
        return amount
    if account.set_aside:
        raise RefusedError(
            429,
            "the budget of this key is set aside for its runs at work; try again later",
            code="rate_limit_exceeded",
            type="rate_limit_error",
            retry_after_s=_SOON_S,
        )
    when = " for today (UTC)" if key.per_day else ""
    raise no_money(f"the budget of this key is spent{when}")


def no_money(words: str) -> RefusedError:
    """The refusal that asking again does not change."""
    return RefusedError(
        429,
        words,
        code="insufficient_quota",
        type="insufficient_quota",
        headers={"x-should-retry": "false"},  # the `openai` client heeds it
    )


def _nano(usd: float) -> int:
    # A tenth means a tenth, not its float.
    return int(Fraction(str(usd)) * NANO_USD)
