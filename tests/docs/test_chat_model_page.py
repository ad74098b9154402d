"""Everything that docs/chat-model.md shows, works as shown."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nsed import ChatNSED

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "chat-model.md").read_text(encoding="utf-8")


def test_the_python_on_it_runs_from_top_to_bottom() -> None:
    snippets = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(snippets) == 5

    exec(compile("\n".join(snippets), "chat-model.md", "exec"), {})  # noqa: S102


@pytest.mark.slow
def test_the_transcript_is_what_the_program_says(tmp_path: Path) -> None:
    [(command, output)] = re.findall(
        r"^```console\n\$ (.*?)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE
    )
    folder = Path(sys.executable).parent

    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "NSED_DATA": str(tmp_path),
        },
    )

    assert (done.stdout, done.stderr) == (output, "")


def test_every_key_of_the_verdict_is_explained() -> None:
    import nsed

    model = ChatNSED(experts=(nsed.scripted("a", "Answer: 1"),), preset="fast")
    verdict = model.invoke("?").response_metadata["nsed"]

    assert [key for key in verdict if f"`{key}`" not in PAGE] == []


def test_every_argument_is_named() -> None:
    own = set(ChatNSED.model_fields) - set(ChatNSED.__mro__[2].model_fields)

    assert [name for name in own if f"`{name}" not in PAGE] == []
