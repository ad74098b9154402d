"""Model servers on this machine, found where they usually are, told by their answers.

Ollama, llama.cpp, vLLM and LM Studio all speak the API of OpenAI. They are told apart
by what stands in their lists of models, else by an answer that only one of them gives.
No model is asked anything.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from nsed.models.model_listing import (
    ListingState,
    ServedModel,
    context_of,
    fetch_json,
    fetch_listing,
)
from nsed.models.openai_endpoint import HttpClients

__all__ = ["USUAL_PLACES", "LocalServer", "Product", "look_at", "look_for_servers"]

Product = Literal["Ollama", "llama.cpp", "vLLM", "LM Studio", "nsed", "a server"]

USUAL_PLACES: Final[dict[str, str]] = {
    "http://127.0.0.1:11434/v1": "Ollama",
    "http://127.0.0.1:8080/v1": "llama.cpp",
    "http://127.0.0.1:8000/v1": "vLLM",
    "http://127.0.0.1:1234/v1": "LM Studio",
}
"""By URL: who is usually there. Who answers decides."""

_BY_OWNER: Final[dict[str, Product]] = {
    "library": "Ollama",
    "llamacpp": "llama.cpp",
    "vllm": "vLLM",
    "organization_owner": "LM Studio",
    "nsed": "nsed",
}
_OLLAMA_CONTEXT: Final = 4096
"""Its default on small graphics cards; longer prompts are cut without a word."""
_MOST_SLOTS: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """Who answers at a URL."""

    base_url: str
    state: ListingState
    product: Product = "a server"
    models: tuple[ServedModel, ...] = ()
    left_out: int = 0
    """Models whose names cannot be used."""
    concurrency: int = 1
    """Calls it takes at one time, if it says so; else 1, which none overruns."""


async def look_for_servers(
    base_urls: Sequence[str], *, clients: HttpClients, timeout_s: float = 2.0
) -> tuple[LocalServer, ...]:
    """Look at every URL, all at the same time.

    Args:
        base_urls: Roots of APIs, such as `USUAL_PLACES`.
        clients: Where the HTTP client comes from.
        timeout_s: Wall-clock limit of each answer, in seconds; a server is asked for
            two or three.

    Returns:
        What was found, in the order of the URLs.
    """
    async with asyncio.TaskGroup() as tasks:
        looks = [
            tasks.create_task(look_at(url, clients=clients, timeout_s=timeout_s))
            for url in dict.fromkeys(base_urls)
        ]
    return tuple(look.result() for look in looks)


async def look_at(
    base_url: str, *, clients: HttpClients, timeout_s: float
) -> LocalServer:
    """Look at one URL; never raises for what is there."""
    listing = await fetch_listing(base_url, clients=clients, timeout_s=timeout_s)
    server = LocalServer(
        base_url=base_url,
        state=listing.state,
        models=listing.models,
        left_out=listing.left_out,
    )
    if listing.state != "up":
        return server
    root = base_url.rstrip("/").removesuffix("/v1")

    async def asked(path: str) -> dict[str, Any]:
        url = f"{root}/{path}"
        found = await fetch_json(url, clients=clients, timeout_s=timeout_s)
        return found if isinstance(found, dict) else {}

    product = _product_of(listing.models)
    if product == "a server" and isinstance(
        (await asked("api/version")).get("version"), str
    ):
        product = "Ollama"
    if product == "a server" and isinstance(
        (await asked("api/v0/models")).get("data"), list
    ):
        product = "LM Studio"
    server = replace(server, product=product)
    if product == "Ollama":
        return _with_contexts(server, _loaded(await asked("api/ps")), _OLLAMA_CONTEXT)
    if product == "LM Studio":
        return _described(server, (await asked("api/v0/models")).get("data"))
    if product == "llama.cpp":
        return _with_slots(server, await asked("props"))
    if product == "vLLM":
        return replace(server, concurrency=8)
    return server


def _product_of(models: Sequence[ServedModel]) -> Product:
    found = {_BY_OWNER.get(model.owner) for model in models} - {None}
    return found.pop() or "a server" if len(found) == 1 else "a server"


def _loaded(running: dict[str, Any]) -> dict[str, int]:
    """The contexts that Ollama gave the models in memory."""
    entries = running.get("models")
    return {
        str(entry.get("name")): context
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
        and (context := context_of(entry.get("context_length"))) is not None
    }


def _with_contexts(
    server: LocalServer, known: dict[str, int], other: int
) -> LocalServer:
    models = (
        replace(model, context_tokens=known.get(model.id, other))
        for model in server.models
    )
    return replace(server, models=tuple(models))


def _described(server: LocalServer, entries: object) -> LocalServer:
    """What LM Studio's own list says besides: which embed, how long a context is."""
    by_id = {
        str(entry.get("id")): entry
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    }
    models = []
    for model in server.models:
        said = by_id.get(model.id, {})
        context = context_of(said.get("loaded_context_length"))
        writes = model.writes and said.get("type") != "embeddings"
        models.append(replace(model, context_tokens=context, writes=writes))
    return replace(server, models=tuple(models))


def _with_slots(server: LocalServer, props: dict[str, Any]) -> LocalServer:
    """What llama.cpp says of itself: its slots, and the context of each."""
    slots = props.get("total_slots")
    if isinstance(slots, int) and 1 <= slots <= _MOST_SLOTS:
        server = replace(server, concurrency=slots)
    settings = props.get("default_generation_settings")
    context = context_of(settings.get("n_ctx") if isinstance(settings, dict) else None)
    if context is None:
        return server
    models = (replace(model, context_tokens=context) for model in server.models)
    return replace(server, models=tuple(models))
