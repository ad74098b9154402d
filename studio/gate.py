"""The gate: nobody passes without a key, whatever route is behind it."""

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from nsed.studio.admission import Admission
from nsed.studio.login_page import LOGIN, LOGOUT

__all__ = ["OPEN_TO_ALL", "Gate"]

OPEN_TO_ALL: Final = frozenset({"/healthz", LOGIN, LOGOUT})
"""Paths that need no key. They tell nothing and ask no model."""


class Gate:
    """Finds out who asks, before any route is chosen.

    So a route that forgets to ask is closed, too, and so is what is mounted.
    """

    def __init__(self, app: ASGIApp, *, admission: Admission) -> None:
        """Wrap an application."""
        self.app, self.admission = app, admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            RefusedError: A key is needed, and there is none.
        """
        if scope["type"] == "http" and scope["path"] not in OPEN_TO_ALL:
            caller = await self.admission.caller(Request(scope))
            scope.setdefault("state", {})["caller"] = caller
        await self.app(scope, receive, send)
