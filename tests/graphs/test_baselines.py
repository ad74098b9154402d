"""The baselines, from the same nodes."""

import pytest
from panel import deliberate, settings_for

from nsed.graphs.catalogue import create_graph
from nsed.models.scripted import scripted
from nsed.protocol.errors import ConfigError, QuorumError


async def test_majority_vote_counts_equal_answers_and_asks_for_no_review() -> None:
    record = await deliberate(graph="majority_vote")

    assert record.verdict.answer == "42"
    assert record.verdict.status == "complete"
    assert record.verdict.usage.calls == 3
    assert record.verdict.notes == ()


async def test_single_expert_asks_the_first_proposer_once() -> None:
    record = await deliberate(settings_for(proposers=("bob",)), graph="single_expert")

    assert record.verdict.answer == "41"
    assert record.verdict.usage.calls == 1


async def test_a_single_expert_who_fails_is_an_error() -> None:
    with pytest.raises(QuorumError, match="ada"):
        await deliberate(
            settings_for(scripted("ada", "x", fails="always")), graph="single_expert"
        )


def test_an_unknown_graph_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="'majority_vote'"):
        create_graph("majority_votes")
