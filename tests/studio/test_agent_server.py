"""LangGraph's Agent Server, as `make studio` starts it, and its own clients.

Everything runs with strict checkpoints, and under strace where there is one.
"""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from panel import panel
from server_command import served

from nsed.state.context import DeliberationConfig

pytest.importorskip("langgraph_api", reason="needs the extra nsed[studio]")
from langgraph_sdk import get_client
from langgraph_sdk.errors import BadRequestError

ROOT = Path(__file__).parents[2]
OFFLINE = "deliberation_offline"
TASK = {"task": "How many of 17 sheep are left?"}
pytestmark = pytest.mark.slow


@dataclass
class Server:
    url: str
    trace: Path | None
    """What it tried to connect to; None where strace is missing or forbidden."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment, command = studio(port)
    trace = folder / "trace" if can_trace() else None
    if trace:
        command = ["strace", "-f", "-e", "connect,bind", "-o", str(trace), *command]
    ours = {key: None for key in os.environ if key.startswith("LANGSMITH")}
    with served(
        command,
        folder,
        says=r"API: .*?(http://[0-9.:]+)",
        environment={**ours, **environment, "LANGGRAPH_STRICT_MSGPACK": "true"},
    ):
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(transport=httpx.HTTPTransport(retries=10)) as client:
            while not client.get(f"{url}/ok", timeout=60).is_success:
                continue
        yield Server(url, trace)


def studio(port: int) -> tuple[dict[str, str], list[str]]:
    """What `make studio` sets and runs, with this Python's server."""
    said = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "studio", f"PORT={port}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    words = shlex.split(said.stdout.splitlines()[-1])
    pairs = [word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word)]
    program, *options = words[len(pairs) :]
    assert program.endswith("/langgraph")
    own = str(Path(sys.executable).with_name("langgraph"))
    config = ["--config", str(ROOT / "langgraph.json"), "--no-reload"]
    return dict(pairs), [own, *options, *config]


