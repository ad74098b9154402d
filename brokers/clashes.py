"""Why no team keeps all limits: a smallest set of them that clash, and what helps.

A limit is in the set if lifting it alone, with the rest of the set in force, gives a
team (deletion filter; Chinneck and Dravnieks, ORSA Journal on Computing 3, 1991).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from nsed.brokers.knapsack import Problem, split_by_proposals

Goal = Literal["resource", "memory", "seats", "fewest", "families", "any"]
"""What `nsed.brokers.knapsack_model.reachable` can be asked for."""

__all__ = [
    "Change",
    "Limit",
    "joint_change",
    "lifted",
    "limits_of",
    "minimal_clash",
    "smallest_changes",
]

Kind = Literal[
    "pin", "families", "latency", "context", "memory", "resource", "least", "most"
]
GIVEN_FIRST: tuple[Kind, ...] = (
    "resource", "memory", "latency", "families", "least", "most", "context", "pin",
)  # fmt: skip
EFFORT = 2.0
"""Most work for one question, in the solver's deterministic time."""


@dataclass(frozen=True)
class Limit:
    """One limit of a problem."""

    kind: Kind
    index: int = 0
    """Of the resource, host, role or expert."""


@dataclass(frozen=True)
class Change:
    """A single change after which there is a team."""

    limit: Limit
    now: int
    needed: int | None
    """What the limit would have to be; None: it would have to go."""

    @property
    def share(self) -> float:
        """How large the change is, against what the limit is now."""
        if self.needed is None:
            return 1.0
        return abs(self.needed - self.now) / max(1, abs(self.now))


FAMILIES = Limit("families")


def limits_of(problem: Problem) -> list[Limit]:
    """Every limit that a user set, those first that he is most likely to keep."""
    roles = range(len(problem.least))
    found = [Limit("most", r) for r in roles]
    found += [Limit("least", r) for r in roles if problem.least[r]]
    found += [Limit("pin", m) for m in sorted(problem.pins)]
    if problem.min_families > 1:
        found.append(Limit("families"))
    if problem.shown is not None:
        found.append(Limit("context"))
    if problem.crowd is not None:
        found.append(Limit("latency"))
    found += [Limit("memory", h) for h in range(len(problem.host_capacity))]
    names = [resource.name for resource in problem.resources]
    return found + [
        Limit("resource", names.index(name)) for name in dict.fromkeys(names)
    ]


def minimal_clash(problem: Problem) -> tuple[Limit, ...]:
    """Limits that clash, none of which could be left out; empty if there is a team."""
    if _possible(problem):
        return ()
    clash = limits_of(problem)
    for limit in list(clash):
        rest = [other for other in clash if other != limit]
        if not _possible(_only(problem, rest)):
            clash = rest
    return tuple(clash)


def smallest_changes(problem: Problem, clash: tuple[Limit, ...]) -> tuple[Change, ...]:
    """What each limit of a clash would have to be for a team to exist, all else kept.

    Smallest first. A limit whose change alone does not help is left out; if none does,
    the result is empty.
    """
    changes = []
    for limit in clash:
        freed = lifted(problem, limit)
        now, goal = _state(problem, limit)
        if goal is None:
            if _possible(freed):
                changes.append(Change(limit, now, None))
            continue
        needed = _best(freed, goal, limit.index)
        nobody = needed == 0 and limit in (Limit("least", problem.counted), FAMILIES)
        if needed is not None and not nobody:  # without a proposer there is no team
            changes.append(Change(limit, now, needed))
    return tuple(sorted(changes, key=lambda change: change.share))


def joint_change(problem: Problem) -> tuple[Change, ...]:
    """Changes that together make a team possible, where no single one does.

    Limits are lifted until nothing clashes, those first that are easiest to give; then
    one after the other is put back as tight as the rest allows. Empty if even that
    does not help.
    """
    freed, given = problem, []
    while clash := minimal_clash(freed):
        given.append(min(clash, key=lambda limit: GIVEN_FIRST.index(limit.kind)))
        freed = lifted(freed, given[-1])
    changes: list[Change] = []
    for n, limit in enumerate(given):
        rest = problem
        for change in changes:
            rest = _set(rest, change)
        for later in given[n + 1 :]:
            rest = lifted(rest, later)
        found = smallest_changes(rest, (limit,))
        if not found:
            return ()
        changes += [c for c in found if c.needed != c.now]
    return tuple(changes)


def _set(problem: Problem, change: Change) -> Problem:
    """The problem with one limit at what a change says."""
    i, needed = change.limit.index, change.needed
    if needed is None:
        return lifted(problem, change.limit)

    def put(limits: tuple[int, ...]) -> tuple[int, ...]:
        return (*limits[:i], needed, *limits[i + 1 :])

    match change.limit.kind:
        case "least":
            return replace(problem, least=put(problem.least))
        case "most":
            return replace(problem, most=put(problem.most))
        case "memory":
            return replace(problem, host_capacity=put(problem.host_capacity))
        case "families":
            return replace(problem, min_families=needed)
    name = problem.resources[i].name
    return replace(
        problem,
        resources=tuple(
            replace(x, capacity=needed) if x.name == name else x
            for x in problem.resources
        ),
    )


def _state(problem: Problem, limit: Limit) -> tuple[int, Goal | None]:
    """What a limit is now, and what to optimise to learn what it should be."""
    match limit.kind:
        case "least":
            return problem.least[limit.index], "seats"
        case "most":
            return problem.most[limit.index], "fewest"
        case "families":
            return problem.min_families, "families"
        case "memory":
            return problem.host_capacity[limit.index], "memory"
        case "resource":
            return problem.resources[limit.index].capacity, "resource"
        case _:
            return 0, None


def lifted(problem: Problem, limit: Limit) -> Problem:
    """The problem without one limit."""
    i, everybody = limit.index, len(problem.values)

    def changed(limits: tuple[int, ...], to: int) -> tuple[int, ...]:
        return (*limits[:i], to, *limits[i + 1 :])

    lifts: dict[Kind, Callable[[], Problem]] = {
        "pin": lambda: replace(problem, pins=problem.pins - {i}),
        "families": lambda: replace(problem, min_families=1),
        "latency": lambda: replace(problem, crowd=None),
        "context": lambda: replace(problem, shown=None),
        "memory": lambda: replace(
            problem, host_capacity=changed(problem.host_capacity, 2**60)
        ),
        "resource": lambda: replace(
            problem,
            resources=tuple(
                replace(x, capacity=2**60) if x.name == problem.resources[i].name else x
                for x in problem.resources
            ),
        ),
        "least": lambda: replace(problem, least=changed(problem.least, 0)),
        "most": lambda: replace(problem, most=changed(problem.most, everybody)),
    }
    return lifts[limit.kind]()


def _only(problem: Problem, kept: list[Limit]) -> Problem:
    """The problem with some of its limits alone."""
    for limit in limits_of(problem):
        if limit not in kept:
            problem = lifted(problem, limit)
    return problem


def _possible(problem: Problem) -> bool:
    return _best(problem, "any", 0) is not None


def _best(problem: Problem, goal: Goal, index: int) -> int | None:
    """Best over all numbers of proposals."""
    from nsed.brokers.knapsack_model import reachable  # noqa: PLC0415 - 0.4 s

    found = [
        n
        for one in split_by_proposals(problem)
        if (n := reachable(one, goal=goal, index=index, effort=EFFORT)) is not None
    ]
    if not found:
        return None
    return max(found) if goal in ("seats", "families") else min(found)
