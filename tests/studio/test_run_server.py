"""A real server on loopback: its events as they happen, and its runs over its end."""

import json
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from run_api import HELD, Served, events_of, served

pytestmark = pytest.mark.slow

SAID = ("6 * 7 = 42\nAnswer: 42", "Answer: 41")
"""By ada and bob."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("runs")) as found:
        yield found


def until_proposed(
    events: Iterator[tuple[str, int, dict[str, Any]]],
) -> list[tuple[str, int, dict[str, Any]]]:
    """Read until ada and bob have answered: cy is held."""
    seen = []
    for event in events:
        seen.append(event)
        if sum(told["event"] == "proposed" for _, _, told in seen) == 2:
            return seen
    pytest.fail("the stream ended")


def answers_in(told: dict[str, Any]) -> int:
    """How many of the two that are not held are in what is told of a run."""
    text = json.dumps(told["run"])
    return sum(json.dumps(said) in text for said in SAID)


def until_kept(server: Served, id_: str, name: str = "") -> None:
    """Ask until both answers are on file, which is just after they were told."""
    for _ in range(200):
        _, told = server.call("GET", f"/api/runs/{id_}", name=name)
        if answers_in(told) == 2:
            return
    pytest.fail("the answers are not kept")


def test_a_watcher_who_comes_back_misses_nothing(here: Served) -> None:
    id_ = here.ask("hold back: what is 6 * 7?")
    with here.events(id_) as events:
        seen = until_proposed(events)
    here.let_go("back")
    with here.events(id_, after=seen[-1][1]) as events:
        rest = list(events)
    with here.events(id_) as events:
        whole = list(events)

    assert [*seen, *rest] == whole
    assert [number for _, number, _ in whole[:-1]] == list(range(1, len(whole)))
    assert whole[-1] == ("end", 0, {"state": "finished", "reason": ""})


def test_many_watchers_see_the_same_and_one_who_leaves_disturbs_nobody(
    here: Served,
) -> None:
    id_ = here.ask("hold many: what is 6 * 7?")
    watching = threading.Barrier(9)
    seen: list[list[Any]] = [[] for _ in range(8)]

    def watch(mine: list[Any]) -> None:
        with here.events(id_) as events:
            mine.extend(until_proposed(events))
            watching.wait(timeout=30)
            mine.extend(events)

    threads = [threading.Thread(target=watch, args=(mine,)) for mine in seen]
    for thread in threads:
        thread.start()
    with here.events(id_) as events:
        next(events)  # and goes
    watching.wait(timeout=30)
    here.let_go("many")
    for thread in threads:
        thread.join(timeout=30)

    assert all(mine == seen[0] for mine in seen)
    assert seen[0][-1][0] == "end"


def test_a_watcher_who_takes_nothing_in_does_not_hold_the_run_up(
    here: Served,
) -> None:
    id_ = here.ask("hold lazy: what is 6 * 7?")
    with here.events(id_) as lazy:
        here.let_go("lazy")
        with here.events(id_) as events:
            end = list(events)[-1]
        assert end[2]["state"] == "finished"
        next(lazy)


def test_a_cancelled_run_ends_its_streams(here: Served) -> None:
    id_ = here.ask("hold cancelled: what is 6 * 7?")
    with here.events(id_) as events:
        until_proposed(events)
        here.call("POST", f"/api/runs/{id_}/cancel")
        end = list(events)[-1]

    assert end == ("end", 0, {"state": "cancelled", "reason": "it was given up"})


def test_a_run_of_a_killed_server_is_resumed_by_the_next(tmp_path: Path) -> None:
    with served(tmp_path) as first:
        id_ = first.ask(HELD, name="ann")
        with first.events(id_, name="ann") as events:
            seen = until_proposed(events)
        until_kept(first, id_, name="ann")
        first.kill()
    with served(tmp_path) as second:
        _, told = second.call("GET", f"/api/runs/{id_}", name="ann")
        with second.events(id_, name="ann", after=seen[-1][1]) as events:
            only_the_end = list(events)
        strange = second.call("POST", f"/api/runs/{id_}/resume", name="ben")
        second.let_go()
        status, resumed = second.call("POST", f"/api/runs/{id_}/resume", name="ann")
        with second.events(id_, name="ann", after=seen[-1][1]) as events:
            rest = list(events)
        _, after = second.call("GET", f"/api/runs/{id_}", name="ann")

    assert (told["state"], told["at_work_elsewhere"]) == ("open", False)
    assert told["reason"] == "its process ended before it was over; it can be resumed"
    assert answers_in(told) == 2
    assert [name for name, _, _ in only_the_end] == ["end"]
    assert strange[0] == 404
    assert (status, resumed["state"]) == (200, "running")
    asked = [
        event["expert"]
        for _, _, event in rest
        if event.get("event") == "asked" and event["phase"] == "propose"
    ]
    assert asked[0] == "cy"  # of round 1 only he is asked again
    assert after["state"] == "finished"
    assert after["run"]["verdict"]["answer"] == "42"


def test_a_decision_waits_for_the_next_server(tmp_path: Path) -> None:
    with served(tmp_path, human_review=True) as first:
        id_ = first.ask()
        with first.events(id_) as events:
            assert list(events)[-1][2]["state"] == "waiting"
        assert first.end() in (0, -15)
    with served(tmp_path, human_review=True) as second:
        _, told = second.call("GET", f"/api/runs/{id_}")
        leading = told["question"]["leading"]
        body = {"action": "veto", "veto": leading}
        status, _ = second.call("POST", f"/api/runs/{id_}/decide", body)
        with second.events(id_) as events:
            end = list(events)[-1][2]
        _, steps = second.call("GET", f"/api/runs/{id_}/checkpoints?most=1")
        last = steps["checkpoints"][0]["id"]
        _, after = second.call("GET", f"/api/runs/{id_}/checkpoints/{last}")
        stopped = second.call("POST", f"/api/runs/{id_}/stop")

    assert (told["state"], status, end["state"]) == ("waiting", 200, "waiting")
    assert after["state"]["interventions"]["1"]["veto"] == leading
    assert stopped[1]["state"] == "finished"


def test_a_fork_of_an_older_servers_run(tmp_path: Path) -> None:
    with served(tmp_path) as first:
        id_ = first.ask()
        with first.events(id_) as events:
            list(events)
        first.end()
    with served(tmp_path) as second:
        body = {"from_round": 2, "knobs": {"gamma": 0.1}}
        status, told = second.call("POST", f"/api/runs/{id_}/fork", body)
        with second.events(told["id"]) as events:
            numbers = [number for _, number, _ in events]
        _, child = second.call("GET", f"/api/runs/{told['id']}")

    assert status == 201
    assert numbers[0] == 1  # it has told nothing before
    assert child["state"] == "finished"
    assert child["run"]["forked_from"] == f"{id_}, before round 2"


def test_a_server_that_ends_breaks_streams_off_and_keeps_the_run(
    tmp_path: Path,
) -> None:
    with served(tmp_path) as first:
        id_ = first.ask(HELD)
        with first.events(id_) as events:
            until_proposed(events)
            code = first.end()
            rest: list[Any] = []
            with suppress(httpx.RemoteProtocolError):
                rest.extend(events)
    with served(tmp_path) as second:
        _, told = second.call("GET", f"/api/runs/{id_}")

    assert code in (0, -15)  # uvicorn raises the signal again when it is done
    assert not rest  # whoever watched is to come back, and not told an end
    assert told["state"] == "open"


def test_a_run_at_work_in_another_process_is_open_and_left_alone(
    tmp_path: Path,
) -> None:
    with served(tmp_path) as one, served(tmp_path) as other:
        id_ = one.ask(HELD)
        with one.events(id_) as events:
            until_proposed(events)
        until_kept(one, id_)
        _, told = other.call("GET", f"/api/runs/{id_}")
        refused = [
            other.call("POST", f"/api/runs/{id_}/{verb}")
            for verb in ("stop", "cancel", "resume")
        ]
        with other.events(id_) as events:
            end = list(events)
        one.let_go()
        with one.events(id_) as events:
            list(events)
        _, after = other.call("GET", f"/api/runs/{id_}")

    assert (told["state"], told["at_work_elsewhere"]) == ("open", True)
    assert answers_in(told) == 2  # as far as it is
    assert [status for status, _ in refused] == [409] * 3
    assert "another process is at work" in refused[2][1]["error"]["message"]
    assert end == [
        ("end", 0, {"state": "open", "reason": "another process is at work at it"})
    ]
    assert after["state"] == "finished"


def test_a_run_of_another_version_is_shown_but_not_taken_up(tmp_path: Path) -> None:
    with served(tmp_path, human_review=True) as first:
        id_ = first.ask()
        with first.events(id_) as events:
            list(events)
        first.end()
    with sqlite3.connect(tmp_path / "runs.sqlite") as file:
        (known,) = file.execute("SELECT known FROM nsed_runs").fetchone()
        older = known.replace('"version": "', '"version": "0.0.')
        file.execute("UPDATE nsed_runs SET known = ?", (older,))
    file.close()
    with served(tmp_path) as second:
        _, told = second.call("GET", f"/api/runs/{id_}")
        _, listed = second.call("GET", "/api/runs")
        refused = [
            second.call("POST", f"/api/runs/{id_}/{verb}", body)
            for verb, body in (
                ("decide", {"action": "approve"}),
                ("fork", {"from_round": 1}),
            )
        ]

    assert told["state"] == "waiting"
    assert listed["runs"][0]["id"] == id_
    assert [status for status, _ in refused] == [409, 409]
    assert "was begun by nsed 0.0." in refused[0][1]["error"]["message"]


def test_curl_shows_a_run_as_it_happens(here: Served) -> None:
    id_ = here.ask()
    shown = subprocess.run(
        ["curl", "--silent", "--no-buffer", f"{here.url}/api/runs/{id_}/events"],
        capture_output=True,
        check=True,
        timeout=30,
        text=True,
    ).stdout
    assert shown.startswith('id: 1\ndata: {"event": "bound", "round": 1')
    assert events_of(shown)[-1] == ("end", 0, {"state": "finished", "reason": ""})
