"""LangServe: its own client against a process of its own, and what it refuses."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from server_command import served
from silent_provider import SilentProvider, silent_pool

pytest.importorskip("langserve", reason="needs the extra nsed[langserve]")
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableLambda
from langserve import RemoteRunnable

from nsed.config.settings import Settings
from nsed.studio.server import create_app

pytestmark = pytest.mark.slow
POOL = (Path(__file__).parents[1] / "cli/conftest.py").read_text().split('"""')[3]
PAGE = Path(__file__).parents[2] / "docs/langserve.md"
TASK = {"task": "What is 6 * 7?"}
SAYS = r"running on (http://[0-9.:]+)"
COMMAND = [
    *(sys.executable, "-m", "uvicorn", "--factory", "--port", "0"),
    "nsed.studio.langserve_app:alone",
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("langserve")
    (folder / "nsed.toml").write_text(POOL.replace("\\\\n", "\\n"))
    with served(COMMAND, folder, says=SAYS) as server:
        yield f"{server.url}/langserve/nsed"


def test_invoke_and_batch(url: str) -> None:
    nsed = RemoteRunnable[Any, dict[str, Any]](url)

    one = nsed.invoke(TASK)
    two = nsed.batch([TASK, TASK], {"configurable": {"rounds": 1}})
    each = nsed.batch(
        [TASK, TASK],
        [{"configurable": {"rounds": 1}}, {"configurable": {"preset": "deep"}}],
    )

    assert one["answer"] == "42"
    assert one["status"] == "complete"
    assert one["usd"] is None  # one of them has no known price
    assert one["events"][0]["event"] == "bound"
    assert [got["rounds"] for got in two] == [1, 1]
    assert [got["rounds"] for got in each] == [1, 2]
    assert len({got["run_id"] for got in (one, *two, *each)}) == 5


def test_stream_tells_what_happens_and_adds_up_to_the_answer(url: str) -> None:
    nsed = RemoteRunnable[Any, dict[str, Any]](url)

    *events, last = nsed.stream(TASK)

    kinds = [event["event"] for chunk in events for event in chunk["events"]]
    assert kinds[0] == "bound"
    assert kinds[-1] == "halted"
    assert kinds.count("proposed") == 6
    assert last["answer"] == "42"
    assert last.keys() | {"events"} == nsed.invoke(TASK).keys()


async def test_async_invoke_stream_events_and_log(url: str) -> None:
    nsed = RemoteRunnable[Any, dict[str, Any]](url)

    whole = await nsed.ainvoke(TASK)
    parts = [chunk async for chunk in nsed.astream(TASK)]
    events = [event async for event in nsed.astream_events(TASK, version="v2")]
    log = [
        patch
        async for patch in nsed.astream_log(TASK)  # through a fan-out, too
    ]

    assert whole["answer"] == parts[-1]["answer"] == "42"
    names = {event["name"] for event in events if event["event"] == "on_chain_end"}
    assert {"opening", "broker", "proposer", "peer_review", "verdict"} <= names
    assert log[-1].ops


async def test_in_a_chain_with_messages(url: str) -> None:
    chain = (
        RunnableLambda[str, dict[str, Any]](lambda q: {"messages": [HumanMessage(q)]})
        | RemoteRunnable[Any, dict[str, Any]](url)
        | RunnableLambda[dict[str, Any], str](lambda got: got["answer"])
    )

    assert await chain.ainvoke("What is 6 * 7?") == "42"
    # A client that is a node of a graph sends what concerns that graph along.
    node = {"configurable": {"thread_id": "1", "__pregel_x": 1, "rounds": 1}}
    assert await chain.ainvoke("What is 6 * 7?", node) == "42"


@pytest.mark.parametrize("route", ["invoke", "batch", "stream", "stream_events"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"task": ""},
        {"task": 6},
        {**TASK, "files": ["/x"]},
        {**TASK, "messages": [{"type": "human", "content": "Hi"}]},
    ],
    ids=str,
)
def test_wrong_input_is_the_clients_mistake(
    url: str, route: str, given: dict[str, Any]
) -> None:
    body = {"inputs": [given]} if route == "batch" else {"input": given}

    assert httpx.post(f"{url}/{route}", json=body).status_code == 422


@pytest.mark.parametrize(
    "messages", [[{"role": "user", "content": "Why?"}], [["user", "Why?"]]], ids=str
)
def test_a_chat_may_be_written_as_chat_clients_do(url: str, messages: Any) -> None:
    reply = httpx.post(f"{url}/invoke", json={"input": {"messages": messages}})

    assert reply.status_code == 200, reply.text
    assert reply.json()["output"]["status"] == "complete"


@pytest.mark.parametrize("route", ["invoke", "batch", "stream", "stream_log"])
@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"base_url": "http://x"}, "'base_url' may not be chosen"),
        ({"experts": []}, "'experts' may not be chosen"),
        ({"round": 1}, "Did you mean 'rounds'?"),
        ({"rounds": 99}, "rounds: Input should be less than or equal to 20"),
        ({"preset": "nope"}, "no preset is named 'nope'"),
        ({"budget_usd": 1}, "the price of 'bob' is unknown"),
    ],
    ids=str,
)
def test_a_wrong_option_is_refused_by_name(
    url: str, route: str, chosen: dict[str, Any], words: str
) -> None:
    many = route == "batch"
    body = {"inputs": [TASK]} if many else {"input": TASK}
    reply = httpx.post(
        f"{url}/{route}", json={**body, "config": {"configurable": chosen}}
    )

    assert reply.status_code == 422
    assert words in reply.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b'{"input": 1, "config": 2}'],
    ids=["cut", "binary", "deep", "list", "null", "numbers"],
)
def test_no_body_is_an_error_of_the_server(url: str, body: bytes) -> None:
    for route in ("invoke", "batch", "stream", "c/x/invoke"):
        assert httpx.post(f"{url}/{route}", content=body).status_code == 422


