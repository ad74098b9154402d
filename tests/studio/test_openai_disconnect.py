"""Who hangs up pays no more; who sent an Idempotency-Key may come back."""

import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator
from logging.handlers import QueueHandler
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest
from loopback_provider import Answer, Provider, Seen
from served import Served, at_provider, served

from nsed.config.settings import Settings
from nsed.studio.outer_guard import ACCESS

WAIT_S = 20
BODY: dict[str, Any] = {
    "model": "nsed",
    "messages": [{"role": "user", "content": "What is 4 * 2?"}],
}


class Hanging:
    """A provider who hears everybody and leaves them waiting, to be counted."""

    def __init__(self, provider: Provider) -> None:
        self.heard = threading.Semaphore(0)
        self.proposes = False
        """Whether proposals are answered, so that the reviews hang."""
        self.provider = provider
        provider.answers["*"] = self

    def __call__(self, seen: Seen) -> Answer:
        self.heard.release()
        if self.proposes and not seen.schema:
            return Answer(f"Answer: {seen.body['model']}")
        return Answer(fault="hang")

    def has_heard(self, number: int) -> None:
        for _ in range(number):
            assert self.heard.acquire(timeout=WAIT_S)

    def is_left_by(self, number: int) -> None:
        for _ in range(number):
            assert self.provider.left.acquire(timeout=WAIT_S)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    with Provider() as provider:
        yield Hanging(provider)


@pytest.fixture
def here(hanging: Hanging) -> Iterator[Served]:
    settings = Settings(
        experts=at_provider(hanging.provider.url), knobs={"retry_wait_s": 0}
    )
    with served(settings, heartbeat_s=0.05) as server:
        yield server


def asked(here: Served, body: dict[str, Any], **headers: str) -> socket.socket:
    """Send a request and wait for nothing."""
    place = urlsplit(here.url)
    content = json.dumps(body).encode()
    lines = {
        "Host": place.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    connection = socket.create_connection((place.hostname, place.port), WAIT_S)
    connection.sendall(
        f"POST /v1/chat/completions HTTP/1.1\r\n{head}\r\n".encode() + content
    )
    return connection


def reply_of(connection: socket.socket) -> tuple[int, Any]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    found = json.loads(response.read())
    connection.close()
    return response.status, found


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_client_that_hangs_up_ends_the_run(
    here: Served, hanging: Hanging, stream: bool
) -> None:
    connection = asked(here, {**BODY, "stream": stream})
    hanging.has_heard(3)
    if stream:
        assert connection.recv(15).startswith(b"HTTP/1.1 200 OK")
    connection.close()

    hanging.is_left_by(3)
    live = here.over()
    assert live.cancelled
    assert live.record is None
    assert len(hanging.provider.seen) == 3


def test_the_log_tells_who_hung_up_from_a_bad_request(
    here: Served, hanging: Hanging
) -> None:
    lines: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler, log = QueueHandler(lines), logging.getLogger(ACCESS)
    level = log.level
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    try:
        connection = asked(here, BODY)
        hanging.has_heard(3)
        connection.close()
        line = lines.get(timeout=WAIT_S).getMessage()
    finally:
        log.removeHandler(handler)
        log.setLevel(level)

    assert line.startswith("POST /v1/chat/completions 499 ")


def test_a_client_that_hangs_up_later_in_the_run_ends_it_too(
    here: Served, hanging: Hanging
) -> None:
    hanging.proposes = True
    connection = asked(here, {**BODY, "stream": True})
    hanging.has_heard(6)
    connection.close()

    hanging.is_left_by(3)
    assert here.over().cancelled
    assert len(hanging.provider.seen) == 6


def test_a_client_that_hangs_up_while_the_form_is_written_ends_that_too(
    here: Served, hanging: Hanging
) -> None:
    def only_the_form_hangs(seen: Seen) -> Answer:
        form = "hangs" in seen.schema.get("properties", {})
        if not form:
            return Answer()
        hanging.heard.release()
        return Answer(fault="hang")

    hanging.provider.answers["*"] = only_the_form_hangs
    schema = {"type": "object", "properties": {"hangs": {}}, "required": ["hangs"]}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    connection = asked(here, {**BODY, "response_format": form})
    hanging.has_heard(1)
    asked_so_far = len(hanging.provider.seen)
    connection.close()

    hanging.is_left_by(1)
    assert here.over().record is not None
    assert len(hanging.provider.seen) == asked_so_far


def test_the_official_clients_timeout_ends_the_run(
    here: Served, hanging: Hanging
) -> None:
    with (
        openai.OpenAI(
            base_url=f"{here.url}/v1", api_key="-", timeout=0.5, max_retries=0
        ) as client,
        pytest.raises(openai.APITimeoutError),
    ):
        client.chat.completions.create(**BODY)

    hanging.has_heard(3)
    hanging.is_left_by(3)
    assert here.over().cancelled


def test_with_an_idempotency_key_the_run_waits_for_the_client_to_come_back(
    here: Served, hanging: Hanging
) -> None:
    hanging.proposes = True
    key = {"Idempotency-Key": "k-1"}
    asked(here, BODY, **key).close()
    hanging.has_heard(6)
    second, third = asked(here, BODY, **key), asked(here, BODY, **key)
    here.do(here.begun[0].stop)  # it ends with the best answer so far
    status, found = reply_of(second)

    assert (status, found["nsed"]["stop_reason"]) == (200, "user_stop")
    assert reply_of(third) == (status, found)
    assert len(here.begun) == 1
    assert len(hanging.provider.seen) == 6


def test_heartbeats_keep_a_silent_stream_open(here: Served, hanging: Hanging) -> None:
    connection = asked(here, {**BODY, "stream": True})
    response = http.client.HTTPResponse(connection)
    response.begin()
    beats = 0
    while beats < 3:
        beats += response.readline() == b": at work\n"
    response.close()
    connection.close()

    hanging.is_left_by(3)
    assert response.getheader("content-type", "").startswith("text/event-stream")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_run_given_up_elsewhere_is_told_and_not_asked_again(
    here: Served, hanging: Hanging, stream: bool
) -> None:
    told: list[openai.APIError] = []

    def ask() -> None:
        with openai.OpenAI(base_url=f"{here.url}/v1", api_key="-") as client:
            try:
                for _ in client.chat.completions.create(**BODY, stream=stream):
                    pass
            except openai.APIError as error:
                told.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    hanging.has_heard(3)
    here.do(here.begun[0].cancel)
    thread.join(WAIT_S)

    (error,) = told
    assert error.message.endswith("given up") or "given up" in str(error)
    assert error.code == "cancelled"
    assert len(here.begun) == 1
    assert len(hanging.provider.seen) == 3
