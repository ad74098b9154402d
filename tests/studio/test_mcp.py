"""MCP: the SDK's own client against a real `nsed mcp`, ended in every way."""

import asyncio
import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from silent_provider import SilentProvider, silent_pool

pytest.importorskip("mcp", reason="needs the extra nsed[mcp]")
import anyio
from mcp import ClientSession, StdioServerParameters, stdio_client

from nsed.checkpoints import open_checkpoints

pytestmark = pytest.mark.slow
POOL = (Path(__file__).parents[1] / "cli/conftest.py").read_text().split('"""')[3]
ROOT = Path(__file__).parents[2]
TASK = {"task": "What is 6 * 7?"}
COMMAND = (sys.executable, "-m", "nsed.cli", "mcp")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "nsed.toml").write_text(POOL.replace("\\\\n", "\\n"))
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    return {"NSED_DATA": str(folder / "data"), "XDG_CONFIG_HOME": str(folder)}


@asynccontextmanager
async def session(folder: Path) -> AsyncIterator[ClientSession]:
    server = StdioServerParameters(
        command=COMMAND[0],
        args=list(COMMAND[1:]),
        cwd=folder,
        env=environment(folder),
    )
    async with (
        stdio_client(server) as (incoming, outgoing),
        ClientSession(incoming, outgoing) as client,
    ):
        await client.initialize()
        yield client


async def test_the_tool_says_what_it_takes_and_names_what_is_wrong(here: Path) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "task: Field required"),
        ({"task": ""}, "task: String should have at least 1 character"),
        ({**TASK, "base_url": "http://x"}, "base_url: Extra inputs"),
        ({**TASK, "rounds": 0}, "rounds: Input should be greater than"),
        ({**TASK, "preset": "slow"}, "no preset is named 'slow'"),
        ({**TASK, "budget_usd": 1}, "the price of 'bob' is unknown"),
    ]
    async with session(here) as client:
        (tool,) = (await client.list_tools()).tools
        for given, words in wrong:
            result = await client.call_tool("deliberate", given)
            assert result.is_error
            assert words in result.content[0].text
        assert (await client.call_tool("delete_all", {})).is_error

    properties = tool.input_schema["properties"]
    assert tool.name == "deliberate"
    assert set(properties) == {"task", "preset", "rounds", "budget_usd"}
    assert tool.input_schema["required"] == ["task"]
    assert tool.input_schema["additionalProperties"] is False
    assert properties["preset"]["description"] == "One of: deep, fast."
    assert properties["rounds"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 20,
        "title": "Rounds",
        "description": "Most rounds of propose and review.",
    }
    assert {"answer", "text", "status", "absences", "usd", "run_id"} <= set(
        tool.output_schema["properties"]
    )


async def test_an_answer_comes_with_progress_and_the_run_is_kept(here: Path) -> None:
    said: list[tuple[float, str | None]] = []

    async def tell(progress: float, _: float | None, message: str | None) -> None:
        said.append((progress, message))

    async with session(here) as client:
        whole = await client.call_tool("deliberate", TASK, progress_callback=tell)
        short = await client.call_tool("deliberate", {**TASK, "preset": "fast"})

    answer = whole.structured_content
    assert not whole.is_error
    assert (answer["answer"], answer["status"], answer["rounds"]) == (
        "42",
        "complete",
        2,
    )
    assert json.loads(whole.content[0].text) == answer
    assert short.structured_content["rounds"] == 1
    numbers = [number for number, _ in said]
    assert numbers == sorted(set(numbers))
    assert said[0][1] == "round 1: ada, bob, cy have a seat"
    assert said[-1][1] == "round 2: the end: unanimous"
    async with open_checkpoints(str(here / "data" / "runs.sqlite")) as place:
        assert place is not None
        assert (await place.log.find(answer["run_id"])).task == TASK["task"]


async def test_no_answer_is_an_error_of_the_tool(here: Path) -> None:
    dead = silent_pool("http://127.0.0.1:9/v1") + "\n[limits]\nretries = 0\n"
    (here / "nsed.toml").write_text(dead)
    async with session(here) as client:
        result = await client.call_tool("deliberate", TASK)

    assert result.is_error
    assert "QuorumError" in result.content[0].text
    assert "0 of 1 required experts answered" in result.content[0].text


async def test_a_call_that_is_cancelled_ends_its_run_and_the_server_goes_on(
    here: Path,
) -> None:
    async with SilentProvider() as provider:
        (here / "nsed.toml").write_text(silent_pool(provider.url))
        async with session(here) as client, anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "deliberate", TASK)
            await provider.asked(2)
            group.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                await provider.left(2)
                assert (await client.list_tools()).tools