def can_trace() -> bool:
    command = ["strace", "-f", "-o", os.devnull, "true"]
    return (
        bool(shutil.which("strace"))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


async def test_the_schemas_render_as_forms(server: Server) -> None:
    async with get_client(url=server.url) as client:
        found = await client.assistants.search()
        ids = {one["graph_id"]: one["assistant_id"] for one in found}
        schemas = await client.assistants.get_schemas(ids["deliberation"])
        offline = await client.assistants.get_schemas(ids[OFFLINE])
        graph = await client.assistants.get_graph(ids["deliberation"], xray=True)

    assert set(ids) == {"deliberation", OFFLINE, "majority_vote", "single_expert"}
    assert all(one["description"] for one in found)
    assert set(schemas["input_schema"]["properties"]) == {"task", "messages"}
    assert "required" not in schemas["input_schema"]
    assert set(schemas["output_schema"]["properties"]) == {"verdict", "messages"}
    knobs = schemas["context_schema"]["properties"]
    assert set(knobs) == set(DeliberationConfig.model_fields)
    assert all(knob["title"] and knob["description"] for knob in knobs.values())
    assert (
        offline["context_schema"]["properties"]["experts"]["default"][0]["provider"]
        == "scripted"
    )
    assert {"opening", "broker", "verdict"} <= {node["id"] for node in graph["nodes"]}


async def test_a_run_with_experts_of_its_own(server: Server) -> None:
    config = DeliberationConfig(experts=panel()).model_dump(mode="json")
    async with get_client(url=server.url) as client:
        results = [
            await client.runs.wait(
                None,
                graph,
                input={"task": "What is 6 * 7?"},
                context={"experts": config["experts"]},
            )
            for graph in ("deliberation", "majority_vote", "single_expert")
        ]

    assert [result["verdict"]["answer"] for result in results] == ["42"] * 3
    assert {result["verdict"]["status"] for result in results} >= {"complete"}


@pytest.mark.parametrize(
    ("given", "context", "words"),
    [
        (TASK, {"gamma": 7}, "gamma"),
        (TASK, {"gama": 0.5}, "no knob 'gama'. Did you mean 'gamma'?"),
        (TASK, {"quorum": 9}, "3 of 9 required experts answered"),
        ({**TASK, "messages": [{"role": "user", "content": "Hi"}]}, {}, "not both"),
        ({"tsk": "?"}, {}, 'give a \\"task\\" or \\"messages\\"'),
    ],
    ids=["range", "unknown", "failed", "both", "neither"],
)
async def test_what_is_wrong_is_said_by_name(
    server: Server, given: dict[str, Any], context: dict[str, Any], words: str
) -> None:
    async with get_client(url=server.url) as client:
        result = await client.runs.wait(
            None, OFFLINE, input=given, context=context, raise_error=False
        )

    said = result["__error__"]["message"]
    assert words.replace("\\", "") in said


async def test_an_assistant_has_a_context_of_its_own(server: Server) -> None:
    async with get_client(url=server.url) as client:
        quick = await client.assistants.create(
            OFFLINE, context={"rounds": 1}, name="quick"
        )
        result = await client.runs.wait(None, quick["assistant_id"], input=TASK)
        await client.assistants.delete(quick["assistant_id"])

    assert result["verdict"]["stop_reason"] == "round_limit"
    assert result["verdict"]["rounds"] == 1


async def test_a_run_is_streamed_in_several_modes_at_once(server: Server) -> None:
    async with get_client(url=server.url) as client:
        thread = (await client.threads.create())["thread_id"]
        parts = [
            part
            async for part in client.runs.stream(
                thread,
                OFFLINE,
                input={"messages": [{"role": "user", "content": "Sheep?"}]},
                stream_mode=["updates", "messages-tuple", "custom"],
            )
        ]

    heard: dict[str, list[Any]] = {}
    for part in parts:
        heard.setdefault(part.event, []).append(part.data)
    nodes = [node for update in heard["updates"] for node in update]
    assert nodes[:2] == ["opening", "broker"]
    assert nodes[-1] == "verdict"
    assert nodes.count("proposer") == 6
    kinds = [event["event"] for event in heard["custom"]]
    assert (kinds[0], kinds[-1]) == ("bound", "halted")
    (answer,) = [message for message, _ in heard["messages"]]
    assert answer["type"] == "ai"
    assert answer["content"].endswith("Answer: 9")
    assert answer["response_metadata"]["status"] == "complete"


async def test_a_run_waits_for_the_user_and_goes_on_with_the_decision(
    server: Server,
) -> None:
    context = {"human_review": True}
    async with get_client(url=server.url) as client:
        thread = (await client.threads.create())["thread_id"]
        asked = await client.runs.wait(thread, OFFLINE, input=TASK, context=context)
        again = await client.runs.wait(
            thread,
            OFFLINE,
            command={"resume": {"action": "note", "note": "Mind the units."}},
            context=context,
        )
        ended = await client.runs.wait(
            thread, OFFLINE, command={"resume": "stop"}, context=context
        )
        state = await client.threads.get_state(thread)

    assert asked["__interrupt__"][0]["value"]["round"] == 1
    assert again["__interrupt__"][0]["value"]["round"] == 2
    assert ended["verdict"]["stop_reason"] == "user_stop"
    assert ended["verdict"]["answer"] == "9"
    decided = state["values"]["interventions"]
    assert decided["1"]["note"] == "Mind the units."
    assert decided["2"]["action"] == "stop"


async def test_time_travel_edits_the_past_and_goes_on_from_there(
    server: Server,
) -> None:
    async with get_client(url=server.url) as client:
        thread = (await client.threads.create())["thread_id"]
        first = await client.runs.wait(thread, OFFLINE, input=TASK)
        history = await client.threads.get_history(thread, limit=100)
        past = next(
            one
            for one in history
            if one["next"] == ["broker"] and one["values"].get("round") == 1
        )
        note = {"round": 1, "action": "note", "note": "Mind the lambs."}
        edits = [
            {"interventions": {"1": note}},  # records as plain data
            {"halt": "user_stop"},
        ]
        ends = []
        for edit in edits:
            forked = await client.threads.update_state(
                thread, edit, checkpoint=past["checkpoint"], as_node="human_review"
            )
            ends.append(
                await client.runs.wait(
                    thread, OFFLINE, input=None, checkpoint=forked["checkpoint"]
                )
            )
        state = await client.threads.get_state(thread)
        proposal = next(iter(past["values"]["proposals"].values()))
        with pytest.raises(BadRequestError, match="wrote different values"):
            await client.threads.update_state(
                thread,
                {"proposals": {proposal["id"]: {**proposal, "text": "forged"}}},
                checkpoint=past["checkpoint"],
            )

    assert first["verdict"]["rounds"] == 2
    assert ends[0]["verdict"]["rounds"] == 2
    noted = ends[0]["verdict"]["usage"]["input_tokens"]
    assert noted > first["verdict"]["usage"]["input_tokens"]  # they were told
    assert ends[1]["verdict"]["rounds"] == 1
    assert state["values"]["verdict"]["stop_reason"] == "user_stop"


def test_an_agent_asks_and_asks_again_over_a2a(server: Server) -> None:
    first = a2a(server, "How many sheep are left?", "m1")
    again = a2a(server, "Are you sure?", "m2", first["contextId"])

    for task in (first, again):
        assert task["status"]["state"] == "completed"
        assert "Answer: 9" in task["artifacts"][0]["parts"][0]["text"]
    thread = httpx.get(f"{server.url}/threads/{first['contextId']}/state").json()
    values = thread["values"]
    assert [m["type"] for m in values["messages"]] == ["human", "ai"] * 2
    assert "User: How many sheep are left?" in values["task"]
    assert values["task"].endswith("Are you sure?")


def a2a(
    server: Server, text: str, id_: str, context: str | None = None
) -> dict[str, Any]:
    message = {
        "role": "user",
        "messageId": id_,
        "parts": [{"kind": "text", "text": text}],
    }
    if context:
        message["contextId"] = context
    found = httpx.post(
        f"{server.url}/assistants/search", json={"graph_id": OFFLINE}
    ).json()
    reply = httpx.post(
        f"{server.url}/a2a/{found[0]['assistant_id']}",
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "message/send",
            "params": {"message": message},
        },
        headers={"accept": "application/json"},
        timeout=60,
    )
    return dict(reply.json()["result"])


