"""A run followed in a browser: what it shows while it is at work, and its buttons."""

from typing import Any

import pytest
from page_runs import TASK

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow


def test_a_run_is_followed_to_its_end(server: Any, look: Any) -> None:
    page = look(server.begin(TASK))
    live = page.get_by_role("region", name="At work")
    live.get_by_text("0 of 5 in").wait_for()

    server.let("ada propose 1", "bert propose 1")
    live.get_by_text("2 of 5 in").wait_for()
    assert page.locator(".node.now").text_content().startswith("propose")
    assert live.locator(".people .in").count() == 2
    assert live.locator(".people .asked").count() == 3
    page.locator("#round-1 .proposal").nth(1).wait_for()
    assert page.locator("#round-1 .proposal").count() == 2

    server.let(
        *(f"{name} propose 1" for name in ("chidi", "dora", "emil")),
        "ada review 1",
    )
    live.get_by_text("review: 1 of 5 in").wait_for()
    expect(page.locator("#round-1 td.pending")).to_have_count(16)
    assert page.locator("#round-1 td.self").count() == 5

    server.let()
    page.get_by_role("region", name="Verdict").wait_for()
    assert page.locator(".verdict .answer").inner_text() == "120"
    assert page.locator(".live").count() == 0
    assert "finished" in page.locator("#news").inner_text()


def test_what_is_open_and_has_the_focus_stays_so(server: Any, look: Any) -> None:
    page = look(server.begin(TASK))
    server.let(
        *(f"{name} propose 1" for name in ("ada", "bert", "chidi", "dora", "emil")),
        "ada review 1",
    )
    page.get_by_text("review: 1 of 5 in").wait_for()
    summary = page.locator("#round-1 .critiques summary").nth(0)
    summary.wait_for()
    summary.focus()
    page.keyboard.press("Enter")
    key = page.evaluate("document.activeElement.closest('details').dataset.key")

    server.let("bert review 1")
    page.get_by_text("review: 2 of 5 in").wait_for()
    expect(page.locator("#round-1 td.pending")).to_have_count(12)

    assert (
        page.evaluate("document.activeElement.closest('details')?.dataset.key") == key
    )
    assert page.evaluate("document.activeElement.closest('details').open")


def test_stop_gives_the_best_answer_so_far(server: Any, look: Any) -> None:
    page = look(server.begin(TASK))
    server.let("ada propose 1")
    page.get_by_text("1 of 5 in").wait_for()

    page.get_by_role("button", name="Stop with the best answer so far").click()
    page.get_by_role("region", name="Verdict").wait_for()

    assert page.locator(".verdict .answer").inner_text() == "120"
    assert (
        page.locator(".because")
        .inner_text()
        .startswith("Stopped before a round was decided: you stopped it")
    )


def test_giving_up_asks_twice(server: Any, look: Any) -> None:
    page = look(server.begin(TASK))
    page.get_by_text("0 of 5 in").wait_for()

    page.get_by_role("button", name="Give it up").click()
    page.get_by_role("button", name="Keep it").click()
    assert page.posted == []
    page.get_by_role("button", name="Give it up").click()
    page.get_by_role("button", name="Give it up, without an answer").click()
    page.locator(".state.cancelled").wait_for()

    assert page.posted == [("cancel", {})]
    assert page.get_by_role("heading", name="Given up").count() == 1
    assert page.locator(".live .reason").inner_text() == "it was given up"
    server.let()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("region", name="Verdict").wait_for()


def test_giving_up_stays_asked_while_the_run_goes_on(server: Any, look: Any) -> None:
    page = look(server.begin(TASK))
    page.get_by_text("0 of 5 in").wait_for()
    page.get_by_role("button", name="Give it up").click()
    page.keyboard.press("Shift+Tab")

    server.let("ada propose 1", "bert propose 1")
    page.get_by_text("2 of 5 in").wait_for()
    page.locator("#round-1 .proposal").nth(1).wait_for()
    assert page.evaluate("document.activeElement.id") == "cancel-really"
    page.get_by_role("button", name="Keep it").focus()
    server.let("chidi propose 1")
    page.get_by_text("3 of 5 in").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Keep it"
    assert page.posted == []
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.locator(".state.cancelled").wait_for()

    assert page.posted == [("cancel", {})]


