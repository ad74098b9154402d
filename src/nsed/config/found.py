"""What `nsed init` found: keys, servers and weights. Names only, never a key."""

from dataclasses import dataclass

from nsed.config.api_providers import ApiProvider
from nsed.models.local_servers import LocalServer
from nsed.models.model_listing import Listing

__all__ = ["Found", "FoundKey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """A provider whose key is in the environment."""

    provider: ApiProvider
    variable: str
    """Which variable is set."""
    listing: Listing | None = None
    """Its list of models; None: it was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All of it."""

    keys: tuple[FoundKey, ...] = ()
    servers: tuple[LocalServer, ...] = ()
    """Whoever was looked for, also where nobody is."""
    weights: tuple[str, ...] = ()
    """Names of the weights that are on this machine."""
    known_prices: bool = False
    """Whether published prices can be looked up."""
