"""JSON in ASCII: a text may hold half a surrogate pair, which UTF-8 cannot write."""

import json
from typing import Any

from starlette.responses import JSONResponse

__all__ = ["JsonReply"]


class JsonReply(JSONResponse):
    """A reply that any text fits into."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - any JSON
        """Write it."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
