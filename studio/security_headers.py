"""What every reply tells browsers: load nothing, frame nothing, keep nothing."""

import re
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CONTENT_POLICY", "SecurityHeaders"]

CONTENT_POLICY: Final = (
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Where a route says nothing else; the run page has its own."""
_PLAYGROUND: Final = re.compile(r"/langserve/[^/]+(/c/[^/]+)?/playground/")
_OF_PLAYGROUND: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src "
    "'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri "
    "'none'; form-action 'self'; frame-ancestors 'none'"
)
"""LangServe's page holds a script, and compiles the schema it checks its form by."""
_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With no-referrer, browsers would send our own forms with `Origin: null`.
    "referrer-policy": "same-origin",
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
        policy = _OF_PLAYGROUND if _PLAYGROUND.match(path) else CONTENT_POLICY

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", policy)
                headers.setdefault("cache-control", "no-store")
                for name, value in _ALWAYS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, adding if scope["type"] == "http" else send)
