"""A browser without a window, and a server for it to look at."""

import asyncio
import os
import shutil
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from page_runs import CANARY, panel_of
from page_server import PageServer, serving

from nsed.config.settings import Settings

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")

CHROMIUM = next(
    filter(
        None,
        map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome")),
    ),
    None,
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One process for the tests of a file."""
    if CHROMIUM is None:
        pytest.skip("no chromium-headless-shell, chromium or google-chrome on the PATH")
    with playwright.sync_playwright() as running:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        found = running.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if root else []
        )
        yield found
        found.close()


class Watched:
    """A page, and everything about it that must not happen."""

    def __init__(self, page: Any, allowed: str) -> None:
        self.page = page
        self.faults: list[str] = []
        page.posted = []
        page.set_default_timeout(10_000)
        page.on(
            "dialog",
            lambda dialog: (
                self.faults.append(f"dialog {dialog.message}"),
                dialog.dismiss(),
            ),
        )
        page.on("pageerror", lambda error: self.faults.append(f"error {error}"))
        page.on("popup", lambda _: self.faults.append("popup"))
        page.on("console", self._said)
        page.on("request", lambda request: self._asked(request, allowed))
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => console.error("
            "`CSP ${e.violatedDirective} ${e.blockedURI} ${e.sample}`))"
        )

    def _said(self, message: Any) -> None:
        if (
            message.type in ("error", "warning")
            and "Failed to load resource" not in message.text
        ):
            self.faults.append(f"console {message.text}")

    def _asked(self, request: Any, allowed: str) -> None:
        if not request.url.startswith((allowed, "data:image/svg")):
            self.faults.append(f"request {request.url}")
        if request.method == "POST":
            what = request.url.rpartition("/")[2]
            self.page.posted.append((what, request.post_data_json))

    def check(self) -> None:
        """Nothing was executed, asked elsewhere or refused."""
        assert self.page.evaluate(f"window.{CANARY[7:15]}") is None
        assert self.faults == []


@pytest.fixture
def look(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open an address and give the page; at the end nothing bad may have happened."""
    opened: list[tuple[Any, Watched]] = []

    def open_(
        url: str,
        *,
        width: int = 1280,
        scheme: str = "light",
        offline: bool = False,
        routes: Any = None,
    ) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            offline=offline,
            reduced_motion="reduce",
        )
        page = context.new_page()
        watched = Watched(page, url.rpartition("/runs")[0] or url)
        opened.append((context, watched))
        for pattern, answer in (routes or {}).items():
            page.route(pattern, answer)
        page.goto(url)
        page.wait_for_selector("h1")
        return page

    yield open_
    for context, watched in opened:
        watched.check()
        context.close()


@pytest.fixture
def server() -> Iterator[PageServer]:
    """A server whose experts wait at its gate."""
    with serving(
        Settings(experts=panel_of(), knobs={"effort": 3.0, "retry_wait_s": 0})
    ) as found:
        yield found


@pytest.fixture
def record_of() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Play a run: in a thread, as the browser's own loop is in this one."""

    def play(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, coroutine).result()

    return play


@pytest.fixture
def exported(tmp_path: Path) -> Callable[[str], str]:
    """Write an exported page; gives its address."""

    def write(html: str) -> str:
        file = tmp_path / "run.html"
        file.write_text(html, encoding="utf-8")
        return file.as_uri()

    return write
