"""Against other sites: whom a request was meant for, and where it comes from."""

import ipaddress
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from nsed.studio.login_page import LOGIN, LOGOUT
from nsed.studio.refusal import RefusedError

__all__ = ["SiteGuard"]

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ANYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - a name for it
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = frozenset({LOGIN, LOGOUT})
"""Where HTML forms lead; everywhere else what changes something comes as JSON."""


class SiteGuard:
    """Refuses what a page of another site makes a browser send.

    - The host that is asked for has to be one of ours: a name that an attacker makes
      point to this machine (DNS rebinding) is not.
    - What says it comes from another origin is refused, unless it opens a page.
    - What changes something has to be JSON, which a page of another site cannot send
      without asking first; and nobody is told that he may.
    """

    def __init__(self, app: ASGIApp, *, host: str, allowed: Collection[str]) -> None:
        """Wrap an application.

        Args:
            app: What is wrapped.
            host: Address the server listens at.
            allowed: Further names under which clients reach it.
        """
        self.app = app
        self.hosts = {*_LOOPBACK, host, *allowed} - _ANYWHERE
        self.any_address = host in _ANYWHERE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            RefusedError: It is not for us, or not from whom it should be.
        """
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            host = self._require_host(headers)
            _require_origin(scope["method"], headers, host)
            if scope["method"] not in _SAFE:
                _require_json(scope["path"], headers)
        await self.app(scope, receive, send)

    def _require_host(self, headers: Headers) -> str:
        asked = headers.getlist("host")
        name = _name_of(asked[0]) if len(asked) == 1 else None
        if name is None:
            raise RefusedError(400, "needs one Host header", code="bad_host")
        if name in self.hosts or (self.any_address and _is_address(name)):
            return asked[0]
        raise RefusedError(
            421,
            "this server does not answer to that host name; if it is right, add it to "
            "allowed_hosts in [server]",
            code="unknown_host",
        )


def _require_origin(method: str, headers: Headers, host: str) -> None:
    origins, site = headers.getlist("origin"), headers.get("sec-fetch-site")
    opens = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
    # The scheme may differ: a proxy before us may speak TLS.
    ours = all(o.partition("://")[2].lower() == host.lower() for o in origins)
    # So a form of ours comes where a proxy forbids referrers; no page sets the latter.
    ours = ours or (origins == ["null"] and site == "same-origin")
    if ours and (site in (None, "same-origin", "none") or opens):
        return
    raise RefusedError(
        403,
        "this comes from a page of another site, which may not ask here",
        code="cross_site",
        type="permission_error",
    )


def _require_json(path: str, headers: Headers) -> None:
    kinds = [kind.partition(";")[0].strip() for kind in headers.getlist("content-type")]
    empty = "transfer-encoding" not in headers
    empty = empty and headers.get("content-length", "0") == "0"
    if kinds == ["application/json"] or (empty and not kinds):
        return
    if path in _FORMS and kinds == ["application/x-www-form-urlencoded"]:
        return
    raise RefusedError(
        415, "needs the content type application/json", code="unsupported_media_type"
    )


def _name_of(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return (parts.hostname or "").rstrip(".") or None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
