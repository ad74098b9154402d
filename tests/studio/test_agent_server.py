"""The Agent Server opens the graph offline, and `langgraph_sdk` runs it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from panel import panel

from nsed.state.context import DeliberationConfig

pytest.importorskip("langgraph_api", reason="needs the extra nsed[studio]")
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("langgraph")),
                *("dev", "--no-browser", "--no-reload", "--host", "127.0.0.1"),
                *("--port", str(port), "--config", str(ROOT / "langgraph.json")),
            ],
            cwd=folder,
            env={
                **os.environ,
                "LANGGRAPH_CLI_NO_ANALYTICS": "1",
                "LANGGRAPH_NO_VERSION_CHECK": "1",
                # As by default: the server's checkpointer has no way to be told which
                # types it may revive, and a strict one hands plain data to the nodes.
                "LANGGRAPH_STRICT_MSGPACK": "false",
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            base = f"http://127.0.0.1:{port}"
            with httpx.Client(
                transport=httpx.HTTPTransport(retries=10), timeout=60
            ) as client:
                while server.poll() is None:
                    try:
                        if client.get(f"{base}/ok").is_success:
                            break
                    except httpx.TransportError:
                        continue
            if server.poll() is not None:
                log.seek(0)
                pytest.fail(log.read().decode(errors="replace")[-3000:])
            yield base
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(20)


async def test_the_sdk_reads_the_schemas_and_runs_the_graph(url: str) -> None:
    from langgraph_sdk import get_client

    async with get_client(url=url) as client:
        found = await client.assistants.search(graph_id="deliberation")
        schemas = await client.assistants.get_schemas(found[0]["assistant_id"])
        config = DeliberationConfig(experts=panel()).model_dump(mode="json")

        result = await client.runs.wait(
            None,
            "deliberation",
            input={"task": "What is 6 * 7?"},
            context={"experts": config["experts"]},
        )

    assert schemas["input_schema"]["required"] == ["task"]
    knobs = schemas["context_schema"]["properties"]
    assert (
        "Forget gate" in knobs["gamma"]["description"] or knobs["gamma"]["description"]
    )
    assert set(schemas["output_schema"]["properties"]) == {"verdict"}
    assert result["verdict"]["answer"] == "42"
    assert result["verdict"]["status"] == "complete"


async def test_a_knob_out_of_range_is_refused_by_name(url: str) -> None:
    """The server itself drops unknown keys before the graph sees them."""
    from langgraph_sdk import get_client

    async with get_client(url=url) as client:
        result = await client.runs.wait(
            None,
            "deliberation",
            input={"task": "?"},
            context={"gamma": 7},
            raise_error=False,
        )

    assert "gamma" in str(result)


async def test_a_run_waits_for_the_user_and_goes_on_with_the_decision(url: str) -> None:
    from langgraph_sdk import get_client

    config = DeliberationConfig(experts=panel()).model_dump(mode="json")
    context = {"experts": config["experts"], "human_review": True}
    async with get_client(url=url) as client:
        thread = (await client.threads.create())["thread_id"]
        asked = await client.runs.wait(
            thread, "deliberation", input={"task": "What is 6 * 7?"}, context=context
        )
        again = await client.runs.wait(
            thread,
            "deliberation",
            command={"resume": {"action": "note", "note": "Mind the units."}},
            context=context,
        )
        ended = await client.runs.wait(
            thread, "deliberation", command={"resume": "stop"}, context=context
        )
        state = await client.threads.get_state(thread)

    assert asked["__interrupt__"][0]["value"]["round"] == 1
    assert again["__interrupt__"][0]["value"]["round"] == 2
    assert ended["verdict"]["stop_reason"] == "user_stop"
    assert ended["verdict"]["answer"] == "42"
    decided = state["values"]["interventions"]
    assert decided["1"]["note"] == "Mind the units."
    assert decided["2"]["action"] == "stop"
