import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knapsack_problems import by_brute_force, large_problem, problems, small_problem

from nsed.brokers.core_problem import solve_by_core
from nsed.brokers.knapsack import (
    NO_LIMIT,
    Problem,
    Resource,
    Solution,
    fits,
    solve,
    value_of,
)


def agree(problem: Problem) -> Solution:
    """Solve, and compare with the best of all teams."""
    found, every = solve(problem), by_brute_force(problem)
    if every.value is None:
        assert found.status == "infeasible"
        return found
    assert found.status == "optimal"
    assert found.value == found.bound == every.value == value_of(problem, found.seats)
    assert fits(problem, found.seats)
    return found


@settings(max_examples=150)
@given(problem=problems)
def test_the_solver_agrees_with_looking_at_every_team(problem: Problem) -> None:
    agree(problem)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_it_does_so_on_2000_problems_and_every_kind_of_limit_decides_some() -> None:
    """Each limit is lifted in turn: a limit that never mattered was not tested."""
    mattered: Counter[str] = Counter()
    for seed in range(2000):
        problem = small_problem(seed)
        found = agree(problem)
        loose = {
            "least": {"least": (0,) * len(problem.least)},
            "most": {"most": (99,) * len(problem.most)},
            "resources": {"resources": ()},
            "memory": {"host_capacity": (10**6,) * len(problem.host_capacity)},
            "crowd": {"crowd": None},
            "shown": {"shown": None},
            "families": {"min_families": 1},
            "pins": {"pins": frozenset()},
            "reads others": {"reads_others": False},
            "overlap": {"overlap": None},
            "penalty": {"penalty": {}},
            "one role": {"roles_per_expert": None},
        }
        for name, change in loose.items():
            freed = by_brute_force(replace(problem, **change))  # type: ignore[arg-type]
            mattered[name] += freed.value != (found.value if found.found else None)

    assert min(mattered[name] for name in loose) >= 20, mattered


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_limit_is_broken_on_500_large_problems() -> None:
    status: Counter[str] = Counter()
    for seed in range(500):
        problem = large_problem(seed)
        found = solve(problem, effort=0.5)
        status[found.status] += 1
        if found.found:
            assert fits(problem, found.seats)
            assert found.value == value_of(problem, found.seats) <= found.bound

    assert status["optimal"] >= 300, status
    assert status["unknown"] <= 25, status


@settings(max_examples=60)
@given(problem=problems, seed=st.integers(0, 2**32 - 1))
def test_relabelling_experts_changes_nothing(problem: Problem, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(problem.values))
    place = {int(old): new for new, old in enumerate(order)}
    arrays = ("values", "eligible", "memory", "host", "endpoint", "crowd", "shown")
    shuffled = replace(
        problem,
        **{
            name: part[order]
            for name in (*arrays, "family", "price", "overlap")
            if (part := getattr(problem, name)) is not None
        },
        resources=tuple(
            replace(x, base=x.base[order], slope=x.slope[order])
            for x in problem.resources
        ),
        pins=frozenset(place[m] for m in problem.pins),
        penalty={
            (min(place[m], place[n]), max(place[m], place[n])): lost
            for (m, n), lost in problem.penalty.items()
        },
    )
    one, other = solve(problem), solve(shuffled)
    back = sorted((int(order[m]), r) for m, r in other.seats)

    assert (one.status, one.value) == (other.status, other.value)
    numbers = np.column_stack([problem.values, problem.eligible])
    assert sorted((*numbers[m], r) for m, r in back) == sorted(
        (*numbers[m], r) for m, r in one.seats
    )


@settings(max_examples=60)
@given(problem=problems)
def test_of_equal_values_the_cheaper_team_is_taken(problem: Problem) -> None:
    if problem.price is None:
        problem = replace(problem, price=problem.values % 3)
    found, every = solve(problem), by_brute_force(problem)

    if every.value is not None and problem.price is not None:
        assert sum(int(problem.price[s]) for s in found.seats) == every.price


@settings(max_examples=60)
@given(problem=problems)
def test_the_core_finds_what_the_whole_problem_holds(problem: Problem) -> None:
    n = problem.least[problem.counted]
    most = tuple(n if r == problem.counted else m for r, m in enumerate(problem.most))
    fixed = replace(problem, most=most)  # as `solve` splits it
    every = by_brute_force(fixed)
    found = solve_by_core(fixed, effort=5)

    assert (found.value if found.found else None) == every.value


def test_a_worked_example() -> None:
    """6 USD: the best expert alone (5), or the two others who are worth 3 + 3."""
    problem = Problem(
        values=np.array([[5], [3], [3]]),
        eligible=np.ones((3, 1), dtype=bool),
        least=(1,),
        most=(3,),
        resources=(
            Resource("usd", 6, np.array([[6], [3], [3]]), np.zeros((3, 1), np.int64)),
        ),
    )

    assert solve(problem) == Solution("optimal", ((1, 0), (2, 0)), 6, 6)


def test_reading_costs_by_the_number_of_proposals_less_ones_own() -> None:
    """Three proposals, a reviewer who wrote one of them reads two: 2 USD."""
    ones = np.ones((3, 2), dtype=np.int64)
    problem = Problem(
        values=np.array([[5, 1], [5, 0], [5, 0]]),
        eligible=np.array([[True, True], [True, False], [True, False]]),
        least=(3, 1),
        most=(3, 1),
        resources=(Resource("usd", 2, 0 * ones, ones),),
    )
    short = replace(problem, resources=(Resource("usd", 1, 0 * ones, ones),))

    assert solve(problem).seats == ((0, 0), (0, 1), (1, 0), (2, 0))
    assert solve(short).status == "infeasible"


def test_memory_is_taken_once_however_many_seats() -> None:
    problem = Problem(
        values=np.array([[5, 5], [4, 4]]),
        eligible=np.ones((2, 2), dtype=bool),
        least=(1, 1),
        most=(2, 2),
        memory=np.array([10, 10]),
        host=np.array([0, 0]),
        host_capacity=(10,),
    )

    assert solve(problem).seats == ((0, 0), (0, 1))


def test_everybody_sits_where_nothing_is_short_and_no_solver_is_loaded() -> None:
    """A plain run does not pay for the solver's import."""
    code = (
        "import sys, numpy as np\n"
        "from nsed.brokers.knapsack import Problem, solve\n"
        "one, all_ = np.ones((3, 2), np.int64), np.ones((3, 2), bool)\n"
        "p = Problem(one, all_, (2, 2), (3, 3))\n"
        "assert len(solve(p).seats) == 6\n"
        "assert 'ortools' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))


def test_too_little_effort_is_unknown_or_comes_with_a_bound() -> None:
    problem = large_problem(7)

    found = solve(problem, effort=1e-6)

    assert found.status in ("unknown", "feasible")
    assert found.bound >= solve(problem).value


def test_nobody_who_is_not_eligible_sits() -> None:
    problem = Problem(
        values=np.array([[9], [1]]),
        eligible=np.array([[False], [True]]),
        least=(1,),
        most=(2,),
        crowd=np.full((2, 1), NO_LIMIT),
        endpoint=np.zeros(2, dtype=np.int64),
    )

    assert solve(problem).seats == ((1, 0),)
