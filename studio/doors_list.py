"""Which doors an application has: for those who start it."""

from typing import Final

from fastapi import FastAPI
from starlette.routing import Match
from starlette.types import Scope

__all__ = ["doors_of"]

_DOORS: Final = {
    "OpenAI base URL": ("POST", "/v1/chat/completions", "/v1"),
    "Run page": ("GET", "/runs", "/runs"),
    "LangServe": ("GET", "/langserve/nsed/input_schema", "/langserve/nsed"),
}
"""By name: a route that the door has, and what its users are told."""


def doors_of(app: FastAPI) -> dict[str, str]:
    """The doors by name, with the path of each."""
    return {
        name: shown
        for name, (method, path, shown) in _DOORS.items()
        if any(
            route.matches(_scope(app, method, path))[0] is Match.FULL
            for route in app.routes
        )
    }


def _scope(app: FastAPI, method: str, path: str) -> Scope:
    return {
        "type": "http",
        "app": app,
        "method": method,
        "path": path,
        "root_path": "",
        "headers": [],
        "query_string": b"",
    }