async def test_the_graphs_are_tools_of_mcp_clients(server: Server) -> None:
    mcp = pytest.importorskip("mcp", reason="needs the extra nsed[mcp]")
    async with mcp.Client(f"{server.url}/mcp") as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        result = await client.call_tool(OFFLINE, TASK)
        wrong = await client.call_tool(OFFLINE, {})

    assert {"deliberation", OFFLINE, "majority_vote", "single_expert"} <= set(tools)
    assert "three scripts" in tools[OFFLINE].description
    assert "'answer': '9'" in result.content[0].text
    assert wrong.is_error


def test_the_page_of_the_documents_runs(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs/studio.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(code.replace("http://127.0.0.1:2024", server.url), {})  # noqa: S102

    assert capsys.readouterr().out == "9\n"


def test_it_keeps_to_itself(server: Server) -> None:
    """Nothing is asked of the outside: no look-up of versions, no statistics."""
    if server.trace is None:
        pytest.skip("needs strace, and leave to use it")
    lines = server.trace.read_text(errors="replace").splitlines()
    calls = [line for line in lines if "sa_family=AF_INET" in line]
    outside = [
        line
        for line in calls
        if " connect(" in line and not re.search(r'"(127\.|::1)', line)
    ]

    assert not outside
    assert any(" bind(" in line for line in calls)  # so a connect would be seen


def test_it_listens_on_loopback_alone(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    listening = Path("/proc/net/tcp")
    if not listening.exists():
        pytest.skip("needs /proc")
    addresses = {
        line.split()[1].partition(":")[0]
        for line in listening.read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{int(port):04X}") and line.split()[3] == "0A"
    }

    assert addresses == {"0100007F"}
