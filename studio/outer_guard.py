"""Around all doors: no exception leaves as a stack trace, and a line a request."""

import asyncio
import logging
import time
import uuid
from pathlib import PurePath
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nsed.studio.login_page import LOGIN, login_url
from nsed.studio.refusal import RefusedError, error_reply

__all__ = ["ACCESS", "OuterGuard"]

ACCESS = "nsed.studio.access"
"""Logger of requests: method, path, status, time, name of the key; nothing else."""
_PATH_CHARS = 200

_access = logging.getLogger(ACCESS)
_log = logging.getLogger(__name__)


class OuterGuard:
    """The outermost middleware.

    What goes wrong inside is told by a number: the log has the kind of the error and
    where it came from, never its words, which may quote a prompt or a key.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # there are none
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except RefusedError as refusal:
            await _reply(_refused(scope, refusal), status, scope, receive, noting)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            reply = error_reply(
                503, "the run was given up", code="cancelled", type_="server_error"
            )
            await _reply(reply, status, scope, receive, noting)
        except Exception as error:  # noqa: BLE001 - whatever it is, it stays in here
            number = uuid.uuid4().hex[:12]
            _log.error("error %s: %s", number, _whence(error))
            reply = error_reply(
                500,
                f"something went wrong here; the log of the server calls it {number}",
                code="internal_error",
                type_="server_error",
                headers={"x-should-retry": "false"},  # it may have cost a whole run
            )
            await _reply(reply, status, scope, receive, noting)
        finally:
            _access.info(
                "%s %s %d %d ms %s",
                scope["method"],
                ascii(scope["path"][:_PATH_CHARS])[1:-1],
                status,
                round(1000 * (time.perf_counter() - begun)),
                getattr(scope.get("state", {}).get("caller"), "name", "") or "-",
            )


async def _reply(
    reply: Response, status: int, scope: Scope, receive: Receive, send: Send
) -> None:
    if not status:  # else it is too late; the server cuts the connection
        await reply(scope, receive, send)


def _refused(scope: Scope, refusal: RefusedError) -> Response:
    """A browser that asks for a page is shown the way in, all others the words."""
    request = Request(scope)
    page = (
        request.method == "GET"
        and "text/html" in request.headers.get("accept", "")
        and not request.url.path.startswith("/v1/")
    )
    if refusal.status == 401 and page and request.url.path != LOGIN:  # noqa: PLR2004
        return RedirectResponse(login_url(request), status_code=303)
    return refusal.reply()


def _whence(error: BaseException) -> str:
    """Kind of an error and the last line of ours it went through; not its words."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    place: Any = error.__traceback__
    where = ""
    while place is not None:
        module = place.tb_frame.f_globals.get("__name__", "")
        if module.startswith("nsed"):
            name = PurePath(place.tb_frame.f_code.co_filename).name
            where = f" in {module} ({name}, line {place.tb_lineno})"
        place = place.tb_next
    return f"{type(error).__name__}{where}"
