"""A run as one line of the list."""

from typing import Final

from nsed.known_run import KnownRun
from nsed.protocol.errors import ConfigError
from nsed.protocol.usage import Usage, total_usage
from nsed.state.run_record import RunRecord
from nsed.studio.run_replies import ListedRun
from nsed.studio.run_service import RunService
from nsed.studio.standing import FoundRun, standing

__all__ = ["run_entries"]

_SHOWN: Final = 1000
"""Characters of a task or an answer."""


async def run_entries(service: RunService, owner: str, most: int) -> list[ListedRun]:
    """The latest runs of an owner, the newest first."""
    known = await service.runs(owner, most)
    return [await _entry(service, owner, one) for one in known]


async def _entry(service: RunService, owner: str, known: KnownRun) -> ListedRun:
    live = service.live(known.id, owner)
    now = await standing(service, FoundRun(known, live))
    end, answer = known.end, known.end.answer
    rounds, usd = (
        end.rounds,
        None if end.nano_usd is None else Usage(nano_usd=end.nano_usd).usd,
    )
    if live is not None or known.state in ("open", "waiting"):
        record = await _record(service, owner, known.id)
        if record is not None:
            rounds = len(record.tallies)
            usd = total_usage(call.usage for call in record.calls.values()).usd
            answer = record.verdict.answer if record.verdict else ""
    return ListedRun(
        id=known.id,
        task=_cut(known.task),
        state=now.state,
        begun_at=known.begun_at,
        rounds=rounds,
        answer=_cut(answer) or None,
        usd=usd,
        reason=now.reason or None,
        forked_from=known.forked_from or None,
        graph=known.graph,
    )


async def _record(service: RunService, owner: str, run_id: str) -> RunRecord | None:
    try:
        return await service.record(run_id, owner)
    except ConfigError:  # another version's: what is on file of it has to do
        return None


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
