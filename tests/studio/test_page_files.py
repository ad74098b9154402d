"""The files of the page: what may not be in them, and how they are served."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from nsed.graphs.catalogue import create_graph
from nsed.studio.admission import Admission
from nsed.studio.page_routes import CONTENT_SECURITY_POLICY, page_routes
from nsed.studio.run_export import export_run
from nsed.studio.web_files import PAGE, WEB_FILES

SCRIPTS = {name: text for name, text in WEB_FILES.items() if name.endswith(".js")}
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    r"|DOMParser|setHTML|srcdoc=|createContextualFragment|\.style\b|cssText"
    r"|https?://(?!www\.w3\.org/2000/svg)|import\(|</script"
)


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.state.admission = Admission()
    app.include_router(page_routes())
    return TestClient(app)


@pytest.mark.parametrize("name", list(SCRIPTS))
def test_no_script_reads_markup_or_leads_out(name: str) -> None:
    assert FORBIDDEN.findall(SCRIPTS[name]) == []
    assert SCRIPTS[name].startswith("/** "), "say what the module is"
    assert len(SCRIPTS[name].splitlines()) <= 200, "split it along a seam"


@pytest.mark.parametrize("name", [n for n in WEB_FILES if n.endswith(".css")])
def test_no_style_loads_anything(name: str) -> None:
    assert not re.search(r"url\(|@import|@font-face", WEB_FILES[name])


def test_every_import_is_one_that_the_export_understands() -> None:
    for name, text in SCRIPTS.items():
        lines = [line for line in text.splitlines() if line.startswith("import")]
        for line in lines:
            found = re.fullmatch(r'import \{ ([^}]*) \} from "\./([\w.]+)";', line)
            assert found, f"{name}: {line}"
            for needed in found[1].split(", "):
                export = rf"^export (async )?(function|class|const) {needed}\b"
                assert re.search(export, SCRIPTS[found[2]], re.MULTILINE), line
        assert "import" not in re.sub(r"^import .*$", "", text, flags=re.MULTILINE)
        assert not re.search(r"^export (default|\{|\*)", text, re.MULTILINE)


def test_nothing_is_inline_in_the_page() -> None:
    assert not re.search(
        r"<style|<script(?! type=\"module\" src=)| on\w+=| style=", PAGE
    )


def test_every_file_is_used_and_every_used_file_is_there() -> None:
    used = {"page.html", *re.findall(r'"/web/([\w.]+)"', PAGE)}
    for text in SCRIPTS.values():
        used |= set(re.findall(r'from "\./([\w.]+)"', text))

    assert used == set(WEB_FILES)


@pytest.mark.parametrize("graph", ["deliberation", "majority_vote", "single_expert"])
def test_the_drawing_has_the_steps_of_the_graph(graph: str) -> None:
    drawn = WEB_FILES["graph_drawing.js"]
    found = re.search(rf"{graph}: \[([^\]]*)\]", drawn, re.IGNORECASE) or re.search(
        rf"const {graph.upper()} = \[([^\]]*)\]", drawn
    )
    assert found

    first, *steps = create_graph(graph).nodes
    assert first == "opening"  # it reads the question, before the loop that is drawn
    assert re.findall(r'"(\w+)"', found[1]) == steps


@pytest.mark.parametrize("path", ["/runs", "/runs/abc", "/web/page.js"])
def test_everything_is_served_under_the_policy(client: TestClient, path: str) -> None:
    reply = client.get(path)

    assert reply.status_code == 200
    assert reply.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert reply.headers["x-content-type-options"] == "nosniff"
    for word in ("unsafe", "http:", "https:", "*"):
        assert word not in CONTENT_SECURITY_POLICY


def test_files_are_served_whole_and_once(client: TestClient) -> None:
    for name, text in WEB_FILES.items():
        reply = client.get(f"/web/{name}")
        assert reply.text == text
        tag = {"if-none-match": reply.headers["etag"]}
        assert client.get(f"/web/{name}", headers=tag).status_code == 304
    assert client.get("/", follow_redirects=False).headers["location"] == "/runs"


@pytest.mark.parametrize(
    "path", ["__init__.py", "..%2Fserver.py", "%2e%2e/server.py", "page.js%00", ""]
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(f"/web/{path}").status_code == 404


async def test_an_export_cannot_be_broken_out_of() -> None:
    from page_runs import hostile_run

    page = export_run(await hostile_run(), reason="</script><b>")

    assert page.count("<script") == page.count("</script>") == 2
    assert "<b>" not in page.partition("run-data")[2].partition("</script>")[0]
    assert "/web/" not in page
