"""What goes over the wire, byte by byte, as curl and other clients see it."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from a_server import priced_panel
from langchain_core.messages import AIMessageChunk
from langchain_openai import ChatOpenAI
from panel import Recorder
from pydantic import BaseModel, SecretStr
from served import Served, served

from nsed.config.settings import Settings
from nsed.models.base import Reply, Request
from nsed.protocol.usage import Usage

SETTINGS = Settings(experts=priced_panel(), knobs={"retry_wait_s": 0})
BODY: dict[str, Any] = {
    "model": "nsed-fast",
    "messages": [{"role": "user", "content": "What is 6 * 7?"}],
}
TRANSCRIPT = """\
HTTP/1.1 200 OK
Transfer-Encoding: chunked
cache-control: no-store
content-type: text/event-stream; charset=utf-8
x-accel-buffering: no
x-request-id: RUN

{"role": "assistant", "content": ""}
{"reasoning_content": "Round 1: ada, bob, cy deliberate.\\n"}
{"reasoning_content": "ada answers: 42\\n"}
{"reasoning_content": "bob answers: 41\\n"}
{"reasoning_content": "cy answers: 42\\n"}
{"reasoning_content": "ada weighs: A=42 +80, B=41 -60\\n"}
{"reasoning_content": "bob weighs: A=42 +80, B=42 +80\\n"}
{"reasoning_content": "cy weighs: A=42 +80, B=41 -60\\n"}
{"reasoning_content": "Round 1: 42 leads (conviction +0.56).\\n"}
{"reasoning_content": "Stopped: round limit.\\n"}
{"content": "6 * 7 = 42\\nAnswer: 42"}
{} finish_reason=stop nsed=42
choices=0 total_tokens=1490
[DONE]
"""


@pytest.fixture(scope="module")
def here() -> Iterator[Served]:
    with served(SETTINGS) as server:
        yield server


def curl(url: str, *options: str) -> str:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    command = ["curl", "--silent", "--no-buffer", "--max-time", "30", *options, url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def summed_up(data: str) -> str:
    """One event in a line, without what differs from run to run."""
    if data == "[DONE]":
        return data
    chunk = json.loads(data)
    if not chunk["choices"]:
        return f"choices=0 total_tokens={chunk['usage']['total_tokens']}"
    (choice,) = chunk["choices"]
    line = json.dumps(choice["delta"])
    if choice["finish_reason"]:
        line += f" finish_reason={choice['finish_reason']}"
        line += f" nsed={chunk['nsed']['answer']}"
    return line


def test_curl_sees_the_whole_deliberation(here: Served) -> None:
    body = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
    out = curl(
        f"{here.url}/v1/chat/completions",
        "--include",
        "--json",
        json.dumps(body),
    )

    head, _, events = out.replace("\r\n", "\n").partition("\n\n")
    kept = [
        re.sub(r"^(x-request-id: )[0-9a-f]{32}$", r"\1RUN", line)
        for line in head.splitlines()
        if line.split(":")[0] in TRANSCRIPT
    ]
    lines = [
        summed_up(event.removeprefix("data: "))
        for event in events.split("\n\n")
        if event.startswith("data: ")
    ]
    assert [*sorted(kept), "", *lines] == TRANSCRIPT.splitlines()


def test_curl_without_a_content_type_is_told_what_is_needed(here: Served) -> None:
    out = curl(f"{here.url}/v1/chat/completions", "--data", json.dumps(BODY))

    assert "application/json" in json.loads(out)["error"]["message"]


def test_an_unknown_path_has_an_error_of_the_same_shape(here: Served) -> None:
    found = json.loads(curl(f"{here.url}/v1/completions", "--json", "{}"))

    assert set(found["error"]) == {"message", "type", "param", "code"}
    assert found["error"]["code"] == "not_found"


def test_a_fault_in_mid_stream_is_an_error_for_the_client() -> None:
    def bug(_: Request) -> Reply:
        raise KeyError("secret prompt")

    with (
        served(SETTINGS, hire=Recorder(ada=bug)) as here,
        openai.OpenAI(base_url=f"{here.url}/v1", api_key="-") as client,
        pytest.raises(openai.APIError) as told,
    ):
        for _ in client.chat.completions.create(**BODY, stream=True):
            pass

    assert told.value.code == "internal_error"
    assert "secret prompt" not in str(told.value.body)
    assert len(here.begun) == 1


@pytest.fixture
def model(here: Served) -> ChatOpenAI:
    return ChatOpenAI(
        model="nsed",
        base_url=f"{here.url}/v1",
        api_key=SecretStr("-"),
        temperature=0.2,
        max_retries=0,
    )


def test_langchain_gets_answer_and_bill(here: Served, model: ChatOpenAI) -> None:
    message = model.invoke([("system", "Be short."), ("human", "What is 6 * 7?")])

    record = here.begun[-1].record
    assert record is not None
    assert message.content == "6 * 7 = 42\nAnswer: 42"
    assert message.usage_metadata is not None
    assert message.usage_metadata["total_tokens"] == record.verdict.usage.tokens
    assert message.response_metadata["finish_reason"] == "stop"


async def test_langchain_streams_it(model: ChatOpenAI) -> None:
    whole: AIMessageChunk | None = None
    async for chunk in model.astream("What is 6 * 7?"):
        assert isinstance(chunk, AIMessageChunk)
        whole = chunk if whole is None else whole + chunk

    assert whole is not None
    assert whole.content == "6 * 7 = 42\nAnswer: 42"
    assert whole.response_metadata["finish_reason"] == "stop"


def test_langchain_gets_a_structured_answer() -> None:
    class Product(BaseModel):
        value: int

    def in_form(request: Request) -> Reply | None:
        wanted = "value" in (request.json_schema or {}).get("properties", {})
        return Reply('{"value": 42}', usage=Usage(calls=1)) if wanted else None

    hire = Recorder(**dict.fromkeys(("ada", "bob", "cy"), in_form))
    with served(SETTINGS, hire=hire) as here:
        model = ChatOpenAI(
            model="nsed", base_url=f"{here.url}/v1", api_key=SecretStr("-")
        )
        found = model.with_structured_output(Product).invoke("What is 6 * 7?")

    assert found == Product(value=42)
