"""Ten thousand and more single mutations: every one is found, at its very place."""

import random
from collections import Counter
from typing import Any

from panel import deliberate
from trail_mutations import Mutations, first_difference
from trails import PUBLIC, lines_of, signed

from nsed.protocol.trail import Act
from nsed.protocol.trail_check import check_trail
from nsed.trail.run_trail import trail_of

MUTATIONS = 12_000


def histories(rng: random.Random, count: int) -> list[bytes]:
    """Small trails with bodies of all kinds."""
    values: list[Any] = ["42", "größer", "", 0, 7, -1, 0.25, 1e-9, 1e20, None, True, []]
    values += [{"a": {"b": [1, "x"]}}, ["ada", "bob"]]

    def act() -> Act:
        body = {f"k{i}": rng.choice(values) for i in range(rng.randrange(4))}
        kind = rng.choice(["task", "call", "proposal", "ballot"])
        return Act(kind, body, rng.choice([None, 1.5, 2.0]), rng.choice(["nsed", "é"]))

    return [
        signed([act() for _ in range(rng.randrange(6))], run_id=f"run {number}")
        for number in range(count)
    ]


def undetected(
    trails: list[bytes], *, mutations: int, rng: random.Random
) -> tuple[Counter[str], list[str]]:
    """Mutate at random; how often each kind was tried, and what was not found."""
    tried: Counter[str] = Counter()
    missed: list[str] = []
    while tried.total() < mutations:
        trail, stranger = rng.choice(trails), rng.choice(trails)
        kind, mutate = rng.choice([*Mutations(trail, stranger, rng).kinds().items()])
        mutant = mutate()
        if mutant == trail:  # such as a stranger that is the trail itself
            continue
        tried[kind] += 1
        fault = check_trail(mutant, trusted=[PUBLIC]).fault
        place = first_difference(trail, mutant)
        if lines_of(trail)[0] != lines_of(stranger)[0] == [*lines_of(mutant), b""][0]:
            place = 1  # a genuine beginning, of another run: what follows is not its
        if fault is None or fault.seq != place:
            missed.append(f"{kind}: {fault}")
    return tried, missed


def test_every_random_mutation_is_found_and_its_entry_named() -> None:
    rng = random.Random(16)
    trails = histories(rng, 60)
    for trail in trails:
        assert check_trail(trail, trusted=[PUBLIC]).fault is None

    tried, missed = undetected(trails, mutations=MUTATIONS, rng=rng)

    assert missed == []
    assert tried.total() >= 10_000
    assert len(tried) == 18
    assert min(tried.values()) > 400, tried


async def test_every_random_mutation_of_a_real_run_is_found() -> None:
    rng = random.Random(17)
    record = await deliberate()
    trails = [signed(trail_of(record), run_id=run_id) for run_id in ("r1", "r2")]

    tried, missed = undetected(trails, mutations=400, rng=rng)

    assert missed == []
    assert tried.total() == 400


def test_every_single_bit_counts() -> None:
    trail = signed([Act("task", {"task": "6 * 7?", "n": 1.5}, 2.5, "user")])

    for at in range(len(trail)):
        for bit in range(8):
            flipped = trail[at] ^ (1 << bit)
            mutant = trail[:at] + bytes([flipped]) + trail[at + 1 :]
            fault = check_trail(mutant, trusted=[PUBLIC]).fault
            assert fault is not None, (at, bit)
            assert fault.seq == first_difference(trail, mutant)
