"""The server with keys, in a real browser: in, a question, out; and other sites."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from a_server import add_key
from page_runs import TASK, panel_of
from served import Served, served

from nsed.config.settings import Settings
from nsed.studio.admitting import admission_for
from nsed.studio.sessions import COOKIE

pytestmark = pytest.mark.slow


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """A server that wants a key, and a key."""
    settings = Settings(experts=panel_of(), knobs={"retry_wait_s": 0})
    with ThreadPoolExecutor(1) as thread:  # the browser's own loop is in this one
        token = thread.submit(add_key, tmp_path, "ann").result()
        admission = thread.submit(admission_for, settings.server, tmp_path).result()
    with served(settings, admission=admission, folder=tmp_path) as here:
        yield here, token


@pytest.fixture
def other_site() -> Iterator[str]:
    """Another origin of the same site, so cookies come along: one empty page."""
    site = ThreadingHTTPServer(("127.0.0.1", 0), _Empty)
    thread = threading.Thread(target=site.serve_forever, args=[0.01])
    thread.start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    thread.join()
    site.server_close()


class _Empty(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><h1>Elsewhere</h1>")

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that knows nothing yet."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


@pytest.fixture
def logged_in(page: Any, keyed: tuple[Served, str]) -> Any:
    """The page, with a session."""
    log_in(page, *keyed)
    return page


def log_in(page: Any, here: Served, token: str) -> None:
    page.goto(f"{here.url}/runs")
    page.wait_for_url(f"{here.url}/login?next=/runs")
    page.get_by_label("Key").fill(token)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{here.url}/runs")


@pytest.mark.parametrize("proxy", ["none", "forbids referrers"])
def test_a_key_is_pasted_a_question_answered_and_the_user_logs_out(
    page: Any, keyed: tuple[Served, str], proxy: str
) -> None:
    here, token = keyed
    if proxy != "none":
        page.route("**/login*", _forbid_referrers)

    log_in(page, here, token)
    (cookie,) = page.context.cookies()
    page.get_by_role("textbox", name="Question").fill(TASK)
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("region", name="Verdict").wait_for()
    answer = page.locator(".verdict .answer").inner_text()
    kept = page.evaluate("[document.cookie, sessionStorage.length]")
    page.get_by_role("link", name="Log out").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in").wait_for()
    left = page.context.cookies()
    page.goto(f"{here.url}/runs")

    assert answer == "120"
    assert [live.owner for live in here.begun] == ["ann"]
    assert (cookie["name"], cookie["httpOnly"]) == (COOKIE, True)
    assert kept == ["", 0]
    assert left == []
    assert page.url == f"{here.url}/login?next=/runs"


def _forbid_referrers(route: Any) -> None:
    if route.request.method == "POST":
        route.continue_()
        return
    found = route.fetch()
    headers = {**found.headers, "referrer-policy": "no-referrer"}
    route.fulfill(response=found, headers=headers)


@pytest.mark.parametrize("how", ["form", "sandboxed form"])
@pytest.mark.parametrize("path", ["/login", "/logout", "/api/runs"])
def test_a_form_of_another_site_is_refused(
    logged_in: Any, keyed: tuple[Served, str], other_site: str, path: str, how: str
) -> None:
    here, token = keyed
    before = logged_in.context.cookies()
    logged_in.goto(other_site)

    with logged_in.expect_navigation(url=f"{here.url}{path}") as found:
        logged_in.evaluate(_FORMS[how], [f"{here.url}{path}", token])
    logged_in.goto(f"{here.url}/runs")

    assert found.value.status == 403
    assert not here.begun
    assert logged_in.context.cookies() == before
    assert logged_in.url == f"{here.url}/runs"  # still logged in


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_a_script_of_another_site_gets_nothing_done(
    logged_in: Any, keyed: tuple[Served, str], other_site: str, path: str
) -> None:
    here, token = keyed
    before = logged_in.context.cookies()
    logged_in.goto(other_site)

    read = logged_in.evaluate(_FETCH, [f"{here.url}{path}", token])
    logged_in.goto(f"{here.url}/runs")

    assert read == "nothing"
    assert logged_in.context.cookies() == before
    assert logged_in.url == f"{here.url}/runs"


_FORM = """([url, key]) => {
  const make = (name, given) => Object.assign(document.createElement(name), given);
  const form = make("form", {action: url, method: "post"});
  form.append(make("input", {name: "key", value: key}));
  document.body.append(form);
  form.submit();
}"""
_SANDBOXED = """([url, key]) => {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts allow-forms allow-top-navigation";
  frame.srcdoc = `<meta name="referrer" content="no-referrer">
    <form target="_top" action="${url}" method="post"><input name="key" value="${key}">
    </form><script>document.forms[0].submit()</script>`;
  document.body.append(frame);
}"""
_FETCH = """([url, key]) => {
  const body = new URLSearchParams({key});
  return fetch(url, {method: "POST", mode: "no-cors", credentials: "include", body})
    .then((got) => got.type, () => "nothing");
}"""
_FORMS = {"form": _FORM, "sandboxed form": _SANDBOXED}
