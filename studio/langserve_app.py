"""LangServe: the deliberation as a remote Runnable, with a playground.

LangServe is deprecated and under its own licence, which is not MIT: it comes with the
extra `nsed[langserve]` and with nothing else. See docs/langserve.md.

    uvicorn --factory nsed.studio.langserve_app:alone --host 127.0.0.1
"""

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pydantic import ValidationError

from nsed.config.file import load_config
from nsed.models.failures import redact
from nsed.models.hire import Hire
from nsed.protocol.errors import (
    BudgetError,
    ConfigError,
    InfeasibleTeam,
    NsedError,
)
from nsed.studio.langserve_ending import OrderlyEnd
from nsed.studio.langserve_runnable import Asked, Deliberated, ServedDeliberation
from nsed.studio.run_service import RunService

try:
    from fastapi import APIRouter, Depends, FastAPI, Request
    from fastapi.responses import JSONResponse
    from langserve import add_routes

    from nsed.studio.admission import Admission
    from nsed.studio.langserve_call import call_of_request, entered
    from nsed.studio.langserve_serializer import EventSerializer
except ImportError as error:
    raise ImportError(
        "LangServe needs other packages: pip install 'nsed[langserve]'"
    ) from error

__all__ = ["add_langserve", "alone"]

_PATH: Final = "/langserve"
_ENDPOINTS: Final = (
    "invoke",
    "batch",
    "stream",
    "stream_log",
    "stream_events",
    "playground",
    "input_schema",
    "output_schema",
    "config_schema",
    "config_hashes",
)
"""All but those that call LangSmith."""


def add_langserve(app: FastAPI) -> None:
    """Mount the deliberation at `/langserve/nsed`, the playground below it.

    Args:
        app: Its state has `service`, `settings` and `admission`; its handlers of
            exceptions hold here, too, so register them before.
    """
    # Of LangServe's own code, and of no use to whoever runs a server.
    warnings.filterwarnings("ignore", "astream_log is deprecated")
    router = APIRouter()
    add_routes(
        router,
        ServedDeliberation(entered).with_types(
            input_type=Asked,  # type: ignore[arg-type]
            output_type=Deliberated,  # type: ignore[arg-type]
        ),
        path="/nsed",
        enabled_endpoints=_ENDPOINTS,
        serializer=EventSerializer(),
        dependencies=[Depends(call_of_request)],
    )
    # An application of its own: these routes do not speak as the others do.
    inner = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    inner.state = app.state
    inner.exception_handlers.update(app.exception_handlers)
    inner.add_exception_handler(NsedError, _no_answer)
    inner.add_exception_handler(ValidationError, _wrong)
    inner.include_router(router)
    app.mount(_PATH, OrderlyEnd(inner))


def alone() -> FastAPI:
    """LangServe by itself, with the configuration that `nsed ask` would use.

    Keeps no runs and asks for no key, so it belongs on loopback.
    """
    settings = load_config()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        hire = Hire(response_cache=settings.response_cache)
        app.state.service = RunService(settings, hire=hire)
        try:
            yield
        finally:
            await app.state.service.aclose()
            await hire.aclose()

    app = FastAPI(title="nsed", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.settings = settings
    app.state.admission = Admission()
    add_langserve(app)
    return app


async def _no_answer(_: Request, error: Exception) -> JSONResponse:
    """A mistake of the request is the client's; the rest is of those we ask."""
    mistakes = ConfigError | BudgetError | InfeasibleTeam
    status = 422 if isinstance(error, mistakes) else 502
    return JSONResponse({"detail": redact(str(error))}, status)


async def _wrong(_: Request, error: Exception) -> JSONResponse:
    """An input of a batch, which LangServe itself checks too late."""
    problems: list[object] = []
    if isinstance(error, ValidationError):
        problems += error.errors(
            include_url=False, include_context=False, include_input=False
        )
    return JSONResponse({"detail": problems}, 422)
