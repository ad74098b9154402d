"""Checking values against schemas that anybody may have written."""

from typing import Any

import pytest

from nsed.json_schema_check import checked_schema
from nsed.protocol.errors import ConfigError

POINT = {
    "type": "object",
    "properties": {
        "x": {"type": "integer", "minimum": 0},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "maxItems": 2},
    },
    "required": ["x"],
    "additionalProperties": False,
    "$defs": {"tag": {"type": "string", "pattern": "^[a-z]+$"}},
}


@pytest.mark.parametrize("value", [{"x": 1}, {"x": 0, "tags": ["a", "bc"]}])
def test_what_fits_passes(value: dict[str, Any]) -> None:
    checked_schema(POINT)(value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({}, "object: 'x' is a required property"),
        ({"x": "1"}, "x: '1' is not of type 'integer'"),
        ({"x": -1}, "x: -1 is less than the minimum"),
        ({"x": 1, "y": 2}, "object: Additional properties are not allowed"),
        ({"x": 1, "tags": ["A"]}, "tags.0: does not match"),
        ({"x": 1, "tags": ["a", "b", "c"]}, "tags: .* is too long"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(
    value: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        checked_schema(POINT)(value)


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "objct"}, "not a JSON schema at type"),
        ({"type": "array"}, "describes a 'array'; it should describe an object"),
        ({"properties": {"a": {"$ref": "#/$defs/no"}}, "$ref": "#/x"}, "refers to"),
        ({"patternProperties": {"a": {}}}, "patternProperties is not supported"),
        (
            {"properties": {"a": {"pattern": "(?=x)"}}},
            "look-around and back-references are not supported",
        ),
        ({"properties": {"a": {"pattern": "("}}}, "JSON schema"),
    ],
)
def test_a_schema_of_no_use_is_found_before_anything_is_asked(
    schema: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        checked_schema(schema)


@pytest.mark.parametrize(
    "place", ["http://127.0.0.1:9/x.json", "file:///etc/passwd", "other.json"]
)
def test_nothing_is_fetched_for_a_schema(place: str) -> None:
    """The reference leads nowhere, and that is said."""
    for schema in ({"$ref": place}, {"properties": {"a": {"$ref": place}}}):
        with pytest.raises(ConfigError, match="which is not in it"):
            checked_schema(schema)


def test_a_pattern_that_would_backtrack_for_ages_does_not() -> None:
    check = checked_schema({"properties": {"a": {"pattern": "^(a+)+$"}}})

    with pytest.raises(ValueError, match="does not match"):
        check({"a": "a" * 5000 + "!"})  # `re` would take longer than the universe


def test_references_that_multiply_are_cut_off() -> None:
    defs: dict[str, Any] = {"d0": {"type": "object"}}
    for n in range(1, 40):
        defs[f"d{n}"] = {"allOf": [{"$ref": f"#/$defs/d{n - 1}"}] * 2}
    bomb = {"$ref": "#/$defs/d39", "$defs": defs}

    with pytest.raises((ConfigError, ValueError), match="references"):
        checked_schema(bomb)({})


def test_a_schema_that_refers_to_itself_takes_nested_values() -> None:
    tree = {
        "type": "object",
        "properties": {"next": {"$ref": "#"}},
        "additionalProperties": False,
    }
    check = checked_schema(tree)
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"next": deep}

    check({"next": {"next": {}}})
    with pytest.raises(ValueError, match=r"next.next: Additional"):
        check({"next": {"next": {"x": 1}}})
    with pytest.raises(ValueError, match="nested too deeply"):
        check(deep)
