"""All doors in one process: the application that `nsed serve` runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from nsed.checkpoints import open_checkpoints
from nsed.config.settings import Settings
from nsed.models.hire import Hire
from nsed.run import VERSION
from nsed.studio.admission import Admission
from nsed.studio.checkpoint_routes import checkpoint_routes
from nsed.studio.event_routes import event_routes
from nsed.studio.graph_routes import graph_routes
from nsed.studio.page_routes import page_routes
from nsed.studio.run_routes import run_routes
from nsed.studio.run_service import RunService
from nsed.telemetry import open_telemetry
from nsed.trail.known_heads import heads_in

__all__ = ["create_app"]


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
                open_telemetry(telemetry, folder=folder) as store,
                open_checkpoints(checkpoints, folder=folder) as place,
            ):
                service = RunService(
                    settings,
                    hire=hire,
                    store=store,
                    checkpoints=place,
                    trails=heads_in(folder),
                )
                app.state.service = service
                try:
                    yield
                finally:
                    await service.aclose()
        finally:
            await hire.aclose()

    app = FastAPI(title="nsed", version=VERSION, lifespan=lifespan)
    app.state.settings = settings
    app.state.admission = admission or Admission()
    for routes in (
        run_routes,
        event_routes,
        checkpoint_routes,
        graph_routes,
        page_routes,
    ):
        app.include_router(routes())
    return app
