"""`/healthz`: is the process up? `/readyz`: could a run be made?"""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from nsed.run import VERSION
from nsed.studio.admission import TheCaller
from nsed.studio.error_statuses import failing_with
from nsed.studio.readiness import Readiness, ReadinessCheck

__all__ = ["health_routes"]

health_routes = APIRouter(tags=["Health"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str = VERSION


@health_routes.get("/healthz", responses=failing_with(400, 403, 421))
async def health() -> Health:
    """The process is up. Needs no key, asks nobody."""
    return Health()


@health_routes.get(
    "/readyz",
    responses={
        **failing_with(400, 401, 403, 421, 500),
        503: {"model": Readiness, "description": "No run could be made now."},
    },
)
async def ready(request: Request, response: Response, caller: TheCaller) -> Readiness:
    """Whether the models that a run will use answer.

    Each is asked for a word, as a run would ask it; what they said is kept for a
    minute, so that asking often costs nothing. Strangers to a keyed server are not
    told, and those with a key not why.
    """
    check: ReadinessCheck = request.app.state.readiness
    found = await check()
    response.status_code = 503 if found.status == "unready" else 200
    if caller.name:  # causes may quote settings, which are the owner's alone
        found = found.model_copy(
            update={
                "experts": [
                    one.model_copy(update={"reason": "" if one.up else "down"})
                    for one in found.experts
                ]
            }
        )
    return found
