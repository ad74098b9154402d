"""The catalogue: the pool as a broker sees it."""

import pytest

from nsed.brokers.catalogue import PROMPT_TOKENS, Listing, catalogue, family_of
from nsed.models.scripted import scripted
from nsed.protocol.usage import Prices
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.team import TaskProfile

PROFILE = TaskProfile(
    category="math", input_tokens=100, answer_tokens=200, critique_tokens=64
)


def listings(
    *experts: ExpertConfig, profile: TaskProfile = PROFILE, **knobs: object
) -> dict[str, Listing]:
    config = DeliberationConfig(experts=experts, **knobs)  # type: ignore[arg-type]
    return {listing.name: listing for listing in catalogue(config, profile=profile)}


def test_a_listing_says_all_that_is_configured() -> None:
    ada = scripted(
        "ada",
        "x",
        family="f",
        params_b=7,
        host="box",
        vram_bytes="6GB",
        server="s",
        concurrency=3,
        licence="open",
        skill={"math": 0.8, "general": 0.5},
        tags=("math",),
    )

    assert listings(ada)["ada"] == Listing(
        name="ada",
        identity=ada.identity,
        roles=("proposer", "reviewer"),
        why_not="",
        prices=Prices(0, None, 0),
        host="box",
        vram_bytes=6_000_000_000,
        server_key="s",
        concurrency=3,
        family="f",
        params_b=7,
        tags=("math",),
        licence="open",
        prior=0.8,
        unknown=(),
    )


def test_what_nobody_said_is_named_and_not_made_up() -> None:
    bare = ExpertConfig(name="a", model="7b", host="box")

    listing = listings(bare)["a"]

    assert listing.unknown == (
        "price",
        "skill",
        "memory",
        "family",
        "licence",
        "size",
    )
    assert (listing.prior, listing.vram_bytes, listing.params_b) == (None, None, None)
    assert not listing.prices.known
    assert listing.family == "a"


def test_the_order_is_the_pool_s() -> None:
    assert list(listings(*(scripted(name, "x") for name in "cab"))) == ["c", "a", "b"]


def test_configured_roles_restrict() -> None:
    pool = [scripted(name, "x") for name in "abc"]

    found = listings(*pool, proposers=("a", "b"), reviewers=("b",))

    assert found["a"].roles == ("proposer",)
    assert found["b"].roles == ("proposer", "reviewer")
    assert found["c"].roles == ()
    assert "neither among the proposers nor among the reviewers" in found["c"].why_not


@pytest.mark.parametrize(
    ("settings", "knobs", "why"),
    [
        ({}, {"bans": ("a",)}, "banned"),
        (
            {"licence": "proprietary"},
            {"allowed_licences": ("open",)},
            "its licence is proprietary, and allowed_licences are open",
        ),
        ({}, {"allowed_licences": ("open",)}, "its licence is unknown"),
        (
            {"context_tokens": 512},
            {},
            f"about {100 + PROMPT_TOKENS + 200} tokens, and its context_tokens are 512",
        ),
    ],
)
def test_who_may_take_no_seat_is_listed_with_the_reason(
    settings: dict[str, object], knobs: dict[str, object], why: str
) -> None:
    listing = listings(scripted("a", "x", **settings), **knobs)["a"]

    assert listing.roles == ()
    assert why in listing.why_not


def test_a_shorter_answer_of_its_own_makes_a_small_context_fit() -> None:
    small = scripted("a", "x", context_tokens=512, answer_tokens=100)

    assert listings(small)["a"].roles == ("proposer", "reviewer")


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-5-mini", "gpt"),
        ("chatgpt-4o-latest", "gpt"),
        ("openai/gpt-oss-120b", "gpt"),
        ("o3-mini", "gpt"),
        ("claude-sonnet-4-5", "claude"),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct", "llama"),
        ("qwen2.5-coder-1.5b-instruct", "qwen"),
        ("Qwen/QwQ-32B", "qwen"),
        ("gemma3:27b", "gemma"),
        ("gemini-2.5-pro", "gemini"),
        ("open-mixtral-8x7b", "mistral"),
        ("codestral-latest", "mistral"),
        ("deepseek-chat", "deepseek"),
        ("microsoft/Phi-3.5-mini", "phi"),
        ("dolphin-2.9", "dolphin"),
        ("/models/SmolLM2-135M.gguf", "smollm"),
        (r"C:\models\Solar-10.7B.gguf", "solar"),
        ("7b", "nobody"),
        ("模型", "nobody"),
    ],
)
def test_a_family_is_guessed_from_the_model_s_id(model: str, family: str) -> None:
    assert family_of(ExpertConfig(name="nobody", model=model)) == family


def test_the_configured_family_wins() -> None:
    assert family_of(ExpertConfig(name="a", model="gpt-5", family="mine")) == "mine"
