"""The one door to langchain-community: sunset upstream, so its warnings end here."""

import os
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from langchain_core.caches import RETURN_VAL_TYPE, BaseCache
from langchain_core.language_models import BaseChatModel

from nsed.models.failures import redact
from nsed.protocol.errors import ConfigError, did_you_mean

__all__ = ["community_cache", "community_chat_model"]

BUSY_S = 5.0
"""How long to wait for another process that writes to the cache, in seconds."""


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


def community_cache(path: Path) -> BaseCache:
    """Open langchain-community's cache in an SQLite file, made where there is none.

    It blocks: not for the event loop. Several processes may use one file. What is in
    the way later on is an `OSError`.

    Raises:
        ConfigError: The file cannot be made, or is something else.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Replies are the user's own business.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        return _Cache(path)
    except Exception as error:  # of any kind: it is the database's own code
        said = redact(str(error).splitlines()[0])
        raise ConfigError(f"response cache {path} cannot be used: {said}") from error


class _Cache(BaseCache):
    """Says nothing of langchain's deprecations, and fails with one kind of error."""

    def __init__(self, path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            room = import_module("langchain_community.cache")
        database = import_module("sqlalchemy")  # community's, and here with it
        # Its SQLiteCache, but for a path that may hold any character, no connection
        # that stays open between two calls, and a wait for other processes.
        engine = database.create_engine(
            database.URL.create("sqlite", database=str(path)),
            poolclass=database.NullPool,
            connect_args={"timeout": BUSY_S},
        )
        self._same_again = database.exc.IntegrityError
        try:
            self._inner: BaseCache = room.SQLAlchemyCache(engine)
        except database.exc.OperationalError:  # somebody was faster
            self._inner = room.SQLAlchemyCache(engine)

    def lookup(self, prompt: str, llm_string: str) -> RETURN_VAL_TYPE | None:
        # Not `catch_warnings`, which is not safe beside other threads.
        warnings.filterwarnings("ignore", module=r"langchain_community\.cache")
        try:
            return self._inner.lookup(prompt, llm_string)
        except Exception as error:
            raise OSError(str(error).splitlines()[0]) from error

    def update(self, prompt: str, llm_string: str, return_val: RETURN_VAL_TYPE) -> None:
        try:
            self._inner.update(prompt, llm_string, return_val)
        except self._same_again:
            return  # another process was faster with the same reply
        except Exception as error:
            raise OSError(str(error).splitlines()[0]) from error

    def clear(self, **kwargs: Any) -> None:  # noqa: ANN401 - as the base class has it
        self._inner.clear(**kwargs)
