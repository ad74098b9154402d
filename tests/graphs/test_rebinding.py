"""An endpoint dies between two rounds, over real HTTP: the run goes on without it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from loopback_provider import Provider
from provider_script import Answer, Seen

from nsed.models.hire import Hire
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.run_record import RunRecord

NAMES = ("ada", "bob", "cy", "dee")


@pytest.fixture
def providers() -> Iterator[dict[str, Provider]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(Provider()) for name in NAMES}


def pool(providers: dict[str, Provider]) -> tuple[ExpertConfig, ...]:
    """Four experts at four endpoints; dee is the least skilled."""
    skills = {"ada": 0.8, "bob": 0.75, "cy": 0.7, "dee": 0.6}
    return tuple(
        ExpertConfig(
            name=name,
            model=f"model-{name}",
            base_url=providers[name].url,
            usd_per_mtok_input=1.0,
            usd_per_mtok_output=2.0,
            skill={"general": skills[name]},
        )
        for name in NAMES
    )


async def play(
    providers: dict[str, Provider], *, kill: str, after: str, **knobs: object
) -> RunRecord:
    """Run, and kill an endpoint as soon as the first round is tallied."""
    for name, provider in providers.items():
        provider.answers["*"] = disagreeing(name)
    config = DeliberationConfig.model_validate(
        {"experts": pool(providers), "retry_wait_s": 0, "effort": 10, **knobs}
    )
    hire = Hire()
    run = Run("How much is 2 + 2?", config, hire=hire)
    try:
        async for event in run.events():
            if event["event"] == after and event["round"] == 1:
                providers[kill].kill()
        return await run.record()
    finally:
        await hire.aclose()


def disagreeing(name: str) -> object:
    """Each has an answer of its own in round 1, so that there is a round 2."""
    turns = {"n": 0}

    def answer(seen: Seen) -> Answer:
        if seen.schema:
            return Answer()
        turns["n"] += 1
        said = f"{name}: {NAMES.index(name)}" if turns["n"] == 1 else "two and two: 4"
        return Answer(content=f"{said}\nAnswer: {said.rpartition(' ')[2]}")

    return answer


async def test_a_killed_endpoint_is_replaced_and_the_answer_arrives(
    providers: dict[str, Provider],
) -> None:
    record = await play(
        providers, kill="bob", after="tallied",
        most_proposers=3, most_reviewers=3, max_usd=0.05,
    )  # fmt: skip
    first, second = record.teams["1"], record.teams["2"]

    assert first.in_role("proposer") == ("ada", "bob", "cy")
    assert second.in_role("proposer") == ("ada", "cy", "dee")
    assert second.bound.startswith("re-bound: bob is gone (nobody answers at http://")
    assert second.receipt is not None
    assert "bob" in {left.expert for left in second.receipt.left_out}
    assert record.verdict.answer
    assert record.verdict.rounds >= 2
    assert record.verdict.usage.usd is not None
    assert record.verdict.usage.usd <= 0.05
    assert any("re-bound: bob is gone" in note for note in record.verdict.notes)
    assert [(a.expert, a.kind) for a in record.verdict.absences] == [
        ("bob", "model_gone")
    ]
    assert record.verdict.status == "degraded"


async def test_memory_and_incumbent_survive_the_re_binding(
    providers: dict[str, Provider],
) -> None:
    record = await play(
        providers, kill="ada", after="tallied", most_proposers=3, most_reviewers=3
    )
    incumbent = record.tallies["1"].winner

    assert record.teams["2"].bound.startswith("re-bound")
    assert record.memories["1"].kept
    assert incumbent in record.tallies["2"].candidates
    dee = next(s for s in providers["dee"].seen if not s.schema)
    assert "Earlier work" in dee.body["messages"][-1]["content"]


async def test_nobody_is_asked_at_a_dead_endpoint_again(
    providers: dict[str, Provider],
) -> None:
    record = await play(providers, kill="cy", after="tallied")

    assert "cy" not in record.teams["2"].in_role("reviewer")
    assert not [c for c in record.calls.values() if c.expert == "cy" and c.round > 1]


async def test_without_enough_experts_left_the_best_answer_so_far_counts(
    providers: dict[str, Provider],
) -> None:
    record = await play(providers, kill="ada", after="tallied", pins=("ada",))

    assert record.verdict.stop_reason == "no_team"
    assert record.verdict.rounds == 1
    assert record.verdict.answer
    assert record.verdict.status == "degraded"
    (missing,) = record.verdict.absences
    assert (missing.expert, missing.round, missing.kind) == ("ada", 2, "model_gone")
    assert "connection refused" in missing.reason


async def test_the_fixed_team_is_never_re_bound(
    providers: dict[str, Provider],
) -> None:
    record = await play(providers, kill="cy", after="tallied", broker="fixed")

    assert record.teams["2"].bound == "kept"
    assert ("cy", "connection") in {
        (a.expert, a.kind) for a in record.verdict.absences if a.round == 2
    }
