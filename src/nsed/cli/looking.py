"""Looking around for `nsed init`: keys in the environment, servers, weights."""

import asyncio
import os
from collections.abc import Sequence
from importlib.util import find_spec

from nsed.config.api_providers import API_PROVIDERS, ApiProvider
from nsed.config.found import Found, FoundKey
from nsed.models.api_key import header_safe
from nsed.models.hire import weights_cache, weights_paths
from nsed.models.local_servers import USUAL_PLACES, look_for_servers
from nsed.models.model_listing import fetch_listing
from nsed.models.openai_endpoint import HttpClients
from nsed.models.weights import locate
from nsed.models.weights_manifest import load_manifest

__all__ = ["look_around"]

_OTHER_PLACES = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
"""Where OpenAI's client goes instead, if one is set."""
_OVER_THE_NETWORK_S = 10.0


async def look_around(*, urls: Sequence[str], ask: bool, timeout_s: float) -> Found:
    """Look everywhere at once.

    Args:
        urls: Servers to look at beside the usual places.
        ask: Ask the providers whose keys are set for their lists of models.
        timeout_s: Most seconds to wait for each answer on this machine; providers
            have ten at least.

    Raises:
        ConfigError: A key cannot be sent.
        WeightError: A path in `NSED_WEIGHTS` does not exist.
    """
    weights = await asyncio.to_thread(_weights)
    keys = [(p, name) for p in API_PROVIDERS if (name := _variable_of(p))]
    headers = {p.name: _headers(p, name) for p, name in keys} if ask else {}
    clients = HttpClients()
    try:
        async with asyncio.TaskGroup() as tasks:
            places = (*USUAL_PLACES, *urls)
            servers = tasks.create_task(
                look_for_servers(places, clients=clients, timeout_s=timeout_s)
            )
            patience = max(timeout_s, _OVER_THE_NETWORK_S)
            listings = {
                provider.name: tasks.create_task(
                    fetch_listing(
                        provider.api_url,
                        clients=clients,
                        timeout_s=patience,
                        headers=headers[provider.name],
                    )
                )
                for provider, _ in keys
                if headers.get(provider.name)
            }
    finally:
        await clients.aclose()
    return Found(
        keys=tuple(
            FoundKey(
                provider=provider,
                variable=variable,
                listing=listings[provider.name].result()
                if provider.name in listings
                else None,
            )
            for provider, variable in keys
        ),
        servers=servers.result(),
        weights=weights,
        known_prices=find_spec("genai_prices") is not None,
    )


def _variable_of(provider: ApiProvider) -> str | None:
    return next((name for name in provider.variables if os.environ.get(name)), None)


def _headers(provider: ApiProvider, variable: str) -> dict[str, str] | None:
    """What to ask with; None: not to be asked, the key may be for another place."""
    if provider.base_url is None and any(map(os.environ.get, _OTHER_PLACES)):
        return None
    return provider.headers(header_safe(os.environ.get(variable, ""), variable))


def _weights() -> tuple[str, ...]:
    """The weights that can answer and are here, checked by their hash."""
    cache, paths = weights_cache(), weights_paths()
    return tuple(
        name
        for name, weight in load_manifest().items()
        if weight.has_chat_template
        and locate(weight, cache_dir=cache, user_paths=paths) is not None
    )
