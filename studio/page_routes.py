"""The routes of the run page: one page for the list and for every run, and its files.

They hold no data: the page asks `/api`, which knows who may see what.
"""

import hashlib
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from nsed.studio.admission import TheCaller
from nsed.studio.login_page import LOGIN
from nsed.studio.web_files import MEDIA_TYPES, PAGE, WEB_FILES

__all__ = ["CONTENT_SECURITY_POLICY", "page_routes"]

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing inline, nothing from elsewhere, and no text that becomes markup."""

_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
_PLACES: Final = '<nav id="places" aria-label="Pages">'
_WITH_A_KEY: Final = PAGE.replace(_PLACES, f'{_PLACES}<a href="{LOGIN}">Log out</a>')
_TAGS: Final = {
    name: f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    for name, text in WEB_FILES.items()
}


def page_routes() -> APIRouter:
    """`/runs`, `/runs/{id}`, and `/web/{file}`; `/` leads to the first."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def start() -> Response:
        return RedirectResponse("/runs", headers=_HEADERS)

    @router.get("/runs")
    @router.get("/runs/{run_id}")
    async def page(
        caller: TheCaller,
        run_id: str = "",  # noqa: ARG001 - the page reads it
    ) -> Response:
        text = _WITH_A_KEY if caller.name else PAGE
        return Response(text, headers=_HEADERS, media_type=MEDIA_TYPES["html"])

    @router.get("/web/{name}")
    async def file(name: str, request: Request) -> Response:
        if name not in WEB_FILES:
            raise HTTPException(404)
        headers = {**_HEADERS, "etag": _TAGS[name]}
        if request.headers.get("if-none-match") == _TAGS[name]:
            return Response(status_code=304, headers=headers)
        kind = MEDIA_TYPES[name.rpartition(".")[2]]
        return Response(WEB_FILES[name], headers=headers, media_type=kind)

    return router
