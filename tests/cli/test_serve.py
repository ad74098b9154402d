"""`nsed serve`: where it listens, what it refuses, how it ends."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from cli.conftest import POOL
from server_process import server_process
from typer.testing import Result

from nsed.cli import serving

Nsed = Callable[..., Result]
PRICED = POOL.replace(
    'name = "bob"\nprovider = "scripted"\n',
    'name = "bob"\nprovider = "scripted"\nusd_per_mtok_input = 0\n'
    "usd_per_mtok_output = 0\n",
)
CHAT = {"model": "nsed", "messages": [{"role": "user", "content": "What is 6 * 7?"}]}


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_serves_answers_and_ends_in_good_order(
    sign: signal.Signals, tmp_path: Path
) -> None:
    with server_process(tmp_path, PRICED, "--preset", "fast") as here:
        with here.client() as client:
            reply = client.post("/v1/chat/completions", json=CHAT)
            page = client.get("/docs")
        here.process.send_signal(sign)
        code = here.process.wait(20)
        log = here.log.read_text()

    assert reply.json()["choices"][0]["message"]["content"].endswith("42")
    assert page.status_code == 404, "that page would load scripts from elsewhere"
    assert code == 0
    assert f"OpenAI base URL: {here.url}/v1" in log
    assert "No keys: everybody on this machine may ask" in log
    assert "POST /v1/chat/completions 200" in log
    assert "Traceback" not in log
    with pytest.raises(httpx.ConnectError):
        httpx.get(here.url, trust_env=False)


@pytest.mark.slow
def test_a_preset_holds_for_all_requests(tmp_path: Path) -> None:
    with server_process(tmp_path, PRICED, "--preset", "fast", "--quiet") as here:
        with here.client() as client:
            client.post("/v1/chat/completions", json=CHAT)
        _, log = here.end()
    runs = tmp_path / "data" / "runs.sqlite"

    assert "POST" not in log
    assert b'"rounds": 1' in runs.read_bytes() + (
        runs.with_name("runs.sqlite-wal").read_bytes()
        if runs.with_name("runs.sqlite-wal").exists()
        else b""
    )


@pytest.mark.slow
def test_keys_made_and_removed_while_it_runs_count_at_once(tmp_path: Path) -> None:
    from a_server import add_key

    with server_process(tmp_path, PRICED) as here:
        assert here.chat("", "?").status_code == 200
        here.keys["ann"] = add_key(tmp_path / "data", "ann")
        until = time.monotonic() + 20
        while here.chat("", "?").status_code != 401:
            assert time.monotonic() < until
        assert here.chat("ann", "?").status_code == 200


def test_a_wide_address_needs_a_key(pool: Path, nsed: Nsed) -> None:
    told = nsed("serve", "--host", "0.0.0.0", "--port", "0")

    assert told.exit_code == 2
    assert "nsed keys add NAME" in " ".join(told.stderr.split())


def test_a_port_that_is_taken_is_told_with_what_to_do(pool: Path, nsed: Nsed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = nsed("serve", "--port", port)

    assert told.exit_code == 2
    words = " ".join(told.stderr.split())
    assert f"127.0.0.1 port {port}" in words
    assert "--port" in words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--host", "http://x"), "--host: should be an address"),
        (("--host", "198.51.100.7"), "there is no key"),
        (("--preset", "fats"), "Did you mean 'fast'?"),
        (("--config", "none.toml"), "none.toml"),
    ],
)
def test_mistakes_are_told_before_anything_begins(
    options: tuple[str, ...], words: str, pool: Path, nsed: Nsed
) -> None:
    told = nsed("serve", "--port", "0", *options)

    assert told.exit_code == 2
    assert words in " ".join(told.stderr.split())


def test_an_address_that_is_not_here_is_told(pool: Path, nsed: Nsed) -> None:
    nsed("keys", "add", "ann")
    told = nsed("serve", "--host", "198.51.100.7", "--port", "0")

    assert told.exit_code == 2
    assert "cannot listen at 198.51.100.7" in " ".join(told.stderr.split())


def test_without_the_extra_it_says_what_to_install(
    pool: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    told = nsed("serve")

    assert told.exit_code == 2
    assert "pip install 'nsed[serve]'" in told.stderr


def test_weights_are_asked_for_before_it_serves(here: Path, nsed: Nsed) -> None:
    told = nsed("serve", "--port", "0", "--no-pull")

    assert told.exit_code == 2
    assert "nsed models pull" in " ".join(told.stderr.split())


def test_keys_need_no_server_packages(here: Path) -> None:
    import subprocess

    code = (
        "import sys\n"
        "for name in ('fastapi', 'starlette', 'uvicorn'): sys.modules[name] = None\n"
        "from nsed.cli.app import app\n"
        "app(['keys', 'add', 'ann'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NSED_DATA": str(here)},
    )

    assert done.stdout.startswith("nsed-"), done.stderr
    assert json.loads((here / "keys.json").read_text())["keys"]
