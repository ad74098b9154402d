"""The task's profile: right often enough, the same every time, never slow."""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel import settings_for

from nsed.brokers.task_profile import ANSWER_TOKENS, profile_task
from nsed.protocol.memory_text import token_estimate

DATA = Path(__file__).parents[3] / "shared/data"
CONFIG = settings_for()


def category(task: str) -> str:
    return profile_task(task, CONFIG).category


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("A robe takes 2 bolts of blue and half that of white. How many?", "math"),
        ("What is 17 * 23?", "math"),
        (r"Evaluate $\frac{1}{2} + x$.", "math"),
        ("Prove that there are infinitely many primes.", "math"),
        ("Wie viele Äpfel haben 3 Kinder mit je 4 Äpfeln?", "math"),
        ("小明有3个苹果,又买了5个,现在有多少个?", "math"),
        ("Write a function to find the shared elements of two lists.", "code"),
        ("def add(a, b):\n    ", "code"),
        ("Why does this fail?\n```\nx = 1\n```", "code"),
        ("Traceback (most recent call last):\n  File ...", "code"),
        ("Translate to French: the cat sleeps.", "language"),
        ("Please summarise this article.", "language"),
        ("Write a short poem about rain.", "language"),
        ("请把这句话翻译成英文", "language"),
        ("Pick one.\nA) yes\nB) no", "knowledge"),
        ("Who wrote Faust?", "knowledge"),
        ("How many bones do humans have?", "general"),
        ("Tell me something.", "general"),
        ("أخبرني شيئا", "general"),
        ("", "general"),
    ],
)
def test_a_plain_example_of_each_rule(task: str, expected: str) -> None:
    assert category(task) == expected


@pytest.mark.parametrize(
    ("name", "allowed", "floor"),
    [
        ("gsm8k", {"math"}, 0.95),  # seen: 0.988
        ("math500", {"math"}, 0.88),  # 0.924
        ("humaneval", {"code"}, 0.97),  # 1.000
        ("mbpp", {"code"}, 0.97),  # 1.000
        ("livecodebench", {"code"}, 0.93),  # 0.981
        ("mmlu", {"knowledge"}, 0.97),  # 1.000, with its choices lettered
        ("truthfulqa", {"knowledge", "general"}, 0.97),  # 0.998
    ],
)
def test_the_category_is_mostly_right_on_public_questions(
    name: str,
    allowed: set[str],
    floor: float,
    record_property: Callable[[str, object], None],
) -> None:
    file = DATA / f"{name}.jsonl"
    if not file.is_file():
        pytest.skip(f"the shared data set {name} is not here")
    lines = file.read_text(encoding="utf-8").strip("\n").split("\n")
    found = Counter(category(_question(line)) for line in lines)

    share = sum(found[kind] for kind in allowed) / found.total()

    record_property(name, share)
    assert share >= floor, f"{name}: {share:.3f} of {found.total()}, {dict(found)}"


def _question(line: str) -> str:
    row = json.loads(line)
    options = zip("ABCDEFGHIJ", row.get("options", ()), strict=False)
    return "\n".join([row["question"], *(f"{x}) {text}" for x, text in options)])


def test_the_user_s_category_wins() -> None:
    profile = profile_task("What is 1 + 1?", settings_for(category="law"))

    assert profile.category == "law"
    assert profile.answer_tokens == ANSWER_TOKENS["general"]


def test_lengths_are_those_of_the_task_and_of_the_config() -> None:
    task = "What is 17 * 23?"
    config = settings_for(answer_tokens=64, critique_chars=200, claims_per_review=2)

    profile = profile_task(task, config)

    assert profile.input_tokens == token_estimate(task)
    assert profile.answer_tokens == 64
    assert profile.critique_tokens == 50 + 24 + 2 * 24


@given(task=st.text())
def test_any_text_has_a_profile_and_always_the_same(task: str) -> None:
    assert profile_task(task, CONFIG) == profile_task(task, CONFIG)


@pytest.mark.parametrize(
    "part",
    [
        " ",
        "\n",
        "\t",
        "a",
        "1",
        "1.",
        "A)",
        "$",
        "\\",
        "write ",
        "\t at ",
        "x = ",
        "翻",
    ],
    ids=ascii,
)
def test_a_long_text_takes_no_time(part: str) -> None:
    task = part * (1_000_000 // len(part))
    begin = time.perf_counter()

    profile_task(task, CONFIG)

    assert time.perf_counter() - begin < 1


def test_the_end_of_a_long_text_is_read_too() -> None:
    assert category("…" * 100_000 + "\nA. one\nB. two") == "knowledge"


def test_a_broken_character_is_no_error() -> None:
    assert category("\ud800") == "general"
