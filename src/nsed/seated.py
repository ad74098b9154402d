"""Who may be asked in a run: who needs weights, keys, an endpoint that answers."""

from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

__all__ = ["seated"]


def seated(config: DeliberationConfig, graph: str) -> tuple[ExpertConfig, ...]:
    """The experts a graph may ask: only they need weights."""
    everybody = tuple(expert.name for expert in config.experts)
    names = config.proposers or everybody
    if graph == "single_expert":
        names = names[:1]
    elif graph == "deliberation":
        names = (*names, *(config.reviewers or everybody))
    chosen = graph == "deliberation" and config.broker != "fixed"
    return tuple(
        expert
        for expert in config.experts
        if (expert.name in names and not (chosen and _shut_out(expert, config)))
        or (graph == "deliberation" and expert.name == config.synthesizer)
    )


def _shut_out(expert: ExpertConfig, config: DeliberationConfig) -> bool:
    allowed = config.licence_allowed(expert.licence)
    return expert.name in config.bans or not allowed
