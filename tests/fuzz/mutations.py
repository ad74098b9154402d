"""Seeds of a target and random changes to them: a fuzzer of twenty lines for CI."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["TARGETS", "mutants", "seeds", "words"]

FOLDER = Path(__file__).parent
TARGETS = ("ballot", "frame", "trail", "config")
_QUOTED = re.compile(r'^[^#]*?"((?:[^"\\]|\\.)*)"$')


def seeds(target: str) -> dict[str, bytes]:
    """The committed inputs by name: own examples, and what ever went wrong."""
    files = sorted((FOLDER / "corpus" / target).iterdir())
    return {file.name: file.read_bytes() for file in files}


def words(target: str) -> list[bytes]:
    """The dictionary of a target, in libFuzzer's form."""
    lines = (FOLDER / f"{target}.dict").read_text(encoding="utf-8").splitlines()
    quoted = [found[1] for line in lines if (found := _QUOTED.match(line))]
    return [re.sub(rb"\\x([0-9a-fA-F]{2})|\\(.)", _byte, q.encode()) for q in quoted]


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode()) if found[1] else found[2]


def mutants(target: str, *, count: int, seed: int) -> Iterator[bytes]:
    """Seeded, so the same on every machine."""
    rng = random.Random(seed)
    known, tokens = [*seeds(target).values()], words(target)
    for _ in range(count):
        mutant = rng.choice(known)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(mutant) + 1)
            end = min(len(mutant), at + rng.choice([0, 0, 1, 1, 4, 32]))
            other = rng.choice(known)
            start = rng.randrange(len(other) + 1)
            piece = rng.choice(
                [
                    b"",
                    rng.randbytes(1),
                    rng.randbytes(3),
                    rng.choice(tokens),
                    rng.choice(tokens),
                    mutant[at:end] * 2,
                    other[start : start + rng.randrange(1, 64)],
                ]
            )
            mutant = mutant[:at] + piece + mutant[end:]
        yield mutant
