"""What experts on one endpoint share."""

import asyncio

from nsed.models.chat_model_expert import LADDER_OPENAI, LADDER_OTHER
from nsed.models.endpoint import Abilities, Limits


async def test_an_endpoint_has_one_limit_and_others_have_their_own() -> None:
    limits = Limits()

    assert limits.slot("x", 1) is limits.slot("x", 1)
    assert limits.slot("x", 1) is not limits.slot("y", 1)


def test_a_limit_belongs_to_one_loop() -> None:
    """A semaphore that was waited on in one loop is of no use in another."""
    limits = Limits()

    async def crowd() -> None:
        async def visit() -> None:
            async with limits.slot("x", 1):
                await asyncio.sleep(0)

        await asyncio.gather(visit(), visit(), visit())

    asyncio.run(crowd())
    asyncio.run(crowd())


def test_an_unknown_endpoint_starts_on_the_top_rung() -> None:
    assert Abilities().best("x", LADDER_OPENAI) == "json_schema"
    assert Abilities().best("x", LADDER_OTHER) == "tools"


def test_a_refused_rung_is_remembered_for_its_endpoint_only() -> None:
    abilities = Abilities()

    assert abilities.refuse("x", "json_schema", LADDER_OPENAI) is True
    assert abilities.best("x", LADDER_OPENAI) == "tools"
    assert abilities.best("y", LADDER_OPENAI) == "json_schema"


def test_two_calls_refused_at_once_go_down_one_rung() -> None:
    abilities = Abilities()
    for _ in range(2):
        abilities.refuse("x", "json_schema", LADDER_OPENAI)

    assert abilities.best("x", LADDER_OPENAI) == "tools"


def test_where_all_is_refused_the_form_was_not_the_trouble() -> None:
    abilities = Abilities()
    tries = [abilities.refuse("x", rung, LADDER_OPENAI) for rung in LADDER_OPENAI]

    assert tries == [True, True, True, False]
    assert abilities.best("x", LADDER_OPENAI) == "json_schema"
