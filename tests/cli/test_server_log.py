"""The log of a server: our words redacted, of others' the template, no stack traces."""

import asyncio
import gc
import logging

import pytest

from nsed.cli.server_log import server_log

CANARY = "sk-live-51Hf8s7dKq2pXv9"


async def lose_an_error() -> None:
    async def fail() -> None:
        raise ValueError(CANARY)

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()


def test_errors_of_other_packages_show_their_template_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with server_log(requests=True):
        asyncio.run(lose_an_error())
        try:
            int(CANARY)
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Failed at %s", CANARY)
        logging.getLogger("httpx").info("GET %s", CANARY)

    said = capsys.readouterr().err
    assert CANARY not in said
    assert "Traceback" not in said
    assert "asyncio: Task exception was never retrieved (ValueError)" in said
    assert "uvicorn.error: Failed at %s (ValueError)" in said


def test_our_own_words_are_redacted_and_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with server_log(requests=False):
        logging.getLogger("nsed.x").warning("no\x1b[2J\ngood: %s", f"Bearer {CANARY}")
        logging.getLogger("nsed.studio.access").info("GET / 200")

    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert CANARY not in said
    assert "\x1b[2J" not in said
    assert "GET /" not in said


def test_afterwards_logging_is_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    root, ours = logging.getLogger(), logging.getLogger("nsed")
    before = (list(root.handlers), list(ours.handlers))
    with server_log(requests=True):
        assert len(root.handlers) == len(before[0]) + 1

    assert (root.handlers, ours.handlers) == before
