"""How long to wait before asking again."""

import time

import pytest
from questions import Told, asked

from nsed.models import patience
from nsed.models.failures import CallError


async def test_a_wait_of_zero_never_waits() -> None:
    limited = CallError("rate_limit", "slow down", retry_after_s=30)
    began = time.monotonic()

    assert (await asked(Told(limited, "8"))).value == 8
    assert time.monotonic() - began < 5


async def test_the_wait_a_provider_asks_for_is_kept() -> None:
    limited = CallError("rate_limit", "slow down", retry_after_s=0.2)
    began = time.monotonic()

    assert (await asked(Told(limited, "8"), retry_wait_s=0.001)).value == 8
    assert time.monotonic() - began >= 0.2


async def test_no_provider_makes_us_wait_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "MOST_WAIT_S", 0.1)
    limited = CallError("rate_limit", "slow down", retry_after_s=3600)

    assert (await asked(Told(limited, "8"), retry_wait_s=0.001)).value == 8


async def test_a_re_ask_waits_for_nothing() -> None:
    began = time.monotonic()

    assert (await asked(Told("eight", "8"), retry_wait_s=50)).value == 8
    assert time.monotonic() - began < 5
