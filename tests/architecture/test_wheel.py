"""The wheel, built from the sdist: what a user gets, typed and layered."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from architecture.test_structure import ROOT, SOURCES, name_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # mypy reads everything


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's contents, and nothing else of ours."""
    folder = tmp_path_factory.mktemp("wheel")
    out = folder / "dist"
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)]
    run([*build, str(ROOT)], folder)
    (found,) = out.glob("*.whl")
    site = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    run([*pip, "--target", str(site), str(found)], folder)
    return site


def run(command: list[str], folder: Path, **environment: str) -> str:
    """Run in a folder and return what it printed; its words are the failure."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def test_every_module_imports_from_the_wheel(wheel: Path) -> None:
    names = [n for n in map(name_of, SOURCES) if not n.endswith("__main__")]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    file = importlib.import_module(name).__file__\n"
        "    assert file.startswith(sys.argv[1]), file\n"
    )

    run([sys.executable, "-c", code, str(wheel)], wheel, PYTHONPATH=str(wheel))


def test_the_wheel_holds_every_source_text_and_the_type_marker(
    wheel: Path,
) -> None:
    packed = {
        p.relative_to(wheel).as_posix() for p in wheel.rglob("*.*") if p.is_file()
    }

    prompts = {
        f"nsed/nodes/prompts/{p.name}" for p in (ROOT / "nodes/prompts").iterdir()
    }
    page = {
        f"nsed/studio/web/{p.name}"
        for p in (ROOT / "studio/web").iterdir()
        if p.suffix in (".html", ".css", ".js", ".svg")
    }
    assert prompts | page <= packed
    assert "nsed/studio/web/page.html" in page
    assert {"nsed/py.typed", "nsed/models/weights.toml"} <= packed
    assert len([p for p in packed if p.endswith(".py")]) == len(SOURCES)


def test_types_are_strict_and_mypy_read_every_file(wheel: Path) -> None:
    settings = [
        "--config-file",
        str(ROOT / "pyproject.toml"),
        "--cache-dir",
        os.devnull,
    ]
    said = run(
        [sys.executable, "-m", "mypy", *settings, "--strict", "-p", "nsed"],
        wheel,
        MYPYPATH=str(wheel),
    )

    # The folder of prompts counts as a package without a file of its own.
    assert f"no issues found in {len(SOURCES) + 1} source files" in said


def test_arrows_point_down(wheel: Path) -> None:
    lint = str(Path(sys.executable).with_name("lint-imports"))
    said = run(
        [lint, "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        wheel,
        PYTHONPATH=str(wheel),
    )

    (files,) = re.findall(r"Analyzed (\d+) files", said)
    assert int(files) >= len(SOURCES)  # and the packages from outside
    assert "0 broken" in said
