import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.brokers.seat_cost import (
    BALLOT_TOKENS,
    FRAME_TOKENS,
    Lengths,
    PromptTokens,
    seat_use,
)
from nsed.models.scripted import scripted
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.team import TaskProfile

PROFILE = TaskProfile(
    category="math", input_tokens=50, answer_tokens=100, critique_tokens=40
)


def expert(**settings: object) -> ExpertConfig:
    prices = {"usd_per_mtok_input": 1.0, "usd_per_mtok_output": 2.0}
    return scripted("ada", "1", **{**prices, **settings})


def lengths(*, longest: bool = False, **knobs: object) -> Lengths:
    config = DeliberationConfig.model_validate({"experts": (expert(),), **knobs})
    return Lengths(PROFILE, config, {"ada": PromptTokens(200, 300)}, longest=longest)


def test_a_proposer_pays_for_prompt_memory_and_answer_in_every_round() -> None:
    """Three rounds: 3 prompts, 2 memories, 3 answers; nano-USD are milli per token."""
    use = seat_use(expert(), "proposer", lengths=lengths(memory_tokens=400), rounds=3)

    assert use.base.calls == 3
    assert use.base.input_tokens == 3 * 200 + 2 * 400
    assert use.base.output_tokens == 3 * 100
    assert use.base.nano_usd == 1000 * (1400 * 1 + 300 * 2)
    assert use.slope.tokens == 0


def test_a_re_bound_proposer_reads_memory_from_the_first_round_on() -> None:
    use = seat_use(
        expert(),
        "proposer",
        lengths=lengths(memory_tokens=400),
        rounds=1,
        has_memory=True,
    )

    assert use.base.input_tokens == 200 + 400


def test_a_reviewer_pays_more_for_every_candidate() -> None:
    use = seat_use(expert(), "reviewer", lengths=lengths(), rounds=2)

    assert (use.base.input_tokens, use.base.output_tokens) == (600, 2 * BALLOT_TOKENS)
    assert use.slope.input_tokens == 2 * (FRAME_TOKENS + 100)
    assert use.slope.output_tokens == 2 * 40
    assert use.slope.calls == 0


def test_what_was_seen_replaces_what_was_guessed_within_the_limits() -> None:
    def answer(seen: float, **settings: object) -> int:
        return seat_use(
            expert(**settings),
            "proposer",
            lengths=lengths(),
            rounds=1,
            seen_output=seen,
        ).base.output_tokens

    assert answer(321.4) == 322
    assert answer(1e9) == 1024
    assert answer(1e9, answer_tokens=64) == 64


def test_an_unknown_price_is_unpriced_calls_and_never_free() -> None:
    unpriced = expert(usd_per_mtok_output=None)
    use = seat_use(unpriced, "reviewer", lengths=lengths(), rounds=2)

    assert not use.priced
    assert use.base.unpriced_calls == 2


@given(rounds=st.integers(1, 20), answer=st.integers(16, 4000))
def test_the_longest_texts_cost_no_less(rounds: int, answer: int) -> None:
    for role in ("proposer", "reviewer"):
        usual, most = (
            seat_use(
                expert(), role,
                lengths=lengths(longest=longest, answer_tokens=max(answer, 100)),
                rounds=rounds,
            )
            for longest in (False, True)
        )  # fmt: skip

        assert most.base.nano_usd >= usual.base.nano_usd
        assert most.slope.nano_usd >= usual.slope.nano_usd


@pytest.mark.parametrize("rounds", [1, 3])
def test_a_round_is_two_calls_an_expert(rounds: int) -> None:
    calls = sum(
        seat_use(expert(), role, lengths=lengths(), rounds=rounds).base.calls
        for role in ("proposer", "reviewer")
    )

    assert calls == 2 * rounds
