"""What the page on the OpenAI-compatible routes shows, works against a real server."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from a_server import priced_panel
from served import Served, served

from nsed.config.settings import Settings
from nsed.studio.chat_response import ErrorDetail
from nsed.studio.verdict_summary import VerdictSummary

PAGE = (Path(__file__).parents[2] / "docs" / "openai-server.md").read_text()
SHOWN_AT = "http://127.0.0.1:8017"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def here() -> Iterator[Served]:
    settings = Settings(experts=priced_panel(), knobs={"retry_wait_s": 0})
    with served(settings) as server:
        yield server


@pytest.mark.parametrize("block", blocks("sh"))
def test_the_commands_answer(here: Served, block: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    command = block.replace(SHOWN_AT, here.url)
    out = subprocess.run(
        ["sh", "-c", command], check=True, capture_output=True, text=True, timeout=30
    ).stdout

    assert json.loads(out)["nsed"]["answer"] == "42"


@pytest.mark.parametrize("block", blocks("python"))
def test_the_python_answers(
    here: Served, block: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(compile(block.replace(SHOWN_AT, here.url), "page", "exec"), {})  # noqa: S102

    out = capsys.readouterr().out
    assert out.count("Answer: 42") == 2
    assert re.search(r"^complete 0\.00\d+ /runs/[0-9a-f]{32}$", out, re.MULTILINE)
    assert "Round 1: 42 leads" in out


def test_it_names_every_key_of_the_verdict_and_of_an_error() -> None:
    for name in VerdictSummary.model_fields:
        assert f"`{name}`" in PAGE
    for name in ErrorDetail.model_fields:
        assert f'"{name}"' in PAGE
