from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from knapsack_problems import by_brute_force, problems, small_problem

from nsed.brokers.clashes import (
    Change,
    Limit,
    joint_change,
    lifted,
    limits_of,
    minimal_clash,
    smallest_changes,
)
from nsed.brokers.knapsack import Problem, Resource

CLASHING = [
    seed for seed in range(300) if by_brute_force(small_problem(seed)).value is None
]


def without(problem: Problem, limits: list[Limit]) -> Problem:
    for limit in limits:
        problem = lifted(problem, limit)
    return problem


def test_there_are_clashes_to_look_at() -> None:
    assert len(CLASHING) >= 40


@settings(max_examples=40)
@given(problem=problems)
def test_a_problem_that_has_a_team_has_no_clash(problem: Problem) -> None:
    assume(by_brute_force(problem).value is not None)

    assert minimal_clash(problem) == ()


@pytest.mark.parametrize("seed", CLASHING[:40])
def test_a_clash_is_one_and_each_of_its_limits_is_needed(seed: int) -> None:
    problem = small_problem(seed)
    clash = minimal_clash(problem)
    others = [limit for limit in limits_of(problem) if limit not in clash]
    alone = without(problem, others)

    assert clash
    assert by_brute_force(alone).value is None
    for limit in clash:
        assert by_brute_force(lifted(alone, limit)).value is not None


@pytest.mark.parametrize("seed", CLASHING[:40])
def test_every_change_helps_and_a_smaller_one_does_not(seed: int) -> None:
    problem = small_problem(seed)
    for change in smallest_changes(problem, minimal_clash(problem)):
        if change.needed is None:
            assert by_brute_force(lifted(problem, change.limit)).value is not None
            continue
        assert (
            by_brute_force(at(problem, change.limit, change.needed)).value is not None
        )
        toward = 1 if change.needed > change.now else -1
        less = at(problem, change.limit, change.needed - toward)
        assert by_brute_force(less).value is None


def at(problem: Problem, limit: Limit, value: int) -> Problem:
    """The problem with one limit set to a value."""
    i = limit.index

    def put(numbers: tuple[int, ...]) -> tuple[int, ...]:
        return (*numbers[:i], value, *numbers[i + 1 :])

    if limit.kind == "resource":
        resources = list(problem.resources)
        resources[i] = replace(resources[i], capacity=value)
        return replace(problem, resources=tuple(resources))
    return {
        "least": lambda: replace(problem, least=put(problem.least)),
        "most": lambda: replace(problem, most=put(problem.most)),
        "families": lambda: replace(problem, min_families=value),
        "memory": lambda: replace(problem, host_capacity=put(problem.host_capacity)),
    }[limit.kind]()


@pytest.mark.parametrize("seed", CLASHING[:60])
def test_where_no_single_change_helps_some_help_together(seed: int) -> None:
    problem = small_problem(seed)
    if smallest_changes(problem, minimal_clash(problem)):
        return
    changed = problem
    together = joint_change(problem)
    for change in together:
        changed = (
            lifted(changed, change.limit)
            if change.needed is None
            else at(changed, change.limit, change.needed)
        )

    assert bool(together) == (by_brute_force(changed).value is not None)
    assert len(together) != 1


def test_some_of_them_need_several_changes() -> None:
    alone = [s for s in CLASHING[:60] if not changes_of(small_problem(s))]

    assert len([s for s in alone if joint_change(small_problem(s))]) >= 3


def changes_of(problem: Problem) -> tuple[Change, ...]:
    return smallest_changes(problem, minimal_clash(problem))


def test_the_smallest_change_comes_first() -> None:
    """Two seats of 6 USD each for 10 USD: 2 USD more is less of a change."""
    problem = Problem(
        values=np.array([[1], [1]]),
        eligible=np.ones((2, 1), dtype=bool),
        least=(2,),
        most=(2,),
        resources=(
            Resource("usd", 10, np.array([[6], [6]]), np.zeros((2, 1), np.int64)),
        ),
    )
    changes = smallest_changes(problem, minimal_clash(problem))

    assert [(c.limit.kind, c.now, c.needed) for c in changes] == [
        ("resource", 10, 12),
        ("least", 2, 1),
    ]
