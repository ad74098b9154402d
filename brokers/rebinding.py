"""When the bound team cannot go on: three causes, checked before every later round."""

from nsed.brokers.base import BindRequest
from nsed.state.team import Team

__all__ = ["kept", "reasons_to_rebind", "why_bound"]


def reasons_to_rebind(request: BindRequest) -> tuple[str, ...]:
    """Why the last team cannot play another round as it is; empty if it can.

    A circuit opened (or the endpoint is gone), a p95 breaks the phase's limit, or what
    is left of the budget does not carry a member [ours].
    """
    team, config = request.incumbent_team, request.config
    if team is None:
        return ()
    reasons = []
    for name in dict.fromkeys(seat.expert for seat in team.seats):
        identity = config.expert(name).identity
        circuit = request.telemetry.circuit(identity, request.now)
        if cause := request.unreachable.get(name):
            reasons.append(f"{name} is gone ({cause})")
        elif circuit.state == "open":
            reasons.append(f"the circuit of {name} opened ({circuit.cause})")
        elif name in request.short:
            reasons.append(f"what is left of the budget does not carry {name}")
    limit = config.phase_latency_s
    for seat in team.seats if limit is not None else ():
        identity = config.expert(seat.expert).identity
        seen = request.telemetry.summary(identity, request.now, role=seat.role)
        if seen.p95_latency_ms is not None and seen.p95_latency_ms > 1000 * (
            limit or 0
        ):
            took = seen.p95_latency_ms / 1000
            reasons.append(
                f"{seat.expert} takes {took:.1f} s as {seat.role} (p95), more than "
                f"phase_latency_s {limit:g}"
            )
    return tuple(reasons)


def kept(request: BindRequest) -> Team | None:
    """The last team for another round, if there was one and nothing speaks against."""
    team = request.incumbent_team
    if team is None or reasons_to_rebind(request):
        return None
    return team.model_copy(
        update={
            "round": request.round,
            "started_at": request.now,
            "bound": "kept",
            "receipt": None,
            "unreachable": dict(request.unreachable),
        }
    )


def why_bound(request: BindRequest) -> str:
    """What to write on a new team."""
    reasons = reasons_to_rebind(request)
    return f"re-bound: {'; '.join(reasons)}" if reasons else "first round"
