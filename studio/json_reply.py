"""JSON in ASCII: a text may hold half a surrogate pair, which UTF-8 cannot write."""

import json
import math
from typing import Any

from starlette.responses import JSONResponse

__all__ = ["JsonReply"]


class JsonReply(JSONResponse):
    """A reply that any text fits into."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - any JSON
        """Write it."""
        try:
            return _written(content)
        except ValueError:  # JSON knows no infinity
            return _written(_finite(content))


def _written(content: object) -> bytes:
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def _finite(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list) else value
