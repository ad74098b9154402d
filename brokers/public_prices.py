"""Prices and context windows of public models, from the package `genai-prices`.

The package carries its table with it; nothing is looked up on the network. It is an
extra, imported when first needed. docs/decisions/0012 says why and how far to trust it.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from nsed.protocol.errors import ConfigError
from nsed.state.expert_config import ExpertConfig

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

__all__ = ["with_public_prices"]

OPENAI_URL: Final = "https://api.openai.com/v1"
_LEAST_CONTEXT, _MOST_CONTEXT = 512, 10_000_000
_CACHE_ON_DEMAND = ("anthropic", "aws", "google")
"""Providers who put input into their cache, for a fee, only if told to; we never do."""
_ORDINARY_SERVICE = ("auto", "default", "standard")


def with_public_prices(expert: ExpertConfig) -> ExpertConfig:
    """Fill in what the user left out, where the model is publicly known.

    Only experts of provider `openai` are looked up: by the URL of the API, which must
    be a public provider's own, and the model's id. What the user gave is never
    changed. Where a price depends on the time of the day the highest one is taken;
    where it depends on the length of the prompt, that of the highest tier which the
    context reaches (the user's `context_tokens`, else the model's window); where the
    provider may charge more for input that it puts into its cache unasked, that. So
    a limit in USD holds whatever is sent.

    Unknown stays unknown, and the expert unchanged: no such provider or model, a price
    that lacks input or output, a fee for each request (which a price by the token
    cannot say), or a `service_tier` of its own.

    Args:
        expert: As the user configured it; `context_tokens` counts as given if the
            field was set, whatever its value.

    Returns:
        The expert, with `price_source` set if a price was filled in.

    Raises:
        ConfigError: The package is not installed.
    """
    if expert.provider != "openai":
        return expert
    snapshot, version = _snapshot()
    provider, model = _find(snapshot, expert)
    if provider is None or model is None:
        return expert
    found: dict[str, object] = {}
    reach = math.inf
    if "context_tokens" in expert.model_fields_set:
        reach = expert.context_tokens
    elif model.context_window:
        reach = max(_LEAST_CONTEXT, min(model.context_window, _MOST_CONTEXT))
        found["context_tokens"] = reach
    service = expert.model_kwargs.get("service_tier", "auto")
    if not expert.prices.known and service in _ORDINARY_SERVICE:
        dear = _dearest(provider, model, reach)
        found |= _missing_prices(expert, dear, source=f"genai-prices {version}")
    return expert.model_copy(update=found) if found else expert


def _snapshot() -> "tuple[DataSnapshot, str]":
    """The table in use, and its version; and its date, if the user updated it."""
    try:
        import genai_prices  # noqa: PLC0415 - an extra
        from genai_prices import data_snapshot  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigError(
            "public prices need: pip install 'nsed[prices]', or public_prices = false"
        ) from error
    snapshot, version = data_snapshot.get_snapshot(), genai_prices.__version__
    if snapshot.from_auto_update:
        version += f" ({snapshot.timestamp:%Y-%m-%d})"
    return snapshot, version


def _find(
    snapshot: "DataSnapshot", expert: ExpertConfig
) -> "tuple[Provider | None, ModelInfo | None]":
    everybody = snapshot.providers
    for provider in everybody:
        if _is_at(provider, expert.base_url or OPENAI_URL):
            return provider, provider.find_model(expert.model, all_providers=everybody)
    return None, None


def _is_at(provider: "Provider", url: str) -> bool:
    """Whether a URL is this provider's: its pattern has to cover the whole host."""
    parts = urlsplit(url)
    begin = f"{parts.scheme}://{parts.netloc}".lower()
    match = re.match(provider.api_pattern, begin + parts.path)
    if match is None:
        return False
    rest = begin[match.end() :]
    return not rest or (match[0].endswith(".") and "." not in rest)


def _dearest(
    provider: "Provider", model: "ModelInfo", reach: float
) -> dict[str, float]:
    """The highest price a unit may have today; 0 where there is none."""
    keys = ("input_mtok", "cache_read_mtok", "output_mtok", "requests_kcount")
    on_demand = provider.id in _CACHE_ON_DEMAND
    writing = "input_mtok" if on_demand else "cache_write_mtok"
    possible = list(_possible(model))
    dear = {
        key: max((_highest(getattr(p, key), reach) for p in possible), default=0.0)
        for key in {*keys, writing}
    }
    if dear["input_mtok"]:
        dear["input_mtok"] = max(dear["input_mtok"], dear[writing])
    return dear


def _missing_prices(
    expert: ExpertConfig, dear: Mapping[str, float], *, source: str
) -> dict[str, object]:
    if dear["requests_kcount"] or not (dear["input_mtok"] and dear["output_mtok"]):
        return {}
    found: dict[str, object] = {"price_source": source}
    if expert.usd_per_mtok_output is None:
        found["usd_per_mtok_output"] = dear["output_mtok"]
    if expert.usd_per_mtok_input is None:
        found["usd_per_mtok_input"] = dear["input_mtok"]
        # Where the user gave the input price, cached tokens cost as much as others.
        if expert.usd_per_mtok_cached_input is None and dear["cache_read_mtok"]:
            found["usd_per_mtok_cached_input"] = dear["cache_read_mtok"]
    return found


def _possible(model: "ModelInfo") -> "Iterator[ModelPrice]":
    """The prices that may hold today: those of its hours, and the latest of all day.

    A later price replaces an earlier one; one that begins in the future does not yet.
    """
    from genai_prices.types import StartDateConstraint  # noqa: PLC0415 - an extra

    if not isinstance(model.prices, list):
        yield model.prices
        return
    now = datetime.now(UTC)
    for price in reversed(model.prices):
        if isinstance(price.constraint, StartDateConstraint):
            if price.constraint.active(now):
                yield price.prices
                return
        else:
            yield price.prices
            if price.constraint is None:
                return


def _highest(price: "Decimal | TieredPrices | None", reach: float) -> float:
    """The price of the dearest tier that prompts so long reach; 0 if there is none."""
    if price is None:
        return 0.0
    if isinstance(price, Decimal):
        return float(price)
    tiers = (tier.price for tier in price.tiers if tier.start < reach)
    return float(max((price.base, *tiers)))
