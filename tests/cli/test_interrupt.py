"""Ctrl-C: the best answer so far, once, and nothing left behind."""

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback_provider import Answer, Provider, Seen

from nsed.cli.session import _on_interrupt

Spawn = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


def pool_of(provider: Provider, folder: Path) -> None:
    (folder / "nsed.toml").write_text(
        "".join(
            f'[[experts]]\nname = "{name}"\nmodel = "{name}"\n'
            f'base_url = "{provider.url}"\n'
            for name in ("ada", "bob")
        )
    )


def hang_when(provider: Provider, *, reviewing: bool) -> threading.Event:
    """Never answer in one phase; the event is set once both experts wait there."""
    both = threading.Event()
    waiting: list[Seen] = []

    def answer(seen: Seen) -> Answer:
        if bool(seen.schema) is not reviewing:
            return Answer("6 * 7 = 42\nAnswer: 42")
        waiting.append(seen)
        if len(waiting) == 2:
            both.set()
        return Answer(fault="hang")

    provider.answers["*"] = answer
    return both


def test_the_best_answer_so_far_is_given_once(
    here: Path, spawn: Spawn, provider: Provider
) -> None:
    pool_of(provider, here)
    reviewing = hang_when(provider, reviewing=True)
    run = spawn("ask", "What is 6 * 7?", "--save", "runs")
    assert reviewing.wait(40), run.communicate()

    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=40)

    assert run.returncode == 130
    assert out == b"6 * 7 = 42\nAnswer: 42\n"
    assert err.count(b"Cut short: this is the best answer so far.") == 1
    assert b"you stopped it" in err
    assert b"Traceback" not in err
    record, trail = sorted((here / "runs").iterdir())
    assert trail.name == f"{record.stem}.trail.jsonl"


def test_before_anybody_answered_there_is_nothing_to_give(
    here: Path, spawn: Spawn, provider: Provider
) -> None:
    pool_of(provider, here)
    proposing = hang_when(provider, reviewing=False)
    run = spawn("ask", "q", "--quiet")
    assert proposing.wait(40), run.communicate()

    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=40)

    assert run.returncode == 130
    assert out == b""
    assert err == b"error: interrupted before anybody had answered\n"


async def test_the_first_press_ends_and_the_second_aborts() -> None:
    pressed: asyncio.Queue[str] = asyncio.Queue()

    with _on_interrupt(
        lambda: pressed.put_nowait("end"), lambda: pressed.put_nowait("abort")
    ) as any_press:
        assert not any_press()
        for expected in ("end", "abort"):
            os.kill(os.getpid(), signal.SIGINT)
            assert await asyncio.wait_for(pressed.get(), 10) == expected
        assert any_press()

    assert signal.getsignal(signal.SIGINT) is not signal.SIG_DFL


def test_a_key_in_a_file_reaches_the_provider(
    here: Path, spawn: Spawn, provider: Provider
) -> None:
    (here / "key").write_text("sk-from-a-file\n")
    pool_of(provider, here)
    with (here / "nsed.toml").open("a") as file:
        file.write('api_key_file = "key"\n')

    run = spawn("ask", "q", "--json")
    out, err = run.communicate(timeout=50)

    assert run.returncode == 0, err
    sent = {s.body["model"]: s.headers.get("authorization") for s in provider.seen}
    assert sent["bob"] == "Bearer sk-from-a-file"
    assert b"sk-from-a-file" not in out + err
