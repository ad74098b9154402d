"""The routes of the offline debugger: a run after each of its steps."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from nsed.studio.checkpoint_view import (
    CheckpointLine,
    CheckpointList,
    CheckpointState,
)
from nsed.studio.run_errors import RunNotFoundError
from nsed.studio.run_routes import RunId, TheControl, api_router

__all__ = ["checkpoint_routes"]

CheckpointId = Annotated[str, Path(pattern=r"^[0-9A-Za-z-]{1,64}$")]


def checkpoint_routes() -> APIRouter:
    """`/api/runs/{id}/checkpoints`."""
    router = api_router()

    @router.get("/runs/{run_id}/checkpoints")
    async def checkpoints(
        run_id: RunId,
        control: TheControl,
        most: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> CheckpointList:
        """The latest checkpoints of a run, the oldest of them first."""
        known = (await control.find(run_id)).known
        steps = await control.service.history.steps(known, most)
        return CheckpointList(checkpoints=[CheckpointLine.of(step) for step in steps])

    @router.get("/runs/{run_id}/checkpoints/{checkpoint_id}")
    async def checkpoint(
        run_id: RunId, checkpoint_id: CheckpointId, control: TheControl
    ) -> CheckpointState:
        """The whole state of a run at a checkpoint."""
        known = (await control.find(run_id)).known
        snapshot = await control.service.history.at(known, checkpoint_id)
        if snapshot.created_at is None:
            raise RunNotFoundError("checkpoint")
        return CheckpointState.of(snapshot)

    return router
