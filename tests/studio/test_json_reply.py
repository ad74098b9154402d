"""Replies that any text and any number fit into."""

import json

from nsed.studio.json_reply import JsonReply


def test_half_a_surrogate_pair_is_written() -> None:
    body = JsonReply({"text": "half \ud800, ö"}).body

    assert body == b'{"text":"half \\ud800, \\u00f6"}'


def test_infinity_is_no_json_and_becomes_null() -> None:
    content = {"a": [1.5, float("inf")], "b": {"c": float("nan")}, "d": "x"}

    assert json.loads(JsonReply(content).body) == {
        "a": [1.5, None],
        "b": {"c": None},
        "d": "x",
    }
