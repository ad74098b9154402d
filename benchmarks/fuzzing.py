"""Fuzzing with atheris: inputs that reach new code are kept and changed further.

The targets are `tests/fuzz/*.py`, each with the properties it holds its subject to.
Every fault is kept once, by its place, and the search goes on. The corpus that grows
and the faults are in `build/fuzz/TARGET`; what was found belongs into
`tests/fuzz/corpus/TARGET`, which `tests/fuzz/test_short_runs.py` repeats.

    python benchmarks/fuzzing.py TARGET [--minutes 10] [--seed 1] [--folder build/fuzz]
"""

import argparse
import importlib
import re
import subprocess
import sys
import traceback
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
sys.path.insert(0, str(TESTS))
from fuzz.mutations import TARGETS  # noqa: E402

INSTRUMENTED = ["nsed", "json_repair", "tomllib", "rfc8785"]
SECONDS_AN_INPUT = 10
MOST_BYTES = 4096
COVERAGE = re.compile(r"^#\d+\s+(INITED|NEW|REDUCE|pulse|DONE)\s+cov: (\d+) ft: (\d+)")
UNITS = re.compile(r"^stat::number_of_executed_units:\s+(\d+)")


def main() -> None:
    """Run, print, and exit 1 if something was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    folder = asked.folder / asked.target
    if asked.child:
        fuzz(asked.target, folder, asked.minutes, asked.seed)
    else:
        sys.exit(run(asked.target, folder, asked.minutes, asked.seed))


def run(target: str, folder: Path, minutes: float, seed: int) -> bool:
    """Start the fuzzer, which ends its process itself, and sum up what it says."""
    for name in ("corpus", "found"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    before = {file.name for file in (folder / "found").iterdir()}
    command = [sys.executable, __file__, target, "--child"]
    command += ["--minutes", str(minutes), "--seed", str(seed)]
    command += ["--folder", str(folder.parent)]
    steps: list[tuple[int, int]] = []
    units = 0
    with (
        (folder / "log").open("w", encoding="utf-8") as log,
        subprocess.Popen(  # noqa: S603 - our own program
            command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            if found := COVERAGE.match(line):
                steps.append((int(found[2]), int(found[3])))
            elif found := UNITS.match(line):
                units = int(found[1])
            elif not line.startswith(("#", "INFO", "\tNEW_FUNC", "stat::")):
                sys.stdout.write(line)
    (first, *_, last) = steps or [(0, 0)] * 2
    new = sorted({file.name for file in (folder / "found").iterdir()} - before)
    print(
        f"{target}: {units:,} executions in {minutes:g} minutes, seed {seed}; "
        f"coverage {first[0]} -> {last[0]} edges, {first[1]} -> {last[1]} features; "
        f"findings: {', '.join(new) or 'none'}"
    )
    return bool(new) or process.returncode != 0


def fuzz(target: str, folder: Path, minutes: float, seed: int) -> None:
    """Search until the time is up. Does not return."""
    import atheris  # noqa: PLC0415 - not on every platform

    with atheris.instrument_imports(include=INSTRUMENTED):
        subject = importlib.import_module(f"fuzz.{target}")
    atheris.Setup(
        [
            target,
            f"-seed={seed}",
            f"-max_total_time={round(60 * minutes)}",
            f"-timeout={SECONDS_AN_INPUT}",
            f"-max_len={MOST_BYTES}",
            f"-dict={TESTS / 'fuzz' / target}.dict",
            f"-artifact_prefix={folder / 'found'}/",
            "-len_control=0",
            "-rss_limit_mb=3000",
            "-print_final_stats=1",
            str(folder / "corpus"),
            str(TESTS / "fuzz" / "corpus" / target),
        ],
        noting_faults(subject.one_input, folder / "found"),
    )
    atheris.Fuzz()


def noting_faults(
    one_input: Callable[[bytes], None], folder: Path
) -> Callable[[bytes], None]:
    """Keep the first input of each fault, told apart by kind and place, and go on."""
    seen: set[str] = set()

    def noted(data: bytes) -> None:
        try:
            one_input(data)
        except Exception as error:  # noqa: BLE001 - this is what we look for
            last = traceback.extract_tb(error.__traceback__)[-1]
            key = f"{type(error).__name__} {last.filename}:{last.lineno}"
            if key in seen:
                return
            seen.add(key)
            name = f"{type(error).__name__}-{sha256(data).hexdigest()[:12]}"
            (folder / name).write_bytes(data)
            told = "".join(traceback.format_exception(error, limit=-6))
            print(f"FOUND {name}: {data[:400]!r}\n{told[:3000]}", flush=True)

    return noted


if __name__ == "__main__":
    main()
