"""How long an expert's prompts are before its peers have said anything."""

from nsed.brokers.seat_cost import PromptTokens
from nsed.models.base import Request
from nsed.nodes.peer_review import review_request
from nsed.nodes.proposer import propose_request
from nsed.protocol.memory_text import token_estimate
from nsed.state.context import DeliberationConfig
from nsed.state.schema import DeliberationState

__all__ = ["prompt_tokens"]


def prompt_tokens(
    state: DeliberationState, config: DeliberationConfig
) -> dict[str, PromptTokens]:
    """Measure the prompts of every expert of the pool, by an estimate of tokens.

    Experts differ only in whether they get worked examples, so two are written.
    """
    measured: dict[bool, PromptTokens] = {}
    for expert in config.experts:
        if expert.few_shot not in measured:
            alone: DeliberationState = {
                **state,
                "round": 1,
                "masks": {expert.name: ()},
                "proposals": {},
            }
            measured[expert.few_shot] = PromptTokens(
                propose=_tokens(propose_request(alone, expert.name, config, 1)),
                review=_tokens(review_request(alone, expert.name, config)),
            )
    return {expert.name: measured[expert.few_shot] for expert in config.experts}


def _tokens(request: Request) -> int:
    return sum(token_estimate(message.content) for message in request.messages)
