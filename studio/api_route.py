"""A route of the run API: whatever is wrong with a request is told in one shape."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from nsed.protocol.errors import BudgetError, ConfigError, InfeasibleTeam
from nsed.studio.json_reply import JsonReply
from nsed.studio.run_errors import RunNotFoundError, WrongStateError

__all__ = ["REFUSALS", "ApiRoute", "ErrorReply"]


class Problem(BaseModel):
    """What is wrong."""

    message: str
    """In words, for people."""
    param: str | None = None
    """Which part of the request it is about."""


class ErrorReply(BaseModel):
    """The reply to a request that was not served."""

    error: Problem


REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": ErrorReply, "description": "It cannot be done as asked."},
    404: {"model": ErrorReply, "description": "It is not there, or not yours."},
    409: {"model": ErrorReply, "description": "Not with a run that stands so."},
    422: {"model": ErrorReply, "description": "The request has another form."},
}
"""How requests are refused, for the description of the API."""

_STATUS: Final[dict[type[Exception], int]] = {
    ConfigError: 400,
    BudgetError: 400,
    InfeasibleTeam: 400,
    RunNotFoundError: 404,
    WrongStateError: 409,
}


class ApiRoute(APIRoute):
    """Tells errors as `ErrorReply`. Others, and bugs, go on to whoever is outside."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route."""
        serve = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await serve(request)
            except RequestValidationError as error:
                return _refused(422, *_first(error))
            except RecursionError:
                return _refused(400, "the JSON is nested too deeply")
            except HTTPException as error:
                return _refused(error.status_code, str(error.detail))
            except tuple(_STATUS) as error:
                return _refused(_STATUS[type(error)], str(error), None)

        return told


def _refused(status: int, message: str, param: str | None = None) -> Response:
    problem = Problem(message=message, param=param)
    return JsonReply(ErrorReply(error=problem).model_dump(), status_code=status)


def _first(error: RequestValidationError) -> tuple[str, str | None]:
    found = error.errors()[0]
    where = [str(part) for part in found["loc"][1:] if part != "body"]
    param = ".".join(where)[:100] or None
    words = str(found["msg"]).removeprefix("Value error, ")
    if found["type"] == "json_invalid":
        param, words = None, "the body is not JSON"
    return (f"{param}: {words}" if param else words), param
