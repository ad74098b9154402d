"""The broker's knobs: held against each other and against the pool."""

import pytest
from pydantic import ValidationError

from nsed.models.scripted import scripted
from nsed.state.context import DeliberationConfig
from nsed.state.roster import EMBEDDED_ROSTER

ADA = scripted("ada", "x", host="box", vram_bytes="6GB", licence="open")
BOB = scripted("bob", "y", host="box", licence="proprietary")
CY = scripted("cy", "z")
POOL = (ADA, BOB, CY)


@pytest.mark.parametrize(
    ("knobs", "complaint"),
    [
        (
            {"most_proposers": 1},
            "least_proposers is 2 but most_proposers is 1; lower the one or raise",
        ),
        ({"least_reviewers": 4, "most_reviewers": 3}, "least_reviewers is 4 but"),
        ({"pins": ("adda",)}, "pins: no expert is named 'adda'. Did you mean 'ada'?"),
        ({"bans": ("zed",)}, "bans: no expert is named 'zed'"),
        ({"pins": ("ada",), "bans": ("ada",)}, "'ada' is banned too"),
        (
            {"pins": ("bob",), "allowed_licences": ("open",)},
            "licence of 'bob' is 'proprietary', and allowed_licences are open",
        ),
        (
            {"pins": ("cy",), "allowed_licences": ("open", "restricted")},
            "licence of 'cy' is unknown, and allowed_licences are open, restricted",
        ),
        (
            {"pins": ("cy",), "proposers": ("ada",), "reviewers": ("bob",)},
            "'cy' is neither among the proposers nor among the reviewers",
        ),
        ({"hosts": {"bix": "24GB"}}, "no expert is on host 'bix'. Did you mean 'box'?"),
        (
            {"hosts": {"box": "24GB"}},
            "memory of 'bob' on host 'box' is unknown; give vram_bytes",
        ),
        ({"hosts": {"box": "lots"}}, "should be a size such as"),
        ({"hosts": {"box": -1}}, "greater than or equal to 0"),
        ({"allowed_licences": ("opne",)}, "'open', 'restricted' or 'proprietary'"),
        ({"broker": "best"}, "'knapsack', 'fixed' or 'greedy'"),
        ({"min_families": 0}, "greater than or equal to 1"),
        ({"redundancy": 1.5}, "less than or equal to 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_knobs_that_cannot_hold_together_are_refused_in_plain_words(
    knobs: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValidationError) as error:
        DeliberationConfig(experts=POOL, **knobs)  # type: ignore[arg-type]

    assert complaint in str(error.value)


def test_a_pool_of_one_is_fine_with_the_defaults() -> None:
    assert DeliberationConfig(experts=(ADA,)).least_proposers == 2


def test_a_host_without_a_limit_needs_no_sizes() -> None:
    assert DeliberationConfig(experts=POOL).hosts == {}


def test_a_limit_is_in_bytes_however_it_is_written() -> None:
    for written in (24_000_000_000, "24GB"):
        config = DeliberationConfig(experts=(ADA,), hosts={"box": written})  # type: ignore[dict-item]

        assert config.hosts == {"box": 24_000_000_000}


def test_an_unknown_licence_is_allowed_only_where_any_is() -> None:
    assert DeliberationConfig(experts=POOL).licence_allowed(None)
    only_open = DeliberationConfig(experts=POOL, allowed_licences=("open",))
    assert not only_open.licence_allowed(None)


def test_experts_who_share_a_server_agree_on_its_limit() -> None:
    one, two = (
        scripted(n, "x", server="s", concurrency=c) for n, c in (("a", 1), ("b", 2))
    )

    with pytest.raises(ValidationError, match="'a' and 'b' share server 's' but say"):
        DeliberationConfig(experts=(one, two))


def test_calls_are_limited_by_the_server_and_abilities_learned_by_the_endpoint() -> (
    None
):
    plain, shared = scripted("a", "x"), scripted("b", "x", server="s")

    assert (plain.server_key, shared.server_key) == (plain.endpoint, "s")
    assert shared.endpoint == plain.endpoint


def test_the_built_in_models_say_what_they_weigh() -> None:
    for expert in EMBEDDED_ROSTER:
        assert expert.host == "this machine"
        assert expert.vram_bytes
        assert expert.params_b
        assert expert.licence == "open"
