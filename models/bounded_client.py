"""An HTTP client that reads no reply longer than any answer can be."""

from typing import Any

from openai import DefaultAsyncHttpxClient

from nsed.protocol.errors import ExpertError

__all__ = ["MOST_BODY_BYTES", "BoundedClient"]

MOST_BODY_BYTES = 4 * 2**20
"""Longest body that is read, in bytes, unpacked; 200,000 tokens fit several times."""

_OF_THE_BODY = {"content-encoding", "content-length", "transfer-encoding"}


class BoundedClient(DefaultAsyncHttpxClient):
    """Gives up on a body when it grows too long; the rest is never read.

    It fails as an `ExpertError` of kind `server_error`. Streams are left alone: who
    opens one says how much of it he reads.
    """

    async def send(self, request: Any, *, stream: bool = False, **options: Any) -> Any:  # noqa: ANN401 - of httpx or httpx2, whichever openai brings
        """Send a request and read what comes, up to the limit."""
        response = await super().send(request, stream=True, **options)
        if stream:
            return response
        try:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MOST_BODY_BYTES:
                    most = MOST_BODY_BYTES // 2**20
                    raise ExpertError("server_error", f"the reply is over {most} MiB")
        finally:
            await response.aclose()
        headers = [
            (name, value)
            for name, value in response.headers.multi_items()
            if name.lower() not in _OF_THE_BODY
        ]
        whole = type(response)(
            response.status_code,
            headers=headers,
            content=bytes(body),
            request=response.request,
            extensions=response.extensions,
            history=response.history,
        )
        whole.elapsed = response.elapsed
        return whole
