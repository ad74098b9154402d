"""Who is missing from a team because it is gone, too slow or too dear: absences."""

from nsed.brokers.base import BindRequest
from nsed.brokers.rebinding import reasons_to_rebind
from nsed.state.records import Absence
from nsed.state.team import Team

__all__ = ["gone_members", "team_absences"]


def team_absences(request: BindRequest, team: Team) -> dict[str, Absence]:
    """Whose seat was lost, by the key of its absence.

    A member of the last team who has no seat any more is missing from this round. So
    is an expert whose circuit is open, where the panel is short of a proposer for it:
    a panel that is smaller than it was meant to be is never shown as a full one.
    """
    sitting = {seat.expert for seat in team.seats}
    before = request.incumbent_team
    gone = _gone(request)
    lost = []
    if before is not None:
        lost = [s.expert for s in before.seats if s.expert not in sitting]
    elif _short(request, team):
        lost = [name for name in gone if name not in sitting]
    reasons = "; ".join(reasons_to_rebind(request))
    absences = {}
    for name in dict.fromkeys(lost):
        kind, reason = gone.get(name, ("", ""))
        if not kind:
            kind = "budget" if request.short else "timeout"
            reason = f"lost its seat: {reasons}"
        key = f"r{request.round}.propose.{name}"
        absences[key] = Absence(
            round=request.round, phase="propose", expert=name, kind=kind, reason=reason
        )
    return absences


def gone_members(request: BindRequest) -> dict[str, Absence]:
    """Members of the last team who are gone, where without them there is no other.

    The answer so far then counts, and has to say who was missing for a better one.
    """
    before = request.incumbent_team
    sat = {seat.expert for seat in before.seats} if before else set()
    return {
        f"r{request.round}.propose.{name}": Absence(
            round=request.round, phase="propose", expert=name, kind=kind, reason=reason
        )
        for name, (kind, reason) in _gone(request).items()
        if name in sat
    }


def _gone(request: BindRequest) -> dict[str, tuple[str, str]]:
    """Experts who cannot be asked now: kind and reason."""
    config, found = request.config, {}
    for expert in config.experts:
        may = not config.proposers or expert.name in config.proposers
        circuit = request.telemetry.circuit(expert.identity, request.now)
        if expert.name in config.bans or not may:
            continue
        if cause := request.unreachable.get(expert.name):
            found[expert.name] = ("model_gone", cause)
        elif circuit.state == "open":
            left = max(0.0, (circuit.until or request.now) - request.now)
            reason = f"its circuit is open ({circuit.cause}) for another {left:.0f} s"
            found[expert.name] = (circuit.cause, reason)
    return found


def _short(request: BindRequest, team: Team) -> bool:
    """Whether fewer propose than the configuration asks for."""
    config = request.config
    most = config.most_proposers
    return most is None or len(team.in_role("proposer")) < most
