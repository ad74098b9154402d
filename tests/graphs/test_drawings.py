"""The drawing of each graph is a snapshot: a changed edge shows in review."""

from pathlib import Path

import pytest

from nsed.graphs.catalogue import GRAPHS, create_graph

DRAWINGS = Path(__file__).parent / "drawings"


@pytest.mark.parametrize("name", GRAPHS)
def test_the_drawing_is_the_one_on_file(name: str) -> None:
    drawn = create_graph(name).compile().get_graph().draw_mermaid()
    file = DRAWINGS / f"{name}.mmd"

    assert file.exists(), f"write this to {file}:\n{drawn}"
    assert drawn == file.read_text(encoding="utf-8")
