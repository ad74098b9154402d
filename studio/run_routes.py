"""The routes of the run page: runs begun, shown, stopped, resumed, forked."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from nsed.studio.admission import TheCaller
from nsed.studio.api_route import REFUSALS, ApiRoute
from nsed.studio.json_reply import JsonReply
from nsed.studio.run_control import RunControl
from nsed.studio.run_entry import run_entries
from nsed.studio.run_replies import (
    Asked,
    Begun,
    Decision,
    Fork,
    RunList,
    StandReply,
    ToldRun,
)
from nsed.studio.told_run import told_run

__all__ = ["RunId", "TheControl", "api_router", "run_routes"]

RunId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,128}$", description="Of the run.")
]


def _control(request: Request, caller: TheCaller) -> RunControl:
    state = request.app.state
    return RunControl(state.service, state.admission, caller)


TheControl = Annotated[RunControl, Depends(_control)]
"""Of a route: the caller's hold on his runs; refused before the route runs if he may
not."""


def api_router() -> APIRouter:
    """A router whose routes refuse in one shape."""
    return APIRouter(
        prefix="/api",
        tags=["runs"],
        route_class=ApiRoute,
        responses=REFUSALS,
        default_response_class=JsonReply,
    )


def run_routes() -> APIRouter:
    """`/api/runs` and what can be done with each."""
    router = api_router()

    @router.get("/runs")
    async def runs(
        control: TheControl, most: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> RunList:
        """The caller's latest runs, the newest first."""
        return RunList(
            runs=await run_entries(control.service, control.caller.name, most),
            presets=control.presets(),
        )

    @router.post("/runs", status_code=201)
    async def ask(asked: Asked, control: TheControl) -> Begun:
        """Begin a run; it goes on whether or not somebody watches."""
        return Begun(id=(await control.ask(asked.task, asked.preset)).run.run_id)

    @router.get("/runs/{run_id}", response_model=ToldRun)
    async def run(run_id: RunId, control: TheControl) -> Any:  # noqa: ANN401 - JSON
        """Everything about a run, as far as it is."""
        return await told_run(control, run_id)

    @router.post("/runs/{run_id}/stop")
    async def stop(run_id: RunId, control: TheControl) -> StandReply:
        """End a run with its best answer so far."""
        return StandReply.of(run_id, await control.stop(run_id))

    @router.post("/runs/{run_id}/cancel")
    async def cancel(run_id: RunId, control: TheControl) -> StandReply:
        """Give a run up, without an answer; it can be resumed."""
        return StandReply.of(run_id, await control.cancel(run_id))

    @router.post("/runs/{run_id}/resume")
    async def resume(run_id: RunId, control: TheControl) -> StandReply:
        """Go on with a run whose process ended, or that was given up."""
        return StandReply.of(run_id, await control.resume(run_id))

    @router.post("/runs/{run_id}/decide")
    async def decide(
        run_id: RunId, decision: Decision, control: TheControl
    ) -> StandReply:
        """Answer what a run asks after a round, and go on with it."""
        await control.decide(run_id, decision)
        return StandReply.of(run_id, await control.standing(run_id))

    @router.post("/runs/{run_id}/fork", status_code=201)
    async def fork(run_id: RunId, wanted: Fork, control: TheControl) -> Begun:
        """Begin another run where this one stood before a round."""
        live = await control.fork(run_id, wanted.from_round, wanted.knobs)
        return Begun(id=live.run.run_id)

    return router
