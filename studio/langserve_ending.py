"""How a stream of LangServe ends that has no answer: in order, and with a line."""

import logging
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nsed.models.failures import redact
from nsed.protocol.errors import NsedError

__all__ = ["OrderlyEnd"]

_log: Final = logging.getLogger(__name__)


class OrderlyEnd:
    """Ends a reply that has begun where a run has failed.

    LangServe tells the client, and then raises: the reply would be cut off, and the
    log filled with a stack trace of what is no bug.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        began = False

        async def noted(message: Message) -> None:
            nonlocal began
            began = began or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            failure = _failure_in(error)
            if failure is None or not began:
                raise
            _log.warning("a run has no answer: %s", redact(str(failure)))
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _failure_in(error: BaseException | None) -> NsedError | None:
    while error is not None and not isinstance(error, NsedError):
        error = error.__cause__ or error.__context__
    return error
