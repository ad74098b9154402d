"""The run API against its own description: no 5xx, whatever is sent."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from panel import panel
from run_api import Served, served
from sent_anything import sent_anything

from nsed.config.settings import Settings
from nsed.studio.server import create_app

pytestmark = pytest.mark.slow

RUN = "/api/runs/{run_id}"


@pytest.fixture(scope="module")
def described() -> FastAPI:
    return create_app(Settings(experts=panel(), knobs={"retry_wait_s": 0}))


def test_every_route_is_described(described: FastAPI) -> None:
    paths = described.openapi()["paths"]
    ours = {path: set(its) for path, its in paths.items() if path.startswith("/api/")}
    assert ours == {
        "/api/runs": {"get", "post"},
        RUN: {"get"},
        f"{RUN}/events": {"get"},
        f"{RUN}/checkpoints": {"get"},
        f"{RUN}/checkpoints/{{checkpoint_id}}": {"get"},
        **{
            f"{RUN}/{verb}": {"post"}
            for verb in ("stop", "cancel", "resume", "decide", "fork")
        },
        "/api/graph/{name}": {"get"},
    }


def test_every_refusal_has_one_shape(described: FastAPI) -> None:
    for path, its in described.openapi()["paths"].items():
        if not path.startswith("/api/"):
            continue
        for operation in its.values():
            for status in ("400", "404", "409", "422"):
                content = operation["responses"][status]["content"]
                shape = content["application/json"]["schema"]["$ref"]
                assert shape.endswith("/ErrorReply"), (path, status)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("runs"), human_review=True) as found:
        yield found


@pytest.fixture(scope="module")
def real(here: Served) -> dict[str, list[str]]:
    """What there is: two runs that wait, and their checkpoints."""
    ids = [here.ask(), here.ask()]
    for id_ in ids:
        with here.events(id_) as events:
            list(events)
    _, told = here.call("GET", f"/api/runs/{ids[0]}/checkpoints")
    checkpoints = [one["id"] for one in told["checkpoints"]]
    return {"run_id": ids, "checkpoint_id": checkpoints, "name": ["deliberation"]}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/runs"),
        ("POST", "/api/runs"),
        ("GET", RUN),
        ("GET", f"{RUN}/events"),
        ("GET", f"{RUN}/checkpoints"),
        ("GET", f"{RUN}/checkpoints/{{checkpoint_id}}"),
        ("POST", f"{RUN}/stop"),
        ("POST", f"{RUN}/cancel"),
        ("POST", f"{RUN}/resume"),
        ("POST", f"{RUN}/decide"),
        ("POST", f"{RUN}/fork"),
        ("GET", "/api/graph/{name}"),
    ],
)
def test_nothing_that_is_sent_breaks_it(
    method: str, path: str, here: Served, real: dict[str, list[str]]
) -> None:
    turn = itertools.count()

    def mended(case: Any) -> None:
        """Every other one is about something that is there."""
        number = next(turn)
        for name in case.path_parameters or {}:
            if number % 2:
                case.path_parameters[name] = real[name][number % len(real[name])]

    statuses = sent_anything(here.url, path, method, examples=30, mended=mended)

    assert len(set(statuses)) > 1
    assert max(statuses) < 500
