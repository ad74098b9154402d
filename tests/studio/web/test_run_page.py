"""The page of a run that is over: whole, readable by everybody, and inert."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_runs import (
    HOSTILE,
    TASK,
    degraded_run,
    failed_run,
    finished_run,
    hostile_run,
    long_run,
)
from panel import deliberate

from nsed.state.run_record import RunRecord
from nsed.studio.run_export import export_run

pytestmark = pytest.mark.slow

STATES = {
    "finished": (finished_run, "finished"),
    "degraded": (degraded_run, "finished"),
    "failed": (failed_run, "failed"),
    "hostile": (hostile_run, "finished"),
    "long": (long_run, "finished"),
}


@pytest.fixture(scope="module")
def records(browser: Any) -> Callable[[str], RunRecord]:
    """Records by name, played once."""
    played: dict[str, RunRecord] = {}

    def record(name: str) -> RunRecord:
        if name not in played:
            played[name] = in_a_thread(STATES[name][0]())
        return played[name]

    return record


def in_a_thread(coroutine: Any) -> Any:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def serious(page: Any) -> list[str]:
    """What axe-core finds serious or critical: the rule, and where."""
    report = Axe().run(page).response
    assert {"color-contrast", "region", "heading-order"} <= {
        rule["id"] for rule in report["passes"]
    }
    found = report["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


def unfold(page: Any) -> None:
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["finished", "degraded", "failed", "hostile"])
def test_axe_finds_nothing_serious(
    server: Any, look: Any, records: Any, state: str, scheme: str
) -> None:
    page = look(server.keep(records(state), STATES[state][1]), scheme=scheme)
    unfold(page)

    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_while_it_runs_waits_or_is_listed(
    server: Any, look: Any, scheme: str
) -> None:
    page = look(server.begin(TASK), scheme=scheme)
    server.let("ada propose 1")
    page.get_by_text("1 of 5 in").wait_for()
    assert serious(page) == []
    server.let()
    page = look(server.begin(TASK, human_review=True), scheme=scheme)
    page.get_by_role("form").wait_for()
    assert serious(page) == []

    assert serious(look(f"{server.url}/runs", scheme=scheme)) == []


@pytest.mark.parametrize("state", list(STATES))
def test_only_tables_scroll_sideways_on_a_phone(
    server: Any, look: Any, records: Any, state: str
) -> None:
    page = look(server.keep(records(state), STATES[state][1]), width=360)
    unfold(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for box in page.locator(".scroll").all()[:20]:
        assert box.get_attribute("tabindex") == "0"


def test_everything_of_a_run_is_told(server: Any, look: Any, records: Any) -> None:
    page = look(server.keep(records("finished"), "finished"))
    unfold(page)
    told = page.locator("main").inner_text()

    for words in (
        TASK,
        "Written by ada from dora's proposal of round 3",
        "everybody agrees and every review is positive",
        "You told all: Mind the time in which it stands still.",
        "The pause is on the way, so it has to come off.",
        "near-duplicate: ",
        "All voting rules agree: signed, classic, mean, borda, plurality",
        "The constants are illustrative, not fitted",
        "Trail: unsigned",
        "most_proposers",
        "KnapsackTeam",
    ):
        assert words in told, words
    for title in ("Verdict", "Round 3", "Cost", "The broker's receipt", "Record"):
        assert page.get_by_role("region", name=title, exact=True).count() == 1
    record = records("finished")
    for name, digest in record.prompts.items():
        assert f"{name}\t{digest}" in told
    for chart in page.locator("svg.chart").all():
        assert chart.get_attribute("role") == "img"
        assert chart.get_attribute("aria-label")


def test_the_matrix_says_in_words_what_its_colours_say(
    server: Any, look: Any, records: Any
) -> None:
    record = records("degraded")
    page = look(server.keep(record, "finished"))
    rows = page.locator("#round-1 .matrix tbody tr")
    cells = {
        rows.nth(i).locator("th").inner_text().split("\n")[0]: rows.nth(i).locator("td")
        for i in range(rows.count())
    }

    assert set(cells) == {"ada", "bert", "chidi", "dora", "emil"}
    assert cells["ada"].nth(0).inner_text().startswith("self")
    assert cells["ada"].nth(0).get_attribute("class") == "self"
    assert [cells["dora"].nth(i).inner_text() for i in range(5)].count("absent") == 4
    votes = record.tallies["1"].votes["bert"]
    signs = {"+": "for", "\N{MINUS SIGN}": "against"}
    for i in (0, 2, 3, 4):
        text = cells["bert"].nth(i).inner_text()
        heat = cells["bert"].nth(i).get_attribute("data-heat")
        assert heat.startswith(signs[text[0]])
    assert len(votes) == 4


def test_a_degraded_run_says_so_first(server: Any, look: Any, records: Any) -> None:
    page = look(server.keep(records("degraded"), "finished"))
    banner = page.get_by_role("region", name="DEGRADED: not the full panel")

    assert "dora was absent in round 1 (review, connection)" in banner.inner_text()
    assert page.evaluate(
        "document.querySelector('.alarm').getBoundingClientRect().top <"
        "document.querySelector('.verdict').getBoundingClientRect().top"
    )


def test_a_failed_run_says_why(server: Any, look: Any, records: Any) -> None:
    page = look(server.keep(records("failed"), "failed"))

    banner = page.get_by_role("region", name="FAILED: there is no answer")
    assert "0 of 1 required experts answered" in banner.inner_text()
    assert page.locator(".answer").inner_text() == "No answer"
    assert "chidi was absent in round 1 (propose, connection)" in banner.inner_text()


@pytest.mark.parametrize("where", ["served", "exported"])
def test_hostile_text_is_only_text(
    server: Any, look: Any, records: Any, exported: Any, where: str
) -> None:
    record = records("hostile")
    page = (
        look(server.keep(record, "finished"))
        if where == "served"
        else look(exported(export_run(record)), offline=True)
    )
    unfold(page)
    page.locator("summary").first.click()

    told = page.locator("main").inner_text()
    for attack in HOSTILE[:9]:
        assert " ".join(attack.split()) in " ".join(told.split())
    assert "\\u202eright to left\\u202c" in told
    assert "\\x1b[31m\\x00" in told
    assert not set(told) & set("\u202e\u2066\u200b\x1b\x00")
    strangers = "script, iframe, img, base, style, object, [onload], [onerror], [style]"
    assert page.locator("main").locator(strangers).count() == 0
    forks = len(record.tallies) if where == "served" else 0
    assert page.locator("form").count() == forks
    for link in page.locator("main a").all():
        assert link.get_attribute("href").startswith(("#", "/runs"))


def test_nine_rounds_of_sixteen_stay_usable(
    server: Any, look: Any, records: Any
) -> None:
    record = records("long")
    assert (record.verdict.rounds, len(record.context.experts)) == (9, 16)
    page = look(server.keep(record, "finished"))

    assert page.locator(".round").count() == 9
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.get_by_role("link", name="Round 7").click()
    top = page.locator("#round-7").bounding_box()["y"]
    assert 0 <= top < 200
    matrix = page.locator("#round-7 .scroll").first
    matrix.evaluate("box => box.scrollTo(400, 200)")
    box = matrix.bounding_box()
    head = matrix.locator("thead th").first.bounding_box()
    name = matrix.locator("tbody th").nth(8).bounding_box()
    assert abs(head["y"] - box["y"]) < 3
    assert abs(name["x"] - box["x"]) < 3


def test_an_exported_page_needs_nothing_but_itself(
    look: Any, records: Any, exported: Any, server: Any
) -> None:
    record = records("finished")
    trail = {"status": "verified", "detail": "signed by me"}
    page = look(exported(export_run(record, trail=trail)), offline=True)
    unfold(page)
    alone = page.locator("main").inner_text()
    page = look(server.keep(record, "finished"))
    unfold(page)

    assert "Trail: verified. signed by me" in alone
    assert page.locator(".verdict").inner_text() in alone
    assert page.locator("#round-2 .matrix").inner_text() in alone


def test_it_is_walked_by_keyboard(server: Any, look: Any, records: Any) -> None:
    page = look(server.keep(records("finished"), "finished"))

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = set()
    while True:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        reached.add(
            page.evaluate(
                "(e => e.matches(':focus-visible') && getComputedStyle(e).outlineStyle"
                " !== 'none' && (e.className || e.tagName))(document.activeElement)"
            )
        )
    assert False not in reached
    assert {"scroll", "SUMMARY", "A"} <= reached


def test_headings_lead_through_the_page(server: Any, look: Any, records: Any) -> None:
    page = look(server.keep(records("finished"), "finished"))
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(e => Number(e.tagName[1]))"
    )

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    for landmark in ("main", "banner", "navigation"):
        assert page.get_by_role(landmark).count() >= 1
    assert page.locator("table:not(:has(caption))").count() == 0


@pytest.mark.parametrize("graph", ["majority_vote", "single_expert"])
def test_a_baseline_is_drawn(look: Any, exported: Any, graph: str) -> None:
    record = in_a_thread(deliberate(graph=graph))
    page = look(exported(export_run(record)), offline=True)

    assert page.locator(".verdict .answer").inner_text() == "42"
    assert page.locator("#round-1 .proposal").count() >= 1