def test_the_schemas_and_the_playground_need_nobody_else(url: str) -> None:
    given = httpx.get(f"{url}/input_schema").json()
    got = httpx.get(f"{url}/output_schema").json()
    options = httpx.get(f"{url}/config_schema").json()["$defs"]["Configurable"]
    page = httpx.get(f"{url}/playground/")

    assert given["properties"]["task"]["description"] == "What the experts are asked."
    assert {"answer", "absences", "usd", "run_id"} <= got["properties"].keys()
    assert options["properties"]["rounds"]["maximum"] == 20
    # Neither a union nor null as a default: the page cannot draw them.
    assert not any("anyOf" in one for one in options["properties"].values())
    assert not any("default" in one for one in options["properties"].values())
    assert page.status_code == 200
    assert 'src="/langserve/nsed/playground/' in page.text
    assert 'src="http' not in page.text
    gone = [
        httpx.post(f"{url}/{end}", json={}) for end in ("feedback", "token_feedback")
    ]
    assert {reply.status_code for reply in gone} <= {404, 405}


async def test_it_is_one_of_the_doors_of_the_server() -> None:
    app = await asyncio.to_thread(create_app, Settings())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1"
    ) as client:
        schema = await client.get("/langserve/nsed/input_schema")

    assert "task" in schema.json()["properties"]


def test_many_rounds_are_no_matter_of_the_clients_recursion_limit(
    tmp_path: Path,
) -> None:
    """25 steps is what LangServe gives a graph; eight rounds take more."""
    experts = "".join(
        f"[[experts]]\nname = '{name}'\nprovider = 'scripted'\n[experts.script]\n"
        f"proposals = {[f'Answer: {n}{name}' for n in range(8)]}\n"
        for name in ("ada", "bob", "cy")
    )
    (tmp_path / "nsed.toml").write_text(f"{experts}[deliberation]\neffort = 10\n")
    with served(COMMAND, tmp_path, says=SAYS) as server:
        nsed = RemoteRunnable[Any, dict[str, Any]](f"{server.url}/langserve/nsed")
        result = nsed.invoke(
            TASK, {"recursion_limit": 25, "configurable": {"rounds": 8}}
        )

    assert (result["rounds"], result["stop_reason"]) == (8, "round_limit")


def test_the_page_of_the_documents_runs(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(code.replace("http://127.0.0.1:8000/langserve/nsed", url), {})  # noqa: S102

    assert capsys.readouterr().out.startswith("42 complete\n{'events'")


def test_the_playground_plays(url: str) -> None:
    chromium = shutil.which("chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    if chromium is None:
        pytest.skip("needs chromium")
    wrong: list[str] = []
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request", lambda r: None if r.url.startswith(url) else wrong.append(r.url)
        )
        page.goto(f"{url}/playground/")
        page.fill("[id='#/properties/task-input']", TASK["task"])
        page.fill("[id='#/properties/rounds-input']", "1")
        page.get_by_role("button", name="Start").click()
        page.get_by_text('"run_id"').wait_for()
        said = page.inner_text("body")
        browser.close()

    assert '"answer": "42"' in said
    assert '"rounds": 1' in said
    assert "Validation Errors" not in said
    assert not wrong


@pytest.mark.parametrize("route", ["invoke", "batch", "stream"])
async def test_a_client_that_goes_away_ends_its_runs(
    tmp_path: Path, route: str
) -> None:
    body = {"inputs": [TASK]} if route == "batch" else {"input": TASK}
    async with SilentProvider() as provider:
        (tmp_path / "nsed.toml").write_text(silent_pool(provider.url))
        with served(COMMAND, tmp_path, says=SAYS) as server:
            async with httpx.AsyncClient(timeout=60) as client:
                asking = asyncio.create_task(
                    client.post(f"{server.url}/langserve/nsed/{route}", json=body)
                )
                await provider.asked(2)
                asking.cancel()
                await provider.left(2)

    assert asking.cancelled()
    assert "Traceback" not in "".join(server.said)


def test_no_answer_is_an_error_that_says_why(tmp_path: Path) -> None:
    dead = silent_pool("http://127.0.0.1:9/v1") + "\n[limits]\nretries = 0\n"
    (tmp_path / "nsed.toml").write_text(dead)
    with served(COMMAND, tmp_path, says=SAYS) as server:
        url = f"{server.url}/langserve/nsed"
        whole, parts = (
            httpx.post(f"{url}/{route}", json={"input": TASK}, timeout=60)
            for route in ("invoke", "stream")
        )
        with pytest.raises(httpx.HTTPStatusError, match="Internal Server Error"):
            list(RemoteRunnable[Any, dict[str, Any]](url).stream(TASK))

    assert whole.status_code == 502
    assert "0 of 1 required experts answered" in whole.json()["detail"]
    said = [line[6:] for line in parts.text.splitlines() if '"failure"' in line]
    assert "0 of 1 required experts answered" in json.loads(said[0])["failure"]
    assert "event: error" in parts.text
    assert "Traceback" not in "".join(server.said)
