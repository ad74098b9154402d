"""The knapsack as a CP-SAT model: built from the numbers, solved, read back."""

from collections.abc import Collection

import numpy as np
from ortools.sat.python import cp_model

from nsed.brokers.knapsack import Problem, Solution, value_of
from nsed.brokers.knapsack_constraints import Goal, KnapsackModel, Seat

__all__ = ["Goal", "best_seats", "reachable"]

PRICE_STEPS = 1000
"""Prices break ties to a thousandth of the dearest seat."""


def best_seats(
    problem: Problem,
    *,
    effort: float,
    hint: Collection[Seat] = (),
    columns: Collection[Seat] | None = None,
    at_least: int | None = None,
) -> Solution:
    """Maximise the value.

    Args:
        problem: Rows in canonical order.
        effort: Most work, in deterministic time.
        hint: Seats to start from.
        columns: The only seats to look at; None: all that are eligible.
        at_least: A value known to be reached.
    """
    model = KnapsackModel(problem, columns)
    worth, scale = _worth_and_ties(problem)
    terms = [x * int(worth[seat]) for seat, x in model.x.items()]
    terms += [count * (-scale * lost) for count, lost in model.losses()]
    objective = sum(terms)
    if at_least is not None:
        model.model.add(objective >= scale * at_least - scale + 1)
    model.model.maximize(objective)
    model.hint(hint)
    solver = _solver(effort)
    # Overlaps are counted by inequalities, which only the full relaxation sees.
    solver.parameters.linearization_level = 1 if problem.overlap is None else 2
    status = solver.solve(model.model)
    if status in (cp_model.INFEASIBLE, cp_model.MODEL_INVALID):
        return Solution("infeasible")
    if status == cp_model.UNKNOWN:
        return Solution("unknown", bound=int(problem.values.sum()))
    seats = model.chosen(solver)
    value = value_of(problem, seats)
    if status == cp_model.OPTIMAL:
        return Solution("optimal", seats, value, value)
    # The ties' part of the objective is below `scale`; floats get a little room.
    bound = int(np.floor((solver.best_objective_bound + scale - 1) / scale + 1e-6))
    return Solution("feasible", seats, value, max(value, bound))


def reachable(
    problem: Problem, *, goal: Goal, index: int = 0, effort: float
) -> int | None:
    """Best that the limits allow of one thing alone; None if nothing keeps them.

    `resource`, `memory` and the `fewest` seats of role `index` are made as small,
    `seats` of a role and `families` as large as can be; `any` only asks whether there
    is a team, and gives 0. What is not settled within the effort counts as no team.
    """
    model = KnapsackModel(problem, None)
    expression = model.amount(goal, index)
    if goal in ("resource", "memory", "fewest"):
        model.model.minimize(expression)
    elif goal != "any":
        model.model.maximize(expression)
    solver = _solver(effort)
    if solver.solve(model.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return 0 if goal == "any" else int(solver.objective_value)


def _solver(effort: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = effort
    solver.parameters.symmetry_level = 0
    solver.parameters.catch_sigint_signal = False  # Ctrl-C is Python's
    return solver


def _worth_and_ties(problem: Problem) -> tuple[np.ndarray, int]:
    """Values, scaled so that a difference in price never outweighs one of value."""
    values = problem.values.astype(np.int64)
    if problem.price is None or not (top := int(problem.price.max(initial=0))):
        return values, 1
    steps = problem.price.astype(object) * PRICE_STEPS // top
    scale = 1 + PRICE_STEPS * sum(problem.most)
    return values * scale - steps.astype(np.int64), scale
