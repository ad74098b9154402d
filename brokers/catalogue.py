"""The catalogue: what a broker may look at for each expert of the pool.

Listings name what is unknown instead of filling it in.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from nsed.protocol.usage import Prices
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig, Licence
from nsed.state.team import Role, TaskProfile

__all__ = ["PROMPT_TOKENS", "Listing", "catalogue", "family_of"]

PROMPT_TOKENS: Final = 300
"""What our own words take in a prompt: the system's, the question's frame [ours]."""

_FAMILY = re.compile(
    r"claude|gemini|gemma|llama|deepseek|qwen|smollm|granite|olmo|grok|gpt|glm"
    r"|(?P<qwen>qwq|qvq)|(?P<claude>opus|sonnet|haiku)"
    r"|(?P<mistral>(?:mistral|mixtral|ministral|pixtral|codestral|magistral|devstral))"
    r"|(?P<gpt>(?<![a-z0-9])o[1-9](?![a-z0-9]))"
    r"|(?<![a-z])(?:command|falcon|kimi|nova|phi|yi)(?![a-z])"
)
"""Families by the words that model ids use; a group's name is the family."""

_BEGIN = re.compile(r"[a-z]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One expert as a broker sees it."""

    name: str
    identity: str
    """What telemetry knows it by: its name and what answers under it."""
    roles: tuple[Role, ...]
    """Roles it may take; none if `why_not` says why."""
    why_not: str
    """Why it may take no seat, and what to change; empty if it may."""
    prices: Prices
    host: str | None
    """Machine whose memory it occupies; None is elsewhere."""
    vram_bytes: int | None
    """Memory it occupies there, once."""
    server_key: str
    """What its limit of simultaneous calls belongs to."""
    concurrency: int
    family: str
    """See `family_of`."""
    params_b: float | None
    tags: tuple[str, ...]
    licence: Licence | None
    prior: float | None
    """Probability that its unaided answer is right in the task's category, as
    configured; None is unknown."""
    unknown: tuple[str, ...]
    """What nobody said, in this order: `price`, `skill`, `memory` (it is on a host),
    `family` (its name stands for it), `licence`, `size`."""


def catalogue(
    config: DeliberationConfig, *, profile: TaskProfile
) -> tuple[Listing, ...]:
    """List every expert of the pool, in its order.

    Args:
        config: The pool, the roles, the bans and the licences.
        profile: What the task is expected to be; decides the prior, and whether the
            prompt and an answer fit an expert's context.
    """
    return tuple(_listing(expert, config, profile) for expert in config.experts)


def family_of(expert: ExpertConfig) -> str:
    """Name a model's family: the configured one, else a guess, else the expert's name.

    The guess reads the last part of the model's id, in lower case: the first known
    word in it (`Meta-Llama-3.1-8B` is `llama`, `codestral` is `mistral`, `o3-mini` is
    `gpt`), else the letters it begins with, if at least two.
    """
    if expert.family:
        return expert.family
    model = PurePosixPath(expert.model.lower().replace("\\", "/")).name
    if known := _FAMILY.search(model):
        return known.lastgroup or known[0]
    begin = _BEGIN.match(model)
    return begin[0] if begin else expert.name


def _listing(
    expert: ExpertConfig, config: DeliberationConfig, profile: TaskProfile
) -> Listing:
    roles = _roles(expert.name, config)
    why_not = _why_not(expert, config, profile, roles)
    family = family_of(expert)
    prior = expert.skill_for(profile.category)
    missing = {
        "price": not expert.prices.known,
        "skill": prior is None,
        "memory": expert.host is not None and expert.vram_bytes is None,
        "family": expert.family is None and family == expert.name,
        "licence": expert.licence is None,
        "size": expert.params_b is None,
    }
    return Listing(
        name=expert.name,
        identity=expert.identity,
        roles=() if why_not else roles,
        why_not=why_not,
        prices=expert.prices,
        host=expert.host,
        vram_bytes=expert.vram_bytes,
        server_key=expert.server_key,
        concurrency=expert.concurrency,
        family=family,
        params_b=expert.params_b,
        tags=expert.tags,
        licence=expert.licence,
        prior=prior,
        unknown=tuple(what for what, is_missing in missing.items() if is_missing),
    )


def _roles(name: str, config: DeliberationConfig) -> tuple[Role, ...]:
    members: dict[Role, tuple[str, ...]] = {
        "proposer": config.proposers,
        "reviewer": config.reviewers,
    }
    return tuple(role for role, names in members.items() if not names or name in names)


def _why_not(
    expert: ExpertConfig,
    config: DeliberationConfig,
    profile: TaskProfile,
    roles: tuple[Role, ...],
) -> str:
    if expert.name in config.bans:
        return "banned; take it out of bans"
    if not roles:
        return "neither among the proposers nor among the reviewers; add it to one"
    if not config.licence_allowed(expert.licence):
        found = expert.licence or "unknown"
        allowed = ", ".join(config.allowed_licences)
        return f"its licence is {found}, and allowed_licences are {allowed}"
    answer = min(profile.answer_tokens, expert.answer_tokens or profile.answer_tokens)
    needed = profile.input_tokens + PROMPT_TOKENS + answer
    if needed > expert.context_tokens:
        return (
            f"prompt and answer take about {needed} tokens, and its context_tokens "
            f"are {expert.context_tokens}; shorten the task"
        )
    return ""
