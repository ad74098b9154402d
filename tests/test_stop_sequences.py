"""Where a text ends."""

import pytest

from nsed.protocol.errors import ConfigError
from nsed.stop_sequences import cut, stop_list


@pytest.mark.parametrize(
    ("stops", "left", "was_cut"),
    [
        ([], "one two three", False),
        (["four"], "one two three", False),
        (["two"], "one ", True),
        (["three", "two"], "one ", True),  # the first in the text, not in the list
        (["one"], "", True),
        (["three"], "one two ", True),
    ],
)
def test_a_text_ends_before_the_first_stop(
    stops: list[str], left: str, was_cut: bool
) -> None:
    assert cut("one two three", stops) == (left, was_cut)


def test_none_one_or_several_may_be_given() -> None:
    assert stop_list(None) == []
    assert stop_list("x") == ["x"]
    assert stop_list(("x", "y")) == ["x", "y"]


@pytest.mark.parametrize("wrong", ["", [""], [3], ["x", None]])
def test_a_stop_that_is_no_text_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigError, match="stop: each stop sequence"):
        stop_list(wrong)  # type: ignore[arg-type]
