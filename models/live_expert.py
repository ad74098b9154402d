"""A chat model that the user has made, as an expert of the pool."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel
from pydantic import ValidationError

from nsed.protocol.errors import ConfigError
from nsed.state.expert_config import ExpertConfig

__all__ = ["LiveExpert", "as_configured", "expert", "expert_name"]

_MODEL_NAMES = ("model_name", "model", "model_id", "azure_deployment")
"""Where chat models keep the name of their model."""


@dataclass(frozen=True, slots=True)
class LiveExpert:
    """A chat model, and what a record says of it; see `expert`."""

    config: ExpertConfig
    model: BaseChatModel


def expert(name: str, model: BaseChatModel, **settings: object) -> LiveExpert:
    """Make an expert of a chat model, for `pool=` of `nsed.deliberate` and others.

    Args:
        name: Its name; models never see it.
        model: Any LangChain chat model. Its own retries are calls that no budget
            sees: make it without. Of langchain-openai's they are off here anyway; a
            run retries by itself.
        settings: Further fields of `ExpertConfig`, such as `usd_per_mtok_input`,
            `usd_per_mtok_output`, `family` or `concurrency`. Prices that are not
            given are unknown, which is not the same as free.

    Raises:
        ConfigError: It is no chat model, or a setting is wrong or has no effect.
    """
    if not isinstance(model, BaseChatModel):
        raise ConfigError(
            f"expert {name!r}: expected a LangChain chat model, found "
            f"{type(model).__name__}; give the model itself, without with_retry, bind "
            "or with_structured_output"
        )
    idle = sorted(settings.keys() & _OF_THE_MODEL)
    if idle:
        raise ConfigError(
            f"expert {name!r}: {idle[0]} has no effect on a model that is already "
            "made; set it where you make the model"
        )
    kind = type(model)
    try:
        config = ExpertConfig.model_validate(
            {
                "name": name,
                "provider": "langchain",
                "model_class": f"{kind.__module__}:{kind.__qualname__}",
                "model": model_name(model),
                **settings,
            }
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"expert {name!r}: {place}: {first['msg']}") from error
    return LiveExpert(config, model)


_OF_THE_MODEL = frozenset(
    {
        "api_key_env",
        "api_key_file",
        "base_url",
        "hedge_base_url",
        "model_class",
        "model_kwargs",
        "provider",
        "script",
    }
)


def model_name(model: BaseChatModel) -> str:
    """The name of its model, where it has one."""
    found = (getattr(model, field, None) for field in _MODEL_NAMES)
    return next((name for name in found if isinstance(name, str)), "")[:300]


def expert_name(model: str, taken: Sequence[str]) -> str:
    """A name for an expert, made of a model's: legal, and not taken."""
    bare = re.sub(r"[^A-Za-z0-9._-]+", "-", model.rpartition("/")[2])
    bare = bare.strip("._-")[:56] or "expert"
    number = 1
    name = bare
    while name in taken:
        number += 1
        name = f"{bare}-{number}"
    return name


def as_configured(model: BaseChatModel, config: ExpertConfig) -> BaseChatModel:
    """The model at the temperature that a configuration asks for, if it does.

    Raises:
        ConfigError: The model cannot be told.
    """
    if config.temperature is None:
        return model
    if "temperature" not in type(model).model_fields:
        raise ConfigError(
            f"expert {config.name!r}: a temperature is set, and "
            f"{type(model).__name__} has none; take it out"
        )
    return model.model_copy(update={"temperature": config.temperature})