def test_the_user_decides_by_keyboard_alone(server: Any, look: Any) -> None:
    server.let()
    page = look(server.begin(TASK, human_review=True, rounds=2))
    form = page.get_by_role("form", name="Your say after round 1")
    form.wait_for()
    assert page.locator(".state.waiting").inner_text() == "waits for you"

    form.get_by_label("Tell all experts something").focus()
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "note":
            break
    page.keyboard.type("Mind the pause.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("form", name="Your say after round 2").wait_for()

    assert page.posted == [("decide", {"action": "note", "note": "Mind the pause."})]
    assert "Mind the pause." in page.locator("#round-1").inner_text()
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("region", name="Verdict").wait_for()


def test_a_veto_needs_its_answer(server: Any, look: Any) -> None:
    server.let()
    page = look(server.begin(TASK, human_review=True))
    page.get_by_role("form").wait_for()

    page.get_by_label("Veto an answer").check()
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("Choose the answer to veto").wait_for()
    assert page.posted == []

    page.locator("input[name=proposal]").nth(0).check()
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("form", name="Your say after round 2").wait_for()

    ((_, body),) = page.posted
    assert body["action"] == "veto"
    assert "You vetoed 120" in page.locator("#round-1").inner_text()


def test_a_question_is_asked_from_the_list(server: Any, look: Any) -> None:
    server.let()
    page = look(f"{server.url}/runs")
    page.get_by_text("There are none yet.").wait_for()

    page.get_by_role("textbox", name="Question").fill(TASK)
    preset = page.get_by_role("combobox", name="Preset")
    options = preset.locator("option").all_inner_texts()
    assert options == ["none", *sorted(server.settings.presets)]
    assert preset.input_value() == ""
    preset.select_option("fast")
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("region", name="Verdict").wait_for()
    assert page.posted == [("runs", {"task": TASK, "preset": "fast"})]
    page.get_by_role("link", name="Runs").click()
    page.locator(".runs a").wait_for()

    assert page.locator(".runs a").inner_text() == TASK


def test_what_the_server_refuses_is_said(server: Any, look: Any) -> None:
    page = look(f"{server.url}/runs")
    page.get_by_role("textbox", name="Question").fill("  ")
    page.get_by_role("button", name="Ask").click()

    page.get_by_role("alert").get_by_text("task: should say something").wait_for()
    assert (
        look(f"{server.url}/runs/nobody")
        .get_by_role("alert")
        .inner_text()
        .endswith("there is no such run")
    )


def test_a_fork_begins_another_run(server: Any, look: Any) -> None:
    server.let()
    page = look(server.begin(TASK))
    page.get_by_role("region", name="Verdict").wait_for()
    first = page.url
    page.locator("#round-2 details.fork summary").click()
    knobs = page.locator("#knobs-2")

    knobs.fill("rounds = 99")
    page.get_by_role("button", name="Fork before round 2").click()
    page.locator("#round-2 .fork .problem").get_by_text("knobs.rounds").wait_for()
    knobs.fill("rounds = 4\nrule = classic")
    page.get_by_role("button", name="Fork before round 2").click()
    page.wait_for_url(lambda url: url != first)

    assert page.posted[-1] == (
        "fork",
        {"from_round": 2, "knobs": {"rounds": 4, "rule": "classic"}},
    )


def test_what_is_typed_for_a_fork_stays_when_the_run_ends(
    server: Any, look: Any
) -> None:
    names = ("ada", "bert", "chidi", "dora", "emil")
    page = look(server.begin(TASK))
    server.let(
        *(f"{name} {does} 1" for name in names for does in ("propose", "review"))
    )
    fork = page.locator("#round-1 details.fork")
    fork.locator("summary").click()
    fork.locator("textarea").fill("rounds = 99")
    fork.get_by_role("button").click()
    fork.locator(".problem").get_by_text("knobs.rounds").wait_for()
    fork.locator("textarea").fill("rounds = 4")
    page.keyboard.press("Home")

    server.let()
    page.get_by_role("region", name="Verdict").wait_for()
    page.locator("#round-2 details.fork").wait_for()
    page.keyboard.type("# ")

    assert page.locator("#knobs-1").input_value() == "# rounds = 4"
    assert "knobs.rounds" in fork.locator(".problem").inner_text()
    assert page.locator("#knobs-1").is_visible()
    assert page.locator("#knobs-2").input_value() == ""


def test_the_state_at_a_checkpoint_is_shown_as_text(server: Any, look: Any) -> None:
    server.let()
    page = look(server.begin("<b>x</b>\u202e"))
    page.get_by_role("region", name="Verdict").wait_for()
    page.get_by_text("What is on file after every step").click()
    page.get_by_role("button", name="step 2, round 1, before proposer").click()

    page.locator(".state-at").get_by_text("<b>x</b>\\u202e").wait_for()
    page.locator(".state-at summary", has_text="teams").click()
    page.locator(".state-at summary", has_text="1 (").click()
    page.locator(".state-at").get_by_text("KnapsackTeam").wait_for()


def test_a_stream_that_breaks_is_taken_up_where_it_was(server: Any, look: Any) -> None:
    asked: list[str] = []

    def broken_once(route: Any) -> None:
        asked.append(route.request.headers.get("last-event-id", ""))
        if len(asked) > 1:
            route.continue_()
            return
        told = (
            'id: 1\ndata: {"event": "bound", "round": 1}\n\n'
            'id: 2\ndata: {"event": "asked", "round": 1, "phase": "propose", '
            '"expert": "ada"}\n\nid: 3\ndata: {"half": '
        )
        route.fulfill(content_type="text/event-stream", body=told)

    page = look(server.begin(TASK), routes={"**/events": broken_once})
    page.get_by_text("0 of 5 in").wait_for()

    assert asked == ["", "2"]
    server.let()
    page.get_by_role("region", name="Verdict").wait_for()


def test_a_server_that_wants_a_key_is_given_one(server: Any, look: Any) -> None:
    server.let()
    seen: list[str] = []

    def wants_a_key(route: Any) -> None:
        seen.append(route.request.headers.get("authorization", ""))
        if seen[-1] == "Bearer open-sesame":
            route.continue_()
            return
        told = '{"error": {"message": "no such key <b>"}}'
        route.fulfill(status=401, content_type="application/json", body=told)

    page = look(f"{server.url}/runs", routes={"**/api/**": wants_a_key})
    page.get_by_text("no such key <b>").wait_for()
    page.get_by_label("Key").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Key")).to_have_value("")
    page.get_by_label("Key").fill("open-sesame")
    page.get_by_role("button", name="Use it").click()
    page.get_by_role("textbox", name="Question").fill(TASK)
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("region", name="Verdict").wait_for()

    assert seen[:2] == ["", "Bearer wrong"]
    assert set(seen[2:]) == {"Bearer open-sesame"}
