"""The knapsack's variables and constraints in CP-SAT."""

from collections.abc import Collection
from itertools import groupby
from typing import Literal

import numpy as np
from ortools.sat.python import cp_model

from nsed.brokers.knapsack_problem import NO_LIMIT, Problem, Resource

__all__ = ["Goal", "KnapsackModel", "Seat"]

Goal = Literal["resource", "memory", "seats", "fewest", "families", "any"]
"""What a model can be asked for besides the value; see `knapsack_model.reachable`."""
Seat = tuple[int, int]


class KnapsackModel:
    """Variables and constraints over the columns of a problem."""

    def __init__(self, problem: Problem, columns: Collection[Seat] | None) -> None:
        """Write all limits down, over some columns or, with None, all eligible."""
        self.problem, self.model = problem, cp_model.CpModel()
        seats = columns
        if seats is None:
            seats = list(
                zip(*(i.tolist() for i in np.nonzero(problem.eligible)), strict=True)
            )
        self.x = {seat: self.model.new_bool_var("") for seat in sorted(seats)}
        self.of = {
            m: [self.x[s] for s in group]
            for m, group in groupby(self.x, lambda s: s[0])
        }
        self._used: dict[int, cp_model.IntVar] = {}
        self._seats()
        for resource in problem.resources:
            self._resource(resource)
        self._memory()
        self._crowds()
        self._context()
        self._people()

    def hint(self, seats: Collection[Seat]) -> None:
        """Start from these seats."""
        if seats:
            for seat, x in self.x.items():
                self.model.add_hint(x, seat in seats)

    def chosen(self, solver: cp_model.CpSolver) -> tuple[Seat, ...]:
        """Read the seats off a solution."""
        return tuple(seat for seat, x in self.x.items() if solver.boolean_value(x))

    def used(self, m: int) -> cp_model.IntVar:
        """Whether an expert takes any seat."""
        mine = self.of[m]
        if len(mine) == 1:
            return mine[0]
        if m not in self._used:
            self._used[m] = self.model.new_bool_var("")
            self.model.add_max_equality(self._used[m], mine)
        return self._used[m]

    def in_role(self, r: int) -> list[cp_model.IntVar]:
        """The seats of a role."""
        return [x for (_, role), x in self.x.items() if role == r]

    def amount(self, goal: Goal, index: int) -> cp_model.LinearExprT:
        """What `reachable` optimises."""
        if goal in ("seats", "fewest"):
            return sum(self.in_role(index))
        if goal == "families":
            return sum(self._families())
        if goal == "memory":
            return self._on_host(index)
        if goal == "resource":
            amount = self.model.new_int_var(0, 2**60, "")
            name = self.problem.resources[index].name
            for resource in self.problem.resources:
                if resource.name == name:
                    self._resource(resource, amount)
            return amount
        return 0

    def losses(self) -> list[tuple[cp_model.IntVar, int]]:
        """Variables that count what goes together, and the loss for each."""
        return [*self._overlaps(), *self._pairs()]

    def _pairs(self) -> list[tuple[cp_model.IntVar, int]]:
        """A variable that is true where both experts of a pair are in the role."""
        c, found = self.problem.counted, []
        for (m, n), lost in self.problem.penalty.items():
            if (m, c) in self.x and (n, c) in self.x:
                both = self.model.new_bool_var("")
                self.model.add_bool_or(~self.x[m, c], ~self.x[n, c], both)
                found.append((both, lost))
        return found

    def _overlaps(self) -> list[tuple[cp_model.IntVar, int]]:
        """Σ over pairs of the lesser overlap, without a variable for every pair.

        By falling overlap o_1 >= o_2 >= … it is Σ_k (o_k - o_{k+1})·n_k(n_k - 1)/2,
        with n_k of the first k chosen; and n(n-1)/2 = max_j (j·n - j(j+1)/2).
        """
        overlap, c = self.problem.overlap, self.problem.counted
        if overlap is None:
            return []
        ranked = sorted(
            (m for m, r in self.x if r == c), key=lambda m: (-overlap[m], m)
        )
        most = min(self.problem.most[c], len(ranked))
        found, before = [], None
        for k, m in enumerate(ranked, start=1):
            n = self.model.new_int_var(0, min(k, most), "")
            self.model.add(n == self.x[m, c] + (0 if before is None else before))
            before = n
            after = int(overlap[ranked[k]]) if k < len(ranked) else 0
            step = int(overlap[m]) - after
            if not step or k == 1:
                continue
            pairs = self.model.new_int_var(0, most * (most - 1) // 2, "")
            for j in range(1, min(k, most)):
                self.model.add(pairs >= j * n - j * (j + 1) // 2)
            found.append((pairs, step))
        return found

    def _seats(self) -> None:
        problem = self.problem
        for r, (least, most) in enumerate(
            zip(problem.least, problem.most, strict=True)
        ):
            self.model.add_linear_constraint(sum(self.in_role(r)), least, most)
        if problem.roles_per_expert is not None:
            for mine in self.of.values():
                if len(mine) > problem.roles_per_expert:
                    self.model.add(sum(mine) <= problem.roles_per_expert)

    def _resource(
        self, resource: Resource, amount: cp_model.IntVar | None = None
    ) -> None:
        limit = resource.capacity if amount is None else amount
        if not any(resource.slope[s] for s in self.x):
            self.model.add(
                sum(x * int(resource.base[s]) for s, x in self.x.items()) <= limit
            )
            return
        c, own = self.problem.counted, []
        read = self.problem.least[c]  # the split by number of proposals fixed it
        for (m, r), x in self.x.items():
            mine = self.x.get((m, c))
            if r == c or mine is None or not resource.slope[m, r]:
                continue
            both = self.model.new_bool_var("")
            self.model.add_implication(both, x)
            self.model.add_implication(both, mine)
            own.append(both * int(resource.slope[m, r]))
        spent = sum(
            x * int(resource.base[m, r] + (r != c) * read * resource.slope[m, r])
            for (m, r), x in self.x.items()
        )
        self.model.add(spent - sum(own) <= limit)

    def _on_host(self, h: int) -> cp_model.LinearExprT:
        memory, host = self.problem.memory, self.problem.host
        if memory is None or host is None:
            return 0
        return sum(
            self.used(m) * int(memory[m]) for m in self.of if host[m] == h and memory[m]
        )

    def _memory(self) -> None:
        for h, capacity in enumerate(self.problem.host_capacity):
            expression = self._on_host(h)
            if not isinstance(expression, int):
                self.model.add(expression <= capacity)

    def _crowds(self) -> None:
        crowd, endpoint = self.problem.crowd, self.problem.endpoint
        if crowd is None or endpoint is None:
            return
        here: dict[tuple[int, int], list[cp_model.IntVar]] = {}
        for (m, r), x in self.x.items():
            here.setdefault((int(endpoint[m]), r), []).append(x)
        for (m, r), x in self.x.items():
            together, allowed = here[int(endpoint[m]), r], int(crowd[m, r])
            if len(together) > allowed:
                self.model.add(sum(together) <= allowed).only_enforce_if(x)

    def _context(self) -> None:
        shown, counted = self.problem.shown, self.problem.counted
        proposals = self.in_role(counted)
        if self.problem.reads_others and self.problem.least[counted] <= 1:
            for (m, r), x in self.x.items():
                if r != counted:
                    own = self.x.get((m, counted), 0)
                    self.model.add(x + own <= sum(proposals))
        if shown is None:
            return
        for (m, r), x in self.x.items():
            allowed = int(shown[m, r])
            if r == counted or allowed >= min(NO_LIMIT, len(proposals)):
                continue
            own = self.x.get((m, counted), 0)
            self.model.add(sum(proposals) - own <= allowed).only_enforce_if(x)

    def _people(self) -> None:
        problem = self.problem
        for m in problem.pins:
            if m in self.of:
                self.model.add_bool_or(self.of[m])
            else:
                self.model.add_bool_or([])  # the pinned expert may take no seat
        if problem.min_families > 1:
            self.model.add(sum(self._families()) >= problem.min_families)

    def _families(self) -> list[cp_model.IntVar]:
        """For each family a variable that is only true where a member sits."""
        family, found = self.problem.family, []
        if family is None:
            return []
        for f in np.unique(family).tolist():
            members = [x for m, mine in self.of.items() if family[m] == f for x in mine]
            if members:
                present = self.model.new_bool_var("")
                self.model.add_bool_or(members).only_enforce_if(present)
                found.append(present)
        return found
