"""A pool as a caller gives it: names, models and configurations in one list."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from langchain_core.language_models import BaseChatModel
from pydantic import ValidationError

from nsed.models.live_expert import LiveExpert, expert, expert_name, model_name
from nsed.protocol.errors import ConfigError, did_you_mean
from nsed.state.expert_config import ExpertConfig

__all__ = ["Member", "Pool", "config_of", "members"]

Member = str | ExpertConfig | LiveExpert | BaseChatModel
"""An expert's name or `provider:model`; a configuration; a chat model."""

Pool = Sequence[Member] | Mapping[str, Member]
"""Members, or members by the name they get."""

_ANY_PROVIDER: Final = "langchain.chat_models:init_chat_model"
_OPENAI_KEY: Final = "OPENAI_API_KEY"


def members(
    pool: Pool, known: Sequence[ExpertConfig]
) -> list[LiveExpert | ExpertConfig]:
    """The experts that a pool is made of, in its order.

    Args:
        pool: What the caller gave.
        known: Experts who may be called by name.

    Raises:
        ConfigError: A member is not what it should be, or the pool is empty.
    """
    if isinstance(pool, str | BaseChatModel | ExpertConfig | LiveExpert) or not (
        isinstance(pool, Sequence | Mapping)
    ):
        raise ConfigError(
            "pool: expected a list of experts, or a dict of experts by name, found "
            f"{type(pool).__name__}; one expert is a list of one"
        )
    if not pool:
        raise ConfigError("pool: it is empty; leave it out to use the configuration's")
    if isinstance(pool, Mapping):
        return [_member(one, name, (), known) for name, one in pool.items()]
    taken = [n for n in map(_own_name, pool) if n is not None]
    twice = sorted({name for name in taken if taken.count(name) > 1})
    if twice:
        raise ConfigError(
            f"pool: two experts are named {twice[0]!r}; write the pool as a dict of "
            "experts by name, and give them different ones"
        )
    found: list[LiveExpert | ExpertConfig] = []
    for one in pool:
        made = _member(one, None, taken, known)
        taken.append(config_of(made).name)
        found.append(made)
    return found


def config_of(member: LiveExpert | ExpertConfig) -> ExpertConfig:
    """What a member is configured as."""
    return member.config if isinstance(member, LiveExpert) else member


def _own_name(member: object) -> str | None:
    """The name that a member brings along."""
    if isinstance(member, LiveExpert | ExpertConfig):
        return config_of(member).name
    return member if isinstance(member, str) and ":" not in member else None


def _member(
    one: object,
    name: str | None,
    taken: Sequence[str],
    known: Sequence[ExpertConfig],
) -> LiveExpert | ExpertConfig:
    if isinstance(one, LiveExpert):
        return LiveExpert(_named(one.config, name), one.model)
    if isinstance(one, ExpertConfig):
        return _named(one, name)
    if isinstance(one, str):
        return _by_word(one, name, taken, known)
    if isinstance(one, BaseChatModel):
        called = model_name(one) or type(one).__name__
        return expert(name or expert_name(called, taken), one)
    raise ConfigError(
        f"pool: expected the name of an expert, 'provider:model', an ExpertConfig or "
        f"a LangChain chat model, found {type(one).__name__}; give a chat model "
        "itself, without with_retry, bind or with_structured_output"
    )


def _by_word(
    word: str, name: str | None, taken: Sequence[str], known: Sequence[ExpertConfig]
) -> ExpertConfig:
    by_name = {config.name: config for config in known}
    if word in by_name:
        return _named(by_name[word], name)
    provider, colon, model = word.partition(":")
    if not (provider and colon and model):
        raise ConfigError(
            f"pool: no expert is named {word!r}.{did_you_mean(word, by_name)} "
            f"There are: {', '.join(by_name)}. A model is written 'provider:model', "
            "as in 'openai:gpt-4o-mini'"
        )
    settings: dict[str, Any] = {"name": name or expert_name(model, taken)}
    if provider == "openai":
        settings |= {"model": model, "api_key_env": _OPENAI_KEY}
    else:
        settings |= {
            "provider": "langchain",
            "model_class": _ANY_PROVIDER,
            "model": word,
        }
    return _valid(settings)


def _named(config: ExpertConfig, name: str | None) -> ExpertConfig:
    if name is None or name == config.name:
        return config
    return _valid({**config.model_dump(), "name": name})


def _valid(settings: dict[str, Any]) -> ExpertConfig:
    try:
        return ExpertConfig.model_validate(settings)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"pool: expert {settings['name']!r}: {place}: {first['msg']}"
        ) from error
