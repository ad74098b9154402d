"""LangChain chat models by class name: loaded, made and looked over."""

from importlib import import_module

from langchain_core.language_models import BaseChatModel

from nsed.models.community import community_chat_model
from nsed.models.failures import redact
from nsed.protocol.errors import ConfigError
from nsed.state.expert_config import ExpertConfig

__all__ = ["chat_model_of", "limit_field_of"]

LIMIT_FIELDS = (
    "max_tokens",
    "max_output_tokens",
    "max_completion_tokens",
    "max_new_tokens",
    "num_predict",
)
"""What chat models call their output limit."""


def chat_model_of(config: ExpertConfig) -> BaseChatModel:
    """Make the chat model that `model_class` names.

    Imports the class's module, which may take seconds: not for the event loop.

    Raises:
        ConfigError: One line: the class does not load, cannot be made as configured,
            or is no chat model.
    """
    name = config.model_class or ""
    settings: dict[str, object] = dict(config.model_kwargs)
    if config.model:
        settings.setdefault("model", config.model)
    if config.temperature is not None:
        settings.setdefault("temperature", config.temperature)
    if config.provider == "community":
        return community_chat_model(name, **settings)
    module, _, attribute = name.partition(":")
    try:
        kind = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"expert {config.name!r}: cannot load model_class {name!r} ({error}); "
            "expected 'package.module:Class' of an installed package"
        ) from error
    try:
        model = kind(**settings)
    except Exception as error:  # of any kind: it is the class's own code
        said = redact(str(error))
        raise ConfigError(
            f"expert {config.name!r}: {name} cannot be made: {said}"
        ) from error
    if not isinstance(model, BaseChatModel):
        raise ConfigError(f"expert {config.name!r}: {name} is not a chat model")
    return model


def limit_field_of(model: BaseChatModel) -> str | None:
    """Name the field that bounds a reply; None where the class has none we know."""
    return next((f for f in LIMIT_FIELDS if f in type(model).model_fields), None)
