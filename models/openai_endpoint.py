"""Chat models behind OpenAI-compatible URLs, on one shared HTTP client a loop."""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from nsed.models.failures import redact
from nsed.protocol.errors import ConfigError
from nsed.state.expert_config import ExpertConfig

if TYPE_CHECKING:
    from openai import DefaultAsyncHttpxClient

__all__ = ["HttpClients", "chat_openai"]

_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


class HttpClients:
    """One HTTP client an event loop.

    A client belongs to the loop that first used it; langchain-openai's own cache is
    a process wide and breaks the second `asyncio.run`.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._by_loop: WeakKeyDictionary[
            asyncio.AbstractEventLoop, DefaultAsyncHttpxClient
        ] = WeakKeyDictionary()

    async def client(self) -> "DefaultAsyncHttpxClient":
        """The running loop's client, made on first use, off the loop."""
        loop = asyncio.get_running_loop()
        if (found := self._by_loop.get(loop)) and not found.is_closed:
            return found
        made = await asyncio.to_thread(_new_client)
        if (found := self._by_loop.get(loop)) and not found.is_closed:
            await made.aclose()  # somebody was faster
            return found
        self._by_loop[loop] = made
        return made

    async def aclose(self) -> None:
        """Close the running loop's client."""
        found = self._by_loop.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found.aclose()


def _new_client() -> "DefaultAsyncHttpxClient":
    from nsed.models.bounded_client import BoundedClient  # noqa: PLC0415 - half a second

    # A proxy is for the world outside: it cannot reach this machine's servers.
    return BoundedClient(mounts=dict.fromkeys(_LOOPBACK))


async def chat_openai(
    config: ExpertConfig,
    *,
    base_url: str | None,
    api_key: str | None,
    clients: HttpClients,
) -> tuple[BaseChatModel, str]:
    """Make a chat model for a URL, and say what it calls its output limit.

    OpenAI itself wants `max_completion_tokens`, most servers that imitate it know
    `max_tokens` only. Retries are off: the ledger counts every call.

    Raises:
        ConfigError: The model does not take these settings.
    """
    # A second of imports: in a thread, so that other experts are served meanwhile.
    chat = await asyncio.to_thread(import_module, "nsed.models.openai_chat")
    settings: dict[str, Any] = {
        "model": config.model,
        "api_key": SecretStr(api_key or "none"),
        "base_url": base_url,
        "temperature": config.temperature,
        "max_retries": 0,
        "timeout": None,  # the wall-clock limit is ours
        "http_async_client": await clients.client(),
        "use_responses_api": False,
        "stream_usage": False,
        **config.model_kwargs,
    }
    kind = chat.OpenAIChat if base_url is None else chat.CompatibleChat
    try:
        model: BaseChatModel = await asyncio.to_thread(kind, **settings)
    except (TypeError, ValueError) as error:
        said = redact(str(error), secrets=(api_key or "",))
        raise ConfigError(f"expert {config.name!r} cannot be made: {said}") from error
    return model, "max_completion_tokens" if base_url is None else "max_tokens"
