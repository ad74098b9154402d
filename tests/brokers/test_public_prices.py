"""Public prices: only where a model is surely known, only what the user left out."""

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from nsed.brokers.public_prices import with_public_prices
from nsed.models.scripted import scripted
from nsed.protocol.errors import ConfigError
from nsed.protocol.usage import Prices
from nsed.state.expert_config import ExpertConfig
from nsed.state.roster import EMBEDDED_ROSTER

genai_prices = pytest.importorskip("genai_prices")
types = pytest.importorskip("genai_prices.types")
TODAY = datetime.now(UTC).date()
SOURCE = f"genai-prices {genai_prices.__version__}"


def expert(model: str = "m", **settings: object) -> ExpertConfig:
    return ExpertConfig.model_validate({"name": "ada", "model": model, **settings})


def tiers(base: int, *steps: tuple[int, int]) -> object:
    found = [types.Tier(start=start, price=Decimal(price)) for start, price in steps]
    return types.TieredPrices(base=Decimal(base), tiers=found)


def price(**keys: object) -> object:
    plain = {k: Decimal(v) if isinstance(v, int) else v for k, v in keys.items()}
    return types.ModelPrice(**plain)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A table with one model at OpenAI and the same one at another provider."""
    model = types.ModelInfo(
        id="m",
        match=types.ClauseEquals(equals="m"),
        context_window=1000,
        prices=price(input_mtok=2, cache_read_mtok=1, output_mtok=8),
    )
    providers = [
        types.Provider(id=name, name=name, api_pattern=pattern, models=[model])
        for name, pattern in (
            ("openai", r"https://api\.openai\.com"),
            ("anthropic", r"https://api\.else\."),
        )
    ]
    snapshot = SimpleNamespace(providers=providers, from_auto_update=False)
    monkeypatch.setattr("genai_prices.data_snapshot.get_snapshot", lambda: snapshot)
    return SimpleNamespace(model=model, snapshot=snapshot)


def test_worked_example(table: SimpleNamespace) -> None:
    found = with_public_prices(expert())

    assert found.prices == Prices(2, 1, 8)
    assert found.context_tokens == 1000
    assert found.price_source == SOURCE


def test_the_real_table_knows_a_real_model() -> None:
    found = with_public_prices(expert("gpt-4o-mini"))

    assert found.prices.known
    assert found.context_tokens == 128_000
    assert found.price_source == SOURCE


def test_what_the_user_gave_is_never_changed(table: SimpleNamespace) -> None:
    found = with_public_prices(expert(usd_per_mtok_input=0.5, context_tokens=32_768))

    # Cached tokens cost what the user's input does.
    assert found.prices == Prices(0.5, None, 8)
    assert found.context_tokens == 32_768
    assert found.price_source == SOURCE


def test_the_user_s_own_prices_keep_their_source(table: SimpleNamespace) -> None:
    free = expert(usd_per_mtok_input=0, usd_per_mtok_output=0)

    found = with_public_prices(free)

    assert found.prices == Prices(0, None, 0)
    assert found.price_source is None
    assert found.context_tokens == 1000


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "other"},
        {"base_url": "http://127.0.0.1:8000/v1"},
        {"base_url": "http://api.openai.com/v1"},
        {"base_url": "https://api.openai.com.example.org/v1"},
        {"base_url": "https://api.openai.community/v1"},
        {"base_url": "https://gateway.example.org/https://api.openai.com/v1"},
        {"base_url": "https://api.else.example.org/v1"},
    ],
    ids=lambda settings: next(iter(settings.values())),
)
def test_an_unknown_model_or_server_stays_unknown(
    table: SimpleNamespace, settings: dict[str, object]
) -> None:
    unknown = expert(**settings)  # type: ignore[arg-type]

    assert with_public_prices(unknown) is unknown


@pytest.mark.parametrize(
    "url",
    ["https://api.openai.com", "https://API.OpenAI.com/v1/", "https://api.else.ai/v1"],
)
def test_a_public_server_is_known_by_its_url(table: SimpleNamespace, url: str) -> None:
    assert with_public_prices(expert(base_url=url)).prices == Prices(2, 1, 8)


@pytest.mark.parametrize(
    "prices",
    [
        {},
        {"input_mtok": 2},
        {"output_mtok": 8},
        {"input_mtok": 0, "output_mtok": 0},
        {"input_mtok": 2, "output_mtok": 8, "requests_kcount": 5},
    ],
    ids=lambda prices: " ".join(prices) or "nothing",
)
def test_a_price_that_would_be_too_low_stays_unknown(
    table: SimpleNamespace, prices: dict[str, int]
) -> None:
    table.model.prices = price(**prices)

    found = with_public_prices(expert())

    assert found.prices == Prices()
    assert found.price_source is None


def test_another_tier_of_service_stays_unknown(table: SimpleNamespace) -> None:
    fast = expert(model_kwargs={"service_tier": "priority"})

    assert with_public_prices(fast).prices == Prices()


@pytest.mark.parametrize(
    ("settings", "window", "expected"),
    [
        ({}, None, 9),
        ({}, 2000, 4),
        ({}, 10_000, 9),
        ({"context_tokens": 1000}, 10_000, 2),
        ({"context_tokens": 1001}, 10_000, 4),
    ],
)
def test_the_highest_tier_that_the_context_reaches_counts(
    table: SimpleNamespace,
    settings: dict[str, object],
    window: int | None,
    expected: int,
) -> None:
    steps = tiers(2, (1000, 4), (5000, 9))
    table.model.prices = price(input_mtok=steps, output_mtok=steps)
    table.model.context_window = window

    found = with_public_prices(expert(**settings))  # type: ignore[arg-type]

    assert found.prices == Prices(expected, None, expected)


def test_of_prices_by_day_the_latest_that_has_begun_counts(
    table: SimpleNamespace,
) -> None:
    days = [(None, 9), (-30, 5), (-1, 3), (30, 7)]
    table.model.prices = [
        types.ConditionalPrice(
            constraint=None
            if begin is None
            else types.StartDateConstraint(start_date=TODAY + timedelta(days=begin)),
            prices=price(input_mtok=usd, output_mtok=usd),
        )
        for begin, usd in days
    ]

    assert with_public_prices(expert()).prices == Prices(3, None, 3)


def test_of_prices_by_the_hour_the_highest_counts(table: SimpleNamespace) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC).timetz()
    night = types.TimeOfDateConstraint(start_time=noon, end_time=noon)
    table.model.prices = [
        types.ConditionalPrice(prices=price(input_mtok=2, output_mtok=8)),
        types.ConditionalPrice(
            constraint=night, prices=price(input_mtok=1, output_mtok=9)
        ),
    ]

    assert with_public_prices(expert()).prices == Prices(2, None, 9)


def test_a_cache_that_fills_itself_for_a_fee_is_in_the_input_price(
    table: SimpleNamespace,
) -> None:
    table.model.prices = price(input_mtok=4, cache_write_mtok=5, output_mtok=8)

    assert with_public_prices(expert()).prices.input_usd_per_mtok == 5
    on_demand = with_public_prices(expert(base_url="https://api.else.ai/v1"))
    assert on_demand.prices.input_usd_per_mtok == 4


def test_a_table_that_was_updated_says_when(table: SimpleNamespace) -> None:
    table.snapshot.from_auto_update = True
    table.snapshot.timestamp = datetime(2026, 3, 4, tzinfo=UTC)

    assert with_public_prices(expert()).price_source == f"{SOURCE} (2026-03-04)"


@pytest.mark.parametrize("own", [scripted("s", "x"), EMBEDDED_ROSTER[0]])
def test_only_openai_compatible_experts_are_looked_up(
    own: ExpertConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)

    assert with_public_prices(own) is own


def test_a_missing_package_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)

    with pytest.raises(ConfigError, match=r"pip install 'nsed\[prices\]'"):
        with_public_prices(expert())
