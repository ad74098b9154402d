"""Model servers are found by what they answer, and no answer of theirs does harm."""

import socket
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from answering_server import HANG, AnsweringServer, Raw
from product_answers import LLAMA_CPP, LM_STUDIO, OLLAMA, VLLM, listing

from nsed.models.embedded_pool import EmbeddedPool
from nsed.models.local_servers import LocalServer, look_at, look_for_servers
from nsed.models.openai_endpoint import HttpClients

from .embedded import ALIAS, CONTEXT


@pytest.fixture
async def clients() -> AsyncIterator[HttpClients]:
    mine = HttpClients()
    yield mine
    await mine.aclose()


async def seen_at(
    clients: HttpClients, routes: dict[str, Any], timeout_s: float = 5
) -> LocalServer:
    with AnsweringServer(routes) as server:
        return await look_at(server.url, clients=clients, timeout_s=timeout_s)


def contexts(server: LocalServer) -> dict[str, int | None]:
    return {model.id: model.context_tokens for model in server.models if model.writes}


async def test_ollama_with_the_context_of_what_is_loaded(clients: HttpClients) -> None:
    found = await seen_at(clients, OLLAMA)

    assert (found.product, found.state, found.concurrency) == ("Ollama", "up", 1)
    assert contexts(found) == {"llama3.2:latest": 4096, "qwen3:8b": 32768}


async def test_llama_cpp_with_its_slots(clients: HttpClients) -> None:
    found = await seen_at(clients, LLAMA_CPP)

    assert (found.product, found.concurrency) == ("llama.cpp", 4)
    assert contexts(found) == {"models/gemma-3-4b-it-Q4_K_M.gguf": 8192}


async def test_vllm(clients: HttpClients) -> None:
    found = await seen_at(clients, VLLM)

    assert found.product == "vLLM"
    assert contexts(found) == {"Qwen/Qwen2.5-7B-Instruct": 16384}


async def test_lm_studio_says_which_models_embed(clients: HttpClients) -> None:
    found = await seen_at(clients, LM_STUDIO)

    assert found.product == "LM Studio"
    assert contexts(found) == {"qwen/qwen3-4b": 16384, "openai/gpt-oss-20b": None}


async def test_ollama_without_a_model_of_the_library(clients: HttpClients) -> None:
    empty = {"object": "list", "data": None}
    for listed in (empty, listing("somebody", "somebody/tuned:latest")):
        found = await seen_at(clients, {**OLLAMA, "/v1/models": listed})

        assert found.product == "Ollama"


async def test_another_server_is_a_server(clients: HttpClients) -> None:
    found = await seen_at(clients, {"/v1/models": listing("me", "tabby")})

    assert (found.product, found.state) == ("a server", "up")
    assert contexts(found) == {"tabby": None}


async def test_no_model_is_asked(clients: HttpClients) -> None:
    for routes in (OLLAMA, LLAMA_CPP, VLLM, LM_STUDIO):
        with AnsweringServer(routes) as server:
            await look_at(server.url, clients=clients, timeout_s=5)

            assert server.seen
            assert {method for method, _, _ in server.seen} == {"GET"}


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Raw(401, b'{"error": "no key"}'), "locked"),
        (Raw(403), "locked"),
        (Raw(503, b'{"error": {"message": "Loading model"}}'), "loading"),
        (Raw(302, location="http://127.0.0.1:9/"), "odd"),
        (Raw(200, b"<html>Jupyter</html>"), "odd"),
        (Raw(200, b"[" * 50_000), "odd"),
        (Raw(200, b"\xff\xfe"), "odd"),
        (Raw(200, b"{" + b" " * (5 * 2**20) + b"}"), "odd"),
        (Raw(404), "odd"),
        ({"data": {"id": "x"}}, "odd"),
        ({"data": [{"id": 3}, "x", None, {}]}, "odd"),
        ("a text", "odd"),
        (HANG, "silent"),
    ],
    ids=range(13),
)
async def test_what_answers_otherwise_is_said_and_not_raised(
    clients: HttpClients, answer: Any, state: str
) -> None:
    found = await seen_at(
        clients, {"/v1/models": answer}, timeout_s=0.3 if answer is HANG else 5
    )

    assert (found.state, found.models) == (state, ())


async def test_a_second_answer_that_hangs_costs_only_what_it_would_say(
    clients: HttpClients,
) -> None:
    found = await seen_at(clients, {**LLAMA_CPP, "/props": HANG}, timeout_s=0.3)

    assert (found.product, found.concurrency) == ("llama.cpp", 1)


async def test_names_that_play_tricks_are_left_out(clients: HttpClients) -> None:
    bad = ("a\nb", "", "x" * 300, "a${HOME}b", "a\x1b[31m", "\u202ea", "é")
    found = await seen_at(clients, {"/v1/models": listing("me", "good", *bad)})

    assert [model.id for model in found.models] == ["good"]
    assert found.left_out == len(bad)


async def test_nobody_is_nobody_and_all_are_looked_at_in_order(
    clients: HttpClients,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # not listening: refused
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with AnsweringServer(OLLAMA) as one, AnsweringServer(VLLM) as two:
            found = await look_for_servers(
                [one.url, closed, two.url, one.url], clients=clients
            )

    assert [(s.state, s.product) for s in found] == [
        ("up", "Ollama"),
        ("nobody", "a server"),
        ("up", "vLLM"),
    ]


async def test_servers_are_looked_at_at_the_same_time(clients: HttpClients) -> None:
    """Nobody is answered before all have been asked."""
    together = threading.Barrier(8)

    def answer() -> dict[str, Any]:
        together.wait(10)
        return listing("vllm", "m")

    with ExitStack() as stack:
        urls = [
            stack.enter_context(AnsweringServer({"/v1/models": answer})).url
            for _ in range(8)
        ]
        found = await look_for_servers(urls, clients=clients, timeout_s=20)

    assert [server.product for server in found] == ["vLLM"] * 8


@pytest.mark.live_weights
async def test_a_real_llama_cpp_is_known_by_its_real_answers(
    pool: EmbeddedPool, smollm2: Path, clients: HttpClients
) -> None:
    url = await pool.endpoint(smollm2, ALIAS, CONTEXT)

    found = await look_at(url, clients=clients, timeout_s=10)

    (model,) = found.models
    assert (found.product, found.concurrency) == ("llama.cpp", 2)
    assert (model.id, model.context_tokens, model.params_b) == (ALIAS, 512, 0.135)
