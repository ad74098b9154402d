"""All doors in one process: the application that `nsed serve` runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from nsed.checkpoints import open_checkpoints
from nsed.config.server import ServerSettings
from nsed.config.settings import Settings
from nsed.models.hire import Hire
from nsed.run import VERSION
from nsed.studio.admission import Admission
from nsed.studio.documented_app import DocumentedApp
from nsed.studio.gate import Gate
from nsed.studio.health_routes import health_routes
from nsed.studio.idempotency import Idempotency
from nsed.studio.login_routes import login_routes
from nsed.studio.openai_routes import openai_routes
from nsed.studio.outer_guard import OuterGuard
from nsed.studio.readiness import ReadinessCheck
from nsed.studio.request_errors import no_such_thing, wrong_form
from nsed.studio.request_limits import RequestLimits
from nsed.studio.run_service import RunService
from nsed.studio.security_headers import SecurityHeaders
from nsed.studio.site_guard import SiteGuard
from nsed.telemetry import open_telemetry

__all__ = ["create_app"]

HEARTBEAT_S = 15.0
"""Seconds of silence after which a stream says that the run is still at work."""


def create_app(
    settings: Settings,
    *,
    telemetry: str = "off",
    checkpoints: str = "off",
    folder: Path | None = None,
    admission: Admission | None = None,
) -> FastAPI:
    """Make the application; experts and storage are opened when it starts.

    Routes find what they need in `app.state`: `service` (`RunService`), `settings` and
    `admission`.

    Args:
        settings: What the configuration says.
        telemetry: Where telemetry is kept, as `open_telemetry` takes it.
        checkpoints: Where runs are kept, as `open_checkpoints` takes it.
        folder: The data folder for both; by default the user's.
        admission: Who may ask, and how much; by default anybody.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        hire = Hire(response_cache=settings.response_cache)
        try:
            async with (
                app.state.admission.opened(),
                open_telemetry(telemetry, folder=folder) as store,
                open_checkpoints(checkpoints, folder=folder) as place,
            ):
                service = RunService(
                    settings, hire=hire, store=store, checkpoints=place
                )
                app.state.service = service
                app.state.readiness = ReadinessCheck(hire, settings.config())
                try:
                    yield
                finally:
                    await app.state.readiness.aclose()
                    await service.aclose()
        finally:
            await hire.aclose()

    # No /docs: those pages load scripts from elsewhere.
    app = DocumentedApp(
        title="nsed", version=VERSION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.settings = settings
    app.state.admission = admission or Admission(most_runs=settings.server.max_runs)
    app.state.idempotency = Idempotency()
    app.state.heartbeat_s = HEARTBEAT_S
    app.include_router(login_routes)
    app.include_router(health_routes)
    app.include_router(openai_routes)
    app.add_exception_handler(RequestValidationError, wrong_form)
    app.add_exception_handler(HTTPException, no_such_thing)
    _guard(app, settings.server)
    return app


def _guard(app: FastAPI, limits: ServerSettings) -> None:
    """Put what protects all routes around them; the last one added is outermost."""
    app.add_middleware(RequestLimits, limits=limits)
    app.add_middleware(Gate, admission=app.state.admission)
    app.add_middleware(SiteGuard, host=limits.host, allowed=limits.allowed_hosts)
    app.add_middleware(OuterGuard)
    app.add_middleware(SecurityHeaders)
