"""The shape of the repository, held against what it says of itself."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("brokers", "graphs", "models", "nodes", "protocol", "state", "studio")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SOURCES = [
    file
    for room in (*ROOMS, "src/nsed")
    for file in sorted((ROOT / room).rglob("*.py"))
    if "__pycache__" not in file.parts
]


def name_of(file: Path) -> str:
    """The import name of a source file."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    inside = parts[2:] if parts[0] == "src" else parts
    return ".".join(("nsed", *(part for part in inside if part != "__init__")))


def test_every_package_is_in_both_tables() -> None:
    tables = SETTINGS["tool"]["setuptools"]
    folders = {
        name_of(file): str(file.parent.relative_to(ROOT))
        for file in SOURCES
        if file.name == "__init__.py"
    }

    folders["nsed.nodes.prompts"] = "nodes/prompts"  # texts only
    assert set(tables["packages"]) == set(folders)
    assert tables["package-dir"] == folders


def test_there_is_no_top_level_folder_named_nsed() -> None:
    assert not (ROOT / "nsed").exists()


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_is_one_concept(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 250, "split it along a seam"
    assert not set(file.stem.split("_")) & {
        "utils",
        "util",
        "helpers",
        "common",
        "manager",
    }
    assert text.startswith(('"""', 'r"""')), "say what the module is"
    if file.name not in ("__init__.py", "__main__.py"):
        assert "__all__" in text


@pytest.mark.parametrize(
    ("module", "strangers"),
    [
        ("nsed.protocol.consensus", ("langgraph", "langchain_core", "pydantic")),
        ("nsed.protocol.stopping", ("langgraph", "langchain_core", "pydantic")),
        (
            "nsed.protocol.forget_gate",
            ("langgraph", "langchain_core", "pydantic", "numpy"),
        ),
        ("nsed.protocol.trail_check", ("langgraph", "langchain_core", "pydantic")),
        ("nsed.state.context", ("langgraph", "langchain_core")),
        ("nsed.brokers.fixed_team", ("langgraph", "langchain_core", "ortools")),
        ("nsed.brokers.knapsack_team", ("langgraph", "langchain_core", "ortools")),
        ("nsed.brokers.knapsack", ("langgraph", "langchain_core", "pydantic")),
        ("nsed", ("langgraph", "langchain_openai", "ortools", "numpy", "xllamacpp")),
        ("nsed.graphs.deliberation", ("langchain_openai", "ortools", "xllamacpp")),
    ],
)
def test_importing_a_room_does_not_bring_strangers(
    module: str, strangers: tuple[str, ...]
) -> None:
    code = (
        f"import sys, {module}\n"
        f"found = [name for name in {strangers!r} if name in sys.modules]\n"
        "sys.exit(', '.join(found) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, f"{module} imports {done.stderr}"


def test_the_public_face_is_pinned() -> None:
    import nsed

    assert sorted(nsed.__all__) == [
        "ChatModelExpert",
        "ChatNSED",
        "DeliberationConfig",
        "ExpertConfig",
        "HumanDecision",
        "Run",
        "RunRecord",
        "Verdict",
        "adeliberate",
        "create_deliberation",
        "deliberate",
        "open_checkpoints",
        "scripted",
    ]
    for name in nsed.__all__:
        assert getattr(nsed, name) is not None
    with pytest.raises(AttributeError, match="deliberat"):
        _ = nsed.deliberat
