"""A process that files telemetry of many runs: `telemetry_writer.py STORE NAME RUNS`.

It waits for a line on standard input before it opens the store, so that several can
begin at the same moment.
"""

import asyncio
import sys

from nsed.brokers.observations import CallSeen
from nsed.nodes.telemetry import telemetry_by_day
from nsed.nodes.telemetry_store import TelemetryStore
from nsed.telemetry import open_telemetry

NOW = 1.8e9


async def main(where: str, name: str, runs: int) -> None:
    """File one call a run, each in a write of its own."""
    async with open_telemetry(where) as store:
        assert store is not None
        for number in range(runs):
            call = CallSeen("ada", "proposer", "math", NOW, "ok", 5, None, 1, 1, 1)
            by_day = telemetry_by_day([call])
            await TelemetryStore(store).write(f"{name}-{number}", by_day)


if __name__ == "__main__":
    print("ready", flush=True)  # noqa: T201 - for whoever started it
    sys.stdin.readline()
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
