"""A user's OpenAI client, made fit for a run: on the running loop, no retries."""

from typing import Any

from langchain_core.language_models import BaseChatModel

from nsed.models.openai_endpoint import HttpClients

__all__ = ["is_openai", "on_this_loop"]


def is_openai(model: BaseChatModel) -> bool:
    """Whether langchain-openai made it, for OpenAI, Azure or a server like them."""
    homes = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    return "langchain_openai" in homes


async def on_this_loop(model: BaseChatModel, clients: HttpClients) -> BaseChatModel:
    """A copy of the model whose client can be used here; others as they are.

    langchain-openai keeps one async HTTP client a process and address. It belongs to
    the loop that first used it, and fails on every other one: a notebook's and the
    private one of the synchronous doors. A client that the user has given is kept.
    Retries of its own are off: the ledger counts every call.
    """
    root: Any = getattr(model, "root_async_client", None)
    if not is_openai(model) or root is None:
        return model
    options: dict[str, Any] = {"max_retries": 0}
    if getattr(model, "http_async_client", None) is None:
        options["http_client"] = await clients.client()
    here = root.with_options(**options)
    return model.model_copy(
        update={"root_async_client": here, "async_client": here.chat.completions}
    )
