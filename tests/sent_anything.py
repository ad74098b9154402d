"""Requests of all kinds, made by schemathesis from a server's OpenAPI document.

Its pytest plugin does not know pytest 9.2, so that hypothesis is used directly; and
hypothesis-jsonschema, which it draws from, does not know Hypothesis 6.170. (Later
versions of schemathesis need a `jsonschema-rs` that the Agent Server refuses.)
"""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import utils
from hypothesis_jsonschema import _from_schema
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

__all__ = ["sent_anything"]

KEPT_TO = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def sent_anything(
    url: str,
    path: str,
    method: str = "GET",
    *,
    examples: int = 60,
    headers: dict[str, str] | None = None,
    mended: Callable[[Any], object] = lambda _: None,
    may_fail: Callable[[Any], bool] = lambda _: False,
) -> list[int]:
    """Send requests as they should be, and others, to one route of a server.

    Every reply has to be one of the documented ones, and none a fault of the server.

    Args:
        url: Of the server.
        path: Of the route, as the document writes it.
        method: Of the route.
        examples: How many requests.
        headers: Sent along with each.
        mended: Changes a request, so that it gets further.
        may_fail: Whether a reply of 500 and above is one that is meant.

    Returns:
        All statuses.
    """
    operation = schemathesis.openapi.from_url(f"{url}/openapi.json")[path][method]
    replies: list[int] = []

    @given(
        case=st.one_of(operation.as_strategy(generation_mode=m) for m in GenerationMode)
    )
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: Any) -> None:
        mended(case)
        response = case.call(headers=headers)
        replies.append(response.status_code)
        case.validate_response(response, checks=KEPT_TO)
        assert response.status_code < 500 or may_fail(response), response.text

    holds()
    return replies


class _Many:
    """Hypothesis' `many`, as it was called before."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._many = utils.many(*args, **options)
        self._turns: Iterator[None] | None = None

    def more(self) -> bool:
        if self._turns is None:
            self._turns = iter(self._many.__enter__())
        try:
            next(self._turns)
        except StopIteration:
            self._many.__exit__(None)
            return False
        return True

    def reject(self) -> None:
        self._many.reject()


if not hasattr(utils.many, "more"):
    _from_schema.cu = SimpleNamespace(many=_Many)
