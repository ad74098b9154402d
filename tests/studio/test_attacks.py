"""Attacks on a real server: what leaks when all goes wrong, what a request may choose.

Everything is made to fail, in every way that a provider knows; then all replies and the
whole log are searched for the provider's key, the server's keys, another key's prompt,
and stack traces.
"""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from loopback_provider import Answer, Provider
from provider_faults import FAULTS
from server_process import CANARY, Served, nsed, pool_of, server_process

pytestmark = pytest.mark.slow

ANNS = "ANNS-PROMPT-7f3a9c"
BENS = "BENS-PROMPT-1d4e88"
KEYS: dict[str, dict[str, Any]] = {"ann": {}, "ben": {}}
TRACES = ("Traceback (most recent", 'File "', "raise ", "site-packages")
FAST = "[deliberation]\nrounds = 1\n"


def raw(url: str, *parts: bytes) -> bytes:
    """Send bytes as they are, and read what comes until the server hangs up."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=1) as connection:
        for part in parts:
            connection.sendall(part)
        got = b""
        try:
            while more := connection.recv(65536):
                got += more
        except (TimeoutError, ConnectionError):
            pass
        return got


def test_whatever_fails_nothing_leaks(tmp_path: Path) -> None:
    said: dict[str, list[str]] = {"ann": [], "ben": [], "": []}
    with Provider() as provider:
        limits = "call_timeout_s = 0.3\nretries = 0\n"
        config = pool_of(provider.url, limits=limits, more=FAST)
        with server_process(tmp_path, config, keys=KEYS) as here:
            tokens = [*here.keys.values()]

            def echo(seen: Any) -> Answer:
                """A provider that repeats all it was sent, keys included, and fails."""
                return Answer(status=500, message=json.dumps([seen.headers, seen.body]))

            faults = [fault for name, fault in FAULTS.items() if name != "10 MB"]
            for n, fault in enumerate([echo, *faults]):
                provider.answers["*"] = fault
                for stream in (False, True):
                    reply = here.chat("ann", f"{ANNS} {n}", stream=stream)
                    said["ann"].append(f"{reply.headers} {reply.text}")
                reply = here.chat("ben", f"{BENS} {n}")
                said["ben"].append(f"{reply.headers} {reply.text}")
            said[""].append(here.chat("", ANNS).text)
            bad = b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            auth = f"Authorization: Bearer {tokens[0]}\r\n".encode()
            kind = b"Content-Type: application/json\r\n"
            for parts in (
                (bad, b"Content-Length: x\r\n\r\n"),
                (bad, auth, b"Content-Length: -1\r\n\r\n"),
                (bad, auth, kind, b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n"),
                (bad, auth, kind, b"Content-Length: 4\r\n\r\n\xff\xfe\x00{"),
                (bad, auth, b"X: " + ANNS.encode() + b"a" * 70_000 + b"\r\n\r\n"),
                (
                    b"GET /%00%0d%0aSet-Cookie:x?key=" + ANNS.encode(),
                    b" HTTP/1.1\r\n\r\n",
                ),
                (b"\x16\x03\x01" + ANNS.encode() + b"\r\n\r\n",),
            ):
                said[""].append(raw(here.url, *parts).decode("latin-1"))
            with here.client("ben") as client:
                for path in (
                    f"/?q={ANNS}",
                    "/v1/models/%ff%fe",
                    "/v1/%2e%2e/etc/passwd",
                ):
                    said[""].append(client.get(path).text)
            code, log = here.end()

    assert code == 0
    assert "GET / " in log, "requests are in the log, without their query"
    whole = "\n".join([*said["ann"], *said["ben"], *said[""], log])
    for secret in (CANARY, *tokens):
        assert secret not in whole
        assert secret.removeprefix("nsed-")[:20] not in whole
    for trace in TRACES:
        assert trace not in whole
    assert BENS not in "\n".join([*said["ann"], *said[""], log])
    assert ANNS not in "\n".join([*said["ben"], *said[""], log])


@contextmanager
def canary() -> Iterator[tuple[str, list[bytes]]]:
    """A server that must never be asked, and what it was asked."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                heard.append(connection.recv(100))
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", heard
        listener.shutdown(socket.SHUT_RDWR)