async def test_stdout_holds_the_protocol_and_nothing_else(here: Path) -> None:
    text = POOL.replace("\\\\n", "\\n") + "\n[[experts]]\nname = 'dan'\n"
    (here / "nsed.toml").write_text(
        text + "provider = 'scripted'\n[experts.script]\nfails = 'always'\n"
    )
    (here / "data").write_text("not a folder: nothing can be kept, and is warned of")
    messages = [
        _request(1, "initialize", _HELLO),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        _request(2, "tools/call", {"name": "deliberate", "arguments": TASK}),
        "this is no JSON",
    ]
    server = await _started(here)
    lines = "".join(
        (m if isinstance(m, str) else json.dumps(m)) + "\n" for m in messages
    )
    server.stdin.write(lines.encode())
    heard = [json.loads(await server.stdout.readline())]
    while heard[-1].get("id") != 2:
        heard.append(json.loads(await server.stdout.readline()))
    server.stdin.close()
    rest, warned = await server.communicate()

    assert server.returncode == 0
    assert heard[-1]["result"]["structuredContent"]["status"] == "degraded"
    assert all(message["jsonrpc"] == "2.0" for message in heard)
    assert all(json.loads(line)["jsonrpc"] for line in rest.splitlines())
    assert b"not kept" in warned


@pytest.mark.parametrize("how", ["stdin", "SIGTERM", "SIGINT"])
async def test_it_ends_with_its_client_in_the_middle_of_a_call(
    here: Path, how: str
) -> None:
    async with SilentProvider() as provider:
        (here / "nsed.toml").write_text(silent_pool(provider.url))
        server = await _started(here)
        for message in (
            _request(1, "initialize", _HELLO),
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            _request(2, "tools/call", {"name": "deliberate", "arguments": TASK}),
        ):
            server.stdin.write(json.dumps(message).encode() + b"\n")
        await provider.asked(2)
        if how == "stdin":
            server.stdin.close()
        else:
            server.send_signal(getattr(signal, how))
        _, said = await server.communicate()
        await provider.left(2)

    assert server.returncode == (0 if how == "stdin" else 130)
    assert b"Traceback" not in said


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a stranger")
async def test_a_client_that_is_killed_leaves_no_orphan(here: Path) -> None:
    client = (
        "import anyio, sys\n"
        "from mcp import ClientSession, StdioServerParameters, stdio_client\n"
        "async def main():\n"
        "    server = StdioServerParameters(command=sys.argv[1], args=sys.argv[2:])\n"
        "    async with stdio_client(server) as (i, o), ClientSession(i, o) as s:\n"
        "        await s.initialize()\n"
        f"        await s.call_tool('deliberate', {TASK!r})\n"
        "anyio.run(main)\n"
    )
    async with SilentProvider() as provider:
        (here / "nsed.toml").write_text(silent_pool(provider.url))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", client, *COMMAND),
            cwd=here,
            env={**os.environ, **environment(here)},
        )
        await provider.asked(2)
        (child,) = _children(process.pid)
        watched = os.pidfd_open(child)
        process.kill()
        await process.wait()
        ended, _, _ = await asyncio.to_thread(select.select, [watched], [], [], 20)
        os.close(watched)
        await provider.left(2)

    assert ended


def test_the_page_of_the_documents_runs(here: Path) -> None:
    page = (ROOT / "docs/mcp.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    program = str(Path(sys.executable).parent)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{program}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(here),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "72\n", done.stderr


def test_a_wrong_configuration_is_said_before_anything_is_served(here: Path) -> None:
    (here / "nsed.toml").write_text("[deliberation]\nround = 1\n")
    done = subprocess.run(
        COMMAND, cwd=here, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "deliberation.round" in done.stderr
    assert not done.stdout


def test_without_the_extra_it_says_which_one(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from nsed.cli.app import app

    monkeypatch.chdir(here)
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    monkeypatch.delitem(sys.modules, "nsed.studio.mcp_server", raising=False)

    result = CliRunner().invoke(app, ["mcp"])

    assert result.exit_code == 2
    assert "pip install 'nsed[mcp]'" in result.stderr


_HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "0"},
}


def _request(id_: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}


async def _started(folder: Path) -> Any:
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        cwd=folder,
        env={**os.environ, **environment(folder)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
    )


def _children(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in found.stdout.split()]
