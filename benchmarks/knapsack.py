"""How long the broker's knapsack takes: cold and warm, three sizes, several limits.

    python benchmarks/knapsack.py [--seeds 9]

Every row is a shape and a kind of limit; times are milliseconds of one core over so
many random instances. `cold` is a process that has not imported OR-Tools yet. Where no
proof was reached within the first look, its time and gap are given, and then how long
the proof takes in the background.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from nsed.brokers.knapsack import Problem, Resource, Solution, solve

FIRST_LOOK = 0.2
"""Effort of the first look, in the solver's deterministic time."""
EVERYTHING = 60.0


@dataclass(frozen=True)
class Shape:
    """How many roles, experts and seats."""

    name: str
    experts: int
    roles: int
    seats: int
    """Of each role, exactly."""


SHAPES = (
    Shape("5 roles x 50 models", 50, 5, 1),
    Shape("16 seats x 1,000 models", 1000, 16, 1),
    Shape("50 seats x 200 models", 200, 2, 25),
)
LIMITS = {
    "USD and memory a seat": {},
    "shared memory": {"shared": True},
    "distinct experts": {"distinct": True},
    "whole deliberation": {"reading": True},
}


def problem(
    shape: Shape,
    seed: int,
    *,
    shared: bool = False,
    distinct: bool = False,
    reading: bool = False,
) -> Problem:
    """Draw an instance: better experts tend to cost more; the budget binds.

    Args:
        shape: Its size.
        seed: Decides everything.
        shared: Memory is taken once a host, on four hosts that hold a part.
        distinct: One seat an expert.
        reading: Seats of all roles but the first also pay for every proposal.
    """
    rng = np.random.default_rng(seed)
    experts, roles = shape.experts, shape.roles
    skill = rng.random((experts, 1))
    values = 1e6 * (0.6 * skill + 0.4 * rng.random((experts, roles)))
    dollars = 1e5 * (0.2 + skill[:, 0] ** 2 * rng.lognormal(0, 1, experts))
    base = np.repeat(dollars.astype(np.int64)[:, None], roles, axis=1)
    zero = np.zeros_like(base)
    seats = shape.seats * roles
    memory = rng.integers(1, 80, experts) * 10**9
    slope = base // 20 if reading else zero
    slope[:, 0] = 0
    each = float(np.median(dollars)) * (1 + reading * 0.05 * shape.seats)
    resources = [Resource("usd", int(each * seats), base, slope)]
    hosts: dict[str, object] = {}
    if shared:
        room = int(np.median(memory)) * seats // 6
        hosts = {
            "memory": memory,
            "host": rng.integers(0, 4, experts),
            "host_capacity": (max(room, 80 * 10**9),) * 4,
        }
    else:
        room = int(0.8 * float(np.median(memory)) * seats)
        taken = np.repeat(memory[:, None], roles, axis=1)
        resources.append(Resource("memory", room, taken, zero))
    return Problem(
        values=values.astype(np.int64),
        eligible=np.ones((experts, roles), dtype=bool),
        least=(shape.seats,) * roles,
        most=(shape.seats,) * roles,
        resources=tuple(resources),
        roles_per_expert=1 if distinct else None,
        price=base,
        **hosts,  # type: ignore[arg-type]
    )


def measured(shape: Shape, limits: dict[str, bool], seeds: int) -> Iterator[str]:
    """One row of the table."""
    looks, gaps, proofs, states = [], [], [], []
    with ThreadPoolExecutor(max_workers=1) as background:
        for seed in range(seeds):
            instance = problem(shape, seed, **limits)
            first, seconds = timed(instance, FIRST_LOOK)
            looks.append(1000 * seconds)
            states.append(first.status)
            if first.status in ("optimal", "infeasible"):
                continue
            gaps.append(100 * first.gap)
            proof, later = background.submit(timed, instance, EVERYTHING).result()
            proofs.append(f"{later:.1f} s" if proof.status == "optimal" else "none")
    yield f"{statistics.median(looks):.0f}"
    yield f"{min(looks):.0f}-{max(looks):.0f}"
    yield f"{states.count('optimal')}/{seeds}"
    yield f"{max(gaps):.2f} %" if gaps else ""
    yield ", ".join(proofs)


def timed(instance: Problem, effort: float) -> tuple[Solution, float]:
    """Solve once and take the time."""
    started = time.perf_counter()
    found = solve(instance, effort=effort)
    return found, time.perf_counter() - started


def cold() -> float:
    """Milliseconds of a first 5 x 50 solve, the import of the solver in it."""
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); import knapsack as k;"
        "from nsed.brokers.knapsack import solve;"
        "p = k.problem(k.SHAPES[0], 0); t = time.perf_counter(); solve(p);"
        "print(1000 * (time.perf_counter() - t))"
    )
    folder = __file__.rpartition("/")[0]
    said = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, folder],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(said.stdout)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=9)
    seeds = parser.parse_args().seeds
    times = sorted(cold() for _ in range(5))
    print(f"cold, first solve of a process: {times[2]:.0f} ms (median of 5)\n")
    solve(problem(SHAPES[0], 0))
    print("| shape | limits | median ms | range | proven | largest gap | proof after |")
    print("|---|---|---|---|---|---|---|")
    for shape in SHAPES:
        for name, limits in LIMITS.items():
            cells = " | ".join(measured(shape, limits, seeds))
            print(f"| {shape.name} | {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