def wishes(url: str, file: Path) -> dict[str, Any]:
    """What a request must not be able to choose, under every name it may go by."""
    expert = {
        "name": "evil",
        "model": "m",
        "base_url": url,
        "provider": "openai",
        "api_key_file": str(file),
        "model_class": "os:system",
    }
    return {
        "base_url": url,
        "hedge_base_url": url,
        "api_base": url,
        "openai_api_base": url,
        "api_key": "x",
        "api_key_file": str(file),
        "api_key_env": "PROVIDER_KEY",
        "provider": "langchain",
        "model_class": "subprocess:Popen",
        "model_kwargs": {"base_url": url},
        "experts": [expert],
        "context": {"experts": [expert]},
        "config": {"configurable": {"experts": [expert], "base_url": url}},
        "configurable": {"base_url": url},
        "settings": {"experts": [expert]},
        "telemetry": str(file),
        "checkpoints": url,
        "response_cache": str(file),
        "extra_body": {"base_url": url},
        "metadata": {"base_url": url},
        "file": str(file),
        "path": str(file),
        "save": str(file),
        "folder": str(file.parent),
        "max_usd": 1e6,
        "owner": "ann",
    }


def posts(here: Served) -> list[str]:
    """The paths of the server that take a body, filled in."""
    with here.client("ben") as client:
        found = client.get("/openapi.json").json()["paths"]
    return [
        "/".join("nsed" if "{" in part else part for part in path.split("/"))
        for path, verbs in found.items()
        if {"post", "put", "patch"} & set(verbs)
    ]


def test_a_request_chooses_no_address_no_file_and_no_provider(tmp_path: Path) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("THE-FILES-CONTENT")
    before = file.stat()
    with Provider() as provider, canary() as (url, heard):
        config = pool_of(provider.url, more=FAST)
        with server_process(tmp_path, config, keys=KEYS) as here:
            good = {"model": "nsed", "messages": [{"role": "user", "content": "8?"}]}
            forms = [good, {"task": "8?"}, {"input": {"task": "8?"}}, {"input": "8?"}]
            paths = posts(here)
            assert "/v1/chat/completions" in paths
            said = []
            with here.client("ben") as client:
                for path in paths:
                    for form in forms:
                        for key, value in wishes(url, file).items():
                            for body in (
                                {**form, key: value},
                                {**form, "input": {"task": "8?", key: value}},
                                {**form, "config": {"configurable": {key: value}}},
                            ):
                                reply = client.post(path, json=body)
                                assert reply.status_code < 500 or reply.json()
                                said.append(reply.text)
                    for model in (url, str(file), "../../etc/passwd", "langchain:x"):
                        reply = client.post(path, json={**good, "model": model})
                        assert reply.status_code >= 400
                        said.append(reply.text)
                    image = {"type": "image_url", "image_url": {"url": url}}
                    reply = client.post(
                        path,
                        json={
                            **good,
                            "messages": [{"role": "user", "content": [image]}],
                        },
                        headers={"x-base-url": url, "openai-base-url": url},
                    )
                    said.append(reply.text)
            here.end()
        models = {seen.body["model"] for seen in provider.seen}

    assert not heard
    assert models <= {"m0", "m1"}
    assert "THE-FILES-CONTENT" not in "\n".join(said)
    assert file.stat().st_mtime_ns == before.st_mtime_ns


def test_runs_at_work_are_given_up_by_ctrl_c_and_can_be_resumed(tmp_path: Path) -> None:
    with Provider() as provider:
        provider.answers["*"] = [Answer(fault="hang")]
        config = pool_of(provider.url, more=FAST)
        with server_process(tmp_path, config, keys=KEYS) as here:
            replies: list[httpx.Response] = []
            asking = threading.Thread(
                target=lambda: replies.append(here.chat("ann", ANNS))
            )
            asking.start()
            while not provider.seen:
                asking.join(0.01)
            code, log = here.end()
            asking.join()
        provider.answers["*"] = [Answer()]
        listed = nsed(tmp_path, "runs", "--json")
        (run,) = json.loads(listed)
        resumed = nsed(tmp_path, "resume", run["id"], "--short", "--quiet")

    assert code == 0
    assert "Traceback" not in log
    assert replies[0].status_code == 503
    assert run["state"] == "interrupted"
    assert resumed.strip() == "8"


def test_a_killed_server_leaves_no_budget_beyond_what_calls_can_have_cost(
    tmp_path: Path,
) -> None:
    with Provider() as provider:
        provider.answers["*"] = [Answer(fault="hang")]
        config = pool_of(provider.url, more=FAST)
        keys = {"ann": {"budget_usd": 1.0, "usd_per_run": 0.5}}
        with server_process(tmp_path, config, keys=keys) as here:
            asking = threading.Thread(target=lambda: _try(here))
            asking.start()
            while len(provider.seen) < 2:
                asking.join(0.01)
            here.process.send_signal(signal.SIGKILL)
            here.process.wait()
            asking.join()
        (key,) = json.loads(nsed(tmp_path, "keys", "list", "--json"))

    assert key["set_aside_usd"] == 0
    assert key["runs"] == 1
    assert 0.002 < key["spent_usd"] < 0.02  # two calls of about 1 kB and 1024 tokens


def _try(here: Served) -> None:
    with suppress(httpx.HTTPError):
        here.chat("ann", ANNS)
