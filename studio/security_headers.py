"""What every reply tells browsers: load nothing, frame nothing, keep nothing."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CONTENT_POLICY", "SecurityHeaders"]

CONTENT_POLICY: Final = (
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Where a route says nothing else; the run page has its own."""
_OF_OTHERS: Final = {
    "/langserve/": "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src "
    "'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri "
    "'none'; form-action 'self'; frame-ancestors 'none'",
}
"""Pages of other packages, by the beginning of their path, that need more."""
_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class SecurityHeaders:
    """Adds them to every reply. There are no CORS headers: no other site reads one."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        found = (text for begin, text in _OF_OTHERS.items() if path.startswith(begin))
        policy = next(found, CONTENT_POLICY)

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", policy)
                headers.setdefault("cache-control", "no-store")
                for name, value in _ALWAYS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, adding if scope["type"] == "http" else send)
