"""The provider of the kill trials, a program: it counts, and one prompt has one answer.

`kill_provider.py` prints its URL, then a line of JSON for every request that came in
and for every answer that went out whole, and serves until its standard input closes.
Answers, failures and delays follow from the prompt alone. Some prompts are answered
with a 500 when they are seen first, some ballots are no JSON.
"""

import hashlib
import json
import sys
import time
from collections import Counter

from loopback_provider import Answer, Provider, Seen

_FAILS_AT_FIRST = 6
"""Every so many-th prompt."""
_LONGEST_S = 0.06


def drawn(*parts: str) -> int:
    """A number that follows from texts."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big")


class Counting:
    """Answers, and tells."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.seen: Counter[str] = Counter()

    def answer(self, seen: Seen) -> Answer:
        """Answer by the prompt; the first time, perhaps with a failure."""
        prompt = json.dumps(seen.body["messages"], sort_keys=True)
        number = drawn(str(seen.body["model"]), prompt)
        delay_s = _LONGEST_S * (number % 997) / 997
        self.seen[call_id(seen)] += 1
        tell("received", seen)
        if number % _FAILS_AT_FIRST == 0 and self.seen[call_id(seen)] == 1:
            return Answer(status=500, delay_s=delay_s)
        if not seen.schema:
            found = 40 + number // 7 % 3
            return Answer(
                f"By step {number % 89} it is so.\nAnswer: {found}", delay_s=delay_s
            )
        if number % _FAILS_AT_FIRST == 1:
            return Answer("I would rather not.", delay_s=delay_s)
        marks = {
            label: {
                "critique": "As it stands.",
                "weight": drawn(str(number), label) % 181 - 90,
            }
            for label in seen.schema.get("properties", {})
        }
        return Answer(json.dumps(marks), delay_s=delay_s)


def call_id(seen: Seen) -> str:
    """The same for the same call of the same trial."""
    body = json.dumps(seen.body, sort_keys=True)
    return hashlib.sha256(f"{seen.path}\x1f{body}".encode()).hexdigest()[:16]


def tell(event: str, seen: Seen, status: int = 0) -> None:
    """Print one thing that happened."""
    line = {
        "event": event,
        "trial": seen.path.split("/")[1],
        "call": call_id(seen),
        "phase": "review" if seen.schema else "propose",
        "status": status,
        "t": time.time(),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve."""
    counting = Counting()
    with Provider() as provider:
        provider.answers["*"] = counting.answer
        provider.sent = lambda seen, answer: tell("answered", seen, answer.status)
        sys.stdout.write(f"{provider.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
