"""The bill of one call: reported, cached, estimated, unpriced."""

import pytest
from fake_chat import CONFIG, expert, says
from questions import QUESTION

PRICED = CONFIG.model_copy(
    update={"usd_per_mtok_input": 2, "usd_per_mtok_cached_input": 1}
    | {"usd_per_mtok_output": 10}
)


async def test_reported_tokens_are_priced_cached_ones_by_their_own_price() -> None:
    reported = {
        "input_tokens": 100,
        "output_tokens": 10,
        "total_tokens": 110,
        "input_token_details": {"cache_read": 60},
    }

    usage = (
        await expert(says("8", usage_metadata=reported), config=PRICED).reply(QUESTION)
    ).usage

    assert (usage.calls, usage.estimated_calls, usage.unpriced_calls) == (1, 0, 0)
    assert (usage.input_tokens, usage.cached_input_tokens) == (100, 60)
    assert usage.nano_usd == 40 * 2000 + 60 * 1000 + 10 * 10_000


async def test_an_unknown_price_is_unpriced_and_not_free() -> None:
    usage = (await expert(says("8")).reply(QUESTION)).usage

    assert usage.unpriced_calls == 1
    assert usage.usd is None


@pytest.mark.parametrize("reported", [None, {"input_tokens": 0, "output_tokens": 0}])
async def test_tokens_nobody_reported_are_estimated_and_labelled(
    reported: dict[str, int] | None,
) -> None:
    metadata = {**reported, "total_tokens": 0} if reported else None

    usage = (await expert(says("eight", usage_metadata=metadata)).reply(QUESTION)).usage

    assert usage.estimated_calls == 1
    assert usage.input_tokens >= len("Be brief.What is 4 * 2?") / 4
    assert usage.output_tokens > 0
