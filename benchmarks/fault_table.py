"""The fault matrix, as a table: every fault × who has it × in which phase.

One round of four experts with a quorum of two, against a provider on this machine.
`tests/faults/test_matrix.py` holds every cell to what is promised; this shows it.

    python benchmarks/fault_table.py [--fault hang] [--phase synthesize]
"""

import argparse
import asyncio
import sys
from pathlib import Path

from nsed.models.hire import Hire

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
from fault_matrix import CELLS, Cell, Result, play  # noqa: E402
from loopback_provider import Provider  # noqa: E402
from provider_faults import FAULTS  # noqa: E402

COLUMNS = (
    ("fault", 15),
    ("who", 15),
    ("phase", 11),
    ("status", 9),
    ("by", 10),
    ("seconds", 13),
    ("calls", 11),
    ("shown", 0),
)
SHOWN = 84
MOST = 1.5
"""Calls with one expert down, as a share of the calls without a fault."""


def main() -> None:
    """Play and print; exit 1 if a cell is late or asks too often."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fault", choices=sorted(FAULTS))
    parser.add_argument("--phase", choices=sorted({c.phase for c in CELLS}))
    wanted = parser.parse_args()
    cells = [
        c
        for c in CELLS
        if wanted.fault in (None, c.fault) and wanted.phase in (None, c.phase)
    ]
    print("".join(name.ljust(width) for name, width in COLUMNS))
    with Provider() as provider:
        results = asyncio.run(played(cells, provider))
    late = sum(r.seconds > r.deadline_s for r in results)
    played_cells = list(zip(cells, results, strict=True))
    most = max(r.calls / c.fault_free_calls for c, r in played_cells)
    one = max(r.calls / c.fault_free_calls for c, r in played_cells if c.who == "one")
    print(
        f"{len(cells)} cells, {late} late; calls at most {most:.2f} of fault-free, "
        f"{one:.2f} with one expert down."
    )
    sys.exit(bool(late or one > MOST))


async def played(cells: list[Cell], provider: Provider) -> list[Result]:
    """Play one after the other, printing each."""
    hire, results = Hire(), []
    try:
        await play(Cell("500", "nobody", "propose"), provider, hire)  # imports
        for cell in cells:
            results.append(await play(cell, provider, hire))
            print(line(cell, results[-1]), flush=True)
    finally:
        await hire.aclose()
    return results


def line(cell: Cell, result: Result) -> str:
    """One row."""
    values = (
        cell.fault,
        cell.who,
        cell.phase,
        result.status,
        result.decided_by or "–",
        f"{result.seconds:.2f} of {result.deadline_s:g}",
        f"{result.calls} of {cell.fault_free_calls}",
        " ".join(result.error.split())[:SHOWN] or "–",
    )
    return "".join(
        value.ljust(width) for value, (_, width) in zip(values, COLUMNS, strict=True)
    )


if __name__ == "__main__":
    main()
