"""LangServe's playground as one of the doors of the server, all guards around it."""

from pathlib import Path
from typing import Any

import pytest
from server_process import server_process

pytest.importorskip("langserve", reason="needs the extra nsed[langserve]")

pytestmark = pytest.mark.slow
POOL = """telemetry = "off"
[[experts]]
name = "ada"
provider = "scripted"
[experts.script]
proposals = ["Answer: 42"]
[[experts]]
name = "bob"
provider = "scripted"
[experts.script]
proposals = ["Answer: 42"]
"""


def test_the_playground_plays_under_the_whole_application(
    browser: Any, tmp_path: Path
) -> None:
    faults: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: faults.append(said.text) if said.type == "error" else None,
    )
    with server_process(tmp_path, POOL) as here:
        page.goto(f"{here.url}/langserve/nsed/playground/")
        page.fill("[id='#/properties/task-input']", "What is 6 * 7?")
        page.get_by_role("button", name="Start").click()
        page.get_by_text('"run_id"').wait_for()
        said = page.inner_text("body")
        context.close()

    assert '"answer": "42"' in said
    assert faults == []
