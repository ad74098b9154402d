"""Messages say what was found, what was wanted and what to change."""

import pytest

from nsed.protocol import errors
from nsed.protocol.errors import (
    BudgetError,
    DegradedError,
    ExpertError,
    NsedError,
    QuorumError,
    did_you_mean,
)


def test_every_error_is_an_nsed_error() -> None:
    found = [getattr(errors, name) for name in errors.__all__ if "Error" in name]

    assert len(found) == 10
    assert all(issubclass(error, NsedError) for error in found)


def test_the_docstring_draws_the_whole_tree() -> None:
    drawn = errors.__doc__ or ""

    assert all(name in drawn for name in errors.__all__ if "Error" in name)


def test_a_quorum_error_says_which_phase_fell_short_and_why() -> None:
    error = QuorumError(
        "propose", present=1, required=2, causes=["bob: timeout", "cy: empty"]
    )

    assert (error.phase, error.present, error.required) == ("propose", 1, 2)
    assert error.causes == ("bob: timeout", "cy: empty")
    assert str(error) == (
        "`propose` phase: 1 of 2 required experts answered. Check the experts below, "
        "lower `quorum`, or add experts to the pool.\n  - bob: timeout\n  - cy: empty"
    )


def test_a_degraded_error_lists_who_is_missing_and_the_way_out() -> None:
    error = DegradedError("review", causes=["bob: timeout"])

    assert (error.phase, error.causes) == ("review", ("bob: timeout",))
    assert "`review` phase" in str(error)
    assert str(error).endswith(
        'Set on_partial = "answer" to accept a degraded answer.\n  - bob: timeout'
    )


def test_an_expert_error_keeps_its_kind() -> None:
    error = ExpertError("timeout", "no reply within 3 s")

    assert error.kind == "timeout"
    assert str(error) == "no reply within 3 s"


def test_an_error_is_caught_by_its_base() -> None:
    with pytest.raises(NsedError, match="max_usd"):
        raise BudgetError("max_usd carries no call")


@pytest.mark.parametrize(
    ("found", "hint"),
    [("rond_limit", " Did you mean 'round_limit'?"), ("zzz", ""), ("", "")],
)
def test_did_you_mean(found: str, hint: str) -> None:
    assert did_you_mean(found, ["round_limit", "gamma"]) == hint
