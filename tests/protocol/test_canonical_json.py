"""One value, one text (RFC 8785); what would be lost is refused."""

from typing import Any

import pytest
from hypothesis import given
from trails import VALUES

from nsed.protocol.canonical_json import canonical_json, read_canonical_json


def test_worked_example_of_the_rfc() -> None:
    """RFC 8785, sections 3.2.2 to 3.2.4."""
    value = {
        "numbers": [
            333333333.33333329,
            1e30,
            4.50,
            2e-3,
            0.000000000000000000000000001,
        ],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }

    assert canonical_json(value) == (
        b'{"literals":[null,true,false],'
        b'"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_sorted_by_utf_16_units_as_the_rfc_says() -> None:
    keys = ["€", "\r", "\ufb33", "1", "\U0001f600", "\x80", "ö"]

    written = read_canonical_json(canonical_json(dict.fromkeys(keys)))

    assert list(written) == ["\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33"]


@given(value=VALUES)
def test_nothing_is_lost_on_the_way_there_and_back(value: Any) -> None:
    assert read_canonical_json(canonical_json(value)) == value


@given(value=VALUES)
def test_there_is_one_text_for_a_value(value: Any) -> None:
    text = canonical_json(value)

    assert canonical_json(read_canonical_json(text)) == text


@pytest.mark.parametrize("number", [1e20, 2.0**53, -(2.0**60), 1e21, 5e-324, -0.0])
def test_numbers_that_look_whole_stay_the_floats_they_were(number: float) -> None:
    assert read_canonical_json(canonical_json({"n": number})) == {"n": number}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": [1, float("nan")]}, r"'a'\[1\]: nan is not a JSON number"),
        ({"a": {"b": float("-inf")}}, "'a'.'b': -inf is not a JSON number"),
        (2**53, r"the value: a whole number beyond 2\*\*53 - 1"),
        ({"a": -(2**53)}, r"'a': a whole number beyond 2\*\*53 - 1"),
        ({"a": "x\ud800"}, "'a': half a surrogate pair"),
        ({"\udfff": 1}, r"'\\udfff': this key is not Unicode text"),
        ({1: 1}, "1: this key is not Unicode text"),
        ([b"x"], r"\[0\]: JSON has no form for bytes"),
    ],
)
def test_what_would_be_lost_is_refused_with_its_place(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        canonical_json(value)


def test_what_is_nested_too_deeply_is_refused() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(ValueError, match="nested too deeply"):
        canonical_json(value)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_canonical_json(b"[" * 100_000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"a": 1}', "not canonical"),
        (b' {"a":1}', "not canonical"),
        (b'{"a":1}\r', "not canonical"),
        (b'{"b":1,"a":2}', "not canonical"),
        (b'{"a":1,"a":1}', "not canonical"),
        (b'{"a":1.0}', "not canonical"),
        (b'{"a":-0}', "not canonical"),
        (b'{"a":1e2}', "not canonical"),
        (b'{"a":9007199254740993}', "not canonical"),
        (rb'{"a":"\u0041"}', "not canonical"),
        (rb'{"a":"\/"}', "not canonical"),
        (b'{"a":1e999}', "inf is not a JSON number"),
        (b'{"a":' + b"9" * 5000 + b"}", "inf is not a JSON number"),
        (rb'{"a":"\ud800"}', "half a surrogate pair"),
        (b'{"a":NaN}', "not JSON"),
        (b"\xef\xbb\xbf1", "not JSON"),
        (b"", "not JSON"),
        (b'"\xff"', "not UTF-8"),
    ],
)
def test_any_other_spelling_is_refused(text: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_canonical_json(text)
