"""Kill -9 at random moments and resume: same verdict, and is anything paid twice?

    python benchmarks/kill_trials.py --trials 200 [--seed 0] [--postgres] [--json]

Every trial runs a deliberation of two rounds undisturbed, and again with one to three
processes killed by SIGKILL: at a random time, or up to 20 ms after a random event at
the provider. The provider is a process of its own that counts what it answered.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))

from kill_trial import CountingProvider, Outcome, trial  # noqa: E402 - it stands there
from postgres_server import postgres_server  # noqa: E402


def main() -> None:
    """Run the trials and print what came of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--postgres", action="store_true", help="on a server of its own"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        where = str(folder / "runs.sqlite")
        if asked.postgres:
            server = stack.enter_context(postgres_server())
            where = server.new_database("trials")
        provider = stack.enter_context(CountingProvider())
        found = []
        for number in range(asked.trials):
            found.append(trial(number, asked.seed, provider, where, folder))
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{number + 1} of {asked.trials}")
    report = summed_up(found)
    if asked.json:
        print(json.dumps(report))
        return
    for name, value in report.items():
        print(f"{name}: {value}")


def summed_up(found: list[Outcome]) -> dict[str, object]:
    """All trials together."""
    kills = sum((outcome.kills for outcome in found), Counter())
    how = Counter(name for outcome in found for name in outcome.killed_at.values())
    window: Counter[str] = sum((outcome.cut_in_window for outcome in found), Counter())
    return {
        "trials": len(found),
        "kills": kills.total(),
        "kills by phase": dict(kills.most_common()),
        "verdicts equal": sum(outcome.same for outcome in found),
        "runs lost": sum(outcome.lost for outcome in found),
        "calls on file that were sent again": sum(o.resent for o in found),
        "kills at random times": how["time"],
        "kills at most 20 ms after an event": how["event"],
        "answers sent before a kill and not on file yet, random times": window["time"],
        "answers sent before a kill and not on file yet, events": window["event"],
        "answers sent to a process dead by then": sum(o.cut_in_flight for o in found),
        "calls of unknown fate in the records": sum(o.calls_lost for o in found),
        "requests missing from the records": sum(o.unbilled for o in found),
        "seconds a trial, most": round(max(o.seconds for o in found), 1),
        "seconds in all": round(sum(o.seconds for o in found), 1),
    }


if __name__ == "__main__":
    main()
