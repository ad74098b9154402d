"""Everything about a run, for the run page."""

from nsed.protocol.errors import ConfigError
from nsed.studio.run_control import RunControl
from nsed.studio.run_errors import RunNotFoundError, WrongStateError
from nsed.studio.run_replies import ToldRun
from nsed.studio.run_view import run_view
from nsed.studio.standing import standing
from nsed.studio.trail_status import trail_status

__all__ = ["told_run"]


async def told_run(control: RunControl, run_id: str) -> ToldRun:
    """Tell how a run stands, and all that is known of it.

    Raises:
        RunNotFoundError: There is none for this caller.
    """
    service, owner = control.service, control.caller.name
    found = await control.find(run_id)
    now = await standing(service, found)
    try:
        record = await service.record(run_id, owner)
    except ConfigError as error:  # another version's settings
        raise WrongStateError(str(error)) from error
    if record is None:
        raise RunNotFoundError
    snapshot = await service.history.at(found.known)
    return ToldRun(
        state=now.state,
        reason=now.reason,
        at_work_elsewhere=now.held,
        steps=list(dict.fromkeys(snapshot.next)),
        question=await control.question(found, now),
        trail=await trail_status(service.trails, now, record),
        run=run_view(record),
    )
