"""What can be wrong with a provider's answer, by name; and wrong ones by seed."""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping

from provider_script import Answer, Seen

__all__ = ["FAULTS", "seeded_faults"]

Fault = Callable[[Seen], Answer]

TEN_MB = "x" * 10_000_000


def _cut(seen: Seen) -> Answer:
    whole = Answer().payload(seen)
    return Answer(body=whole[: len(whole) // 2])


def _wrong_schema(seen: Seen) -> Answer:
    if seen.schema:
        return Answer('{"verdict": "good", "score": 9}')
    return Answer(body=b'{"object": "text_completion", "choices": [{"text": "8"}]}')


def _bad_utf8(seen: Seen) -> Answer:
    return Answer(body=Answer().payload(seen).replace(b"assistant", b"assist\xffnt"))


FAULTS: Mapping[str, Fault] = {
    "500": lambda _: Answer(status=500),
    "429": lambda _: Answer(status=429, headers={"retry-after": "3600"}),
    "401": lambda _: Answer(status=401, message="no such key"),
    "404 model gone": lambda _: Answer(status=404, message="no such model"),
    "hang": lambda _: Answer(fault="hang"),
    "slow": lambda _: Answer(delay_s=0.3),
    "reset mid-body": lambda _: Answer(fault="reset"),
    "empty": lambda _: Answer(""),
    "junk": lambda _: Answer(body=b"<html>busy</html>"),
    "truncated JSON": _cut,
    "wrong schema": _wrong_schema,
    "10 MB": lambda _: Answer(TEN_MB),
    "invalid UTF-8": _bad_utf8,
}
"""Each makes an answer to a request."""


def seeded_faults(well: Fault, *, share: float, seed: int) -> Fault:
    """Answer well, but for a share of the requests, drawn by the seed.

    What a request meets depends on its model, its phase and how often that model was
    asked in that phase; so a run that is repeated meets the same.
    """
    asked: Counter[str] = Counter()

    def answer(seen: Seen) -> Answer:
        phase = "review" if seen.schema else "propose"
        key = json.dumps([seed, seen.body.get("model"), phase])
        asked[key] += 1
        draw = random.Random(f"{key}{asked[key]}")
        if draw.random() >= share:
            return well(seen)
        return FAULTS[draw.choice(sorted(FAULTS))](seen)

    return answer
