"""Logging in and out with a browser: a key for a cookie that scripts cannot read."""

from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from nsed.studio.admission import Admission
from nsed.studio.login_page import LOGIN, LOGOUT, back_to, login_page, logout_page
from nsed.studio.sessions import COOKIE

__all__ = ["login_routes"]

_MOST_CHARS: Final = 200

login_routes = APIRouter(include_in_schema=False)


@login_routes.get(LOGIN)
async def form(request: Request) -> Response:
    """Show the form, or the way out; without keys there is nothing to log in to."""
    admission: Admission = request.app.state.admission
    back = back_to(request.query_params.get("next", "/"))
    await admission.ring.refresh()
    if not admission.ring.required:
        return RedirectResponse(back, status_code=303)
    session = admission.sessions.find(request.cookies.get(COOKIE, ""))
    if session and await admission.ring.named(*session):
        return logout_page(back, session[0])
    return login_page(back)


@login_routes.post(LOGIN)
async def log_in(request: Request) -> Response:
    """Take a key, and give a cookie in its place."""
    admission: Admission = request.app.state.admission
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    token = fields.get("key", [""])[0].strip()
    back = back_to(fields.get("next", ["/"])[0])
    key = await admission.ring.find(token) if len(token) <= _MOST_CHARS else None
    if key is None:
        return login_page(back, "That key is not known here.", status=401)
    reply = RedirectResponse(back, status_code=303)
    reply.set_cookie(
        COOKIE,
        admission.sessions.begin(key),
        max_age=int(3600 * admission.session_hours),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return reply


@login_routes.post(LOGOUT)
async def log_out(request: Request) -> Response:
    """Make the cookie worthless, and take it away."""
    admission: Admission = request.app.state.admission
    admission.sessions.end(request.cookies.get(COOKIE, ""))
    reply = RedirectResponse(LOGIN, status_code=303)
    reply.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return reply
