"""The one door to langchain-community: sunset upstream, so its warning ends here."""

import warnings
from importlib import import_module

from langchain_core.language_models import BaseChatModel

from nsed.models.failures import redact
from nsed.protocol.errors import ConfigError, did_you_mean

__all__ = ["community_chat_model"]


def community_chat_model(class_name: str, **settings: object) -> BaseChatModel:
    """Make one of langchain-community's chat models by class name.

    Raises:
        ConfigError: There is no such class, or it does not take these settings.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        room = import_module("langchain_community.chat_models")
        if class_name not in room.__all__:
            hint = did_you_mean(class_name, room.__all__)
            msg = f"langchain_community has no chat model {class_name!r}.{hint}"
            raise ConfigError(msg)
        try:
            model: BaseChatModel = getattr(room, class_name)(**settings)
        except Exception as error:  # of any kind: it is the class's own code
            said = redact(str(error))
            msg = f"langchain_community's {class_name} cannot be made: {said}"
            raise ConfigError(msg) from error
    return model
