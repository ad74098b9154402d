"""`nsed models`, and weights that `nsed ask` needs first."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from nsed.models.weights import PullProgress
from nsed.models.weights_manifest import Weight, load_manifest
from nsed.state.roster import EMBEDDED_ROSTER

Nsed = Callable[..., Result]
SMALL = "smollm2-135m-instruct"


@pytest.fixture
def pulled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Instead of fetching, note what would be fetched."""
    names: list[str] = []

    def pull(
        weight: Weight, *, on_progress: Callable[[PullProgress], None], **_: object
    ) -> Path:
        on_progress(PullProgress(weight, "nowhere", 1, weight.size_bytes))
        names.append(weight.name)
        return Path(weight.file_name)

    monkeypatch.setattr("nsed.cli.pulling.pull", pull)
    return names


def test_list_tells_name_licence_size_and_whether_it_is_here(nsed: Nsed) -> None:
    told = nsed("models", "list").stdout

    for weight in load_manifest().values():
        (line,) = (x for x in told.splitlines() if x.startswith(weight.name))
        assert f"{weight.size_bytes / 1e6:,.0f} MB" in line
        assert line.rstrip().endswith("no")
    assert "Apache-2.0" in told
    assert "on request" in told


def test_a_file_with_the_right_bytes_is_here(
    here: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"GGUF" * 10
    known = load_manifest()[SMALL].model_copy(
        update={
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
        }
    )
    monkeypatch.setattr(
        "nsed.models.weights_manifest.load_manifest", lambda: {SMALL: known}
    )
    (here / "mine").mkdir()
    (here / "mine/any-name.gguf").write_bytes(content)
    monkeypatch.setenv("NSED_WEIGHTS", str(here / "mine"))

    ended = nsed("models", "path", SMALL)

    assert (ended.exit_code, ended.stdout) == (0, f"{here / 'mine/any-name.gguf'}\n")


def test_path_of_what_is_not_here_says_how_to_get_it(nsed: Nsed) -> None:
    ended = nsed("models", "path", SMALL)

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"error: {SMALL} is not here; fetch it with: nsed models pull {SMALL}\n"
    )


@pytest.mark.parametrize("command", ["path", "pull"])
def test_a_wrong_name_gets_the_right_one(nsed: Nsed, command: str) -> None:
    ended = nsed("models", command, "smollm2-135m")

    assert ended.exit_code == 2
    assert f"Did you mean '{SMALL}'?" in ended.stderr


def test_pull_takes_the_built_in_pool_and_shows_licences(
    nsed: Nsed, pulled: list[str]
) -> None:
    ended = nsed("models", "pull")

    assert ended.exit_code == 0
    assert pulled == [expert.model for expert in EMBEDDED_ROSTER]
    assert f"Pulling {SMALL}: 98 MB, licence Apache-2.0" in ended.stderr
    assert ended.stdout == ""


def test_gemma_wants_its_terms_accepted(nsed: Nsed) -> None:
    ended = nsed("models", "pull", "gemma-3-270m")

    assert ended.exit_code == 2
    assert "--accept-licence" in ended.stderr
    assert "https://ai.google.dev/gemma/terms" in ended.stderr


def test_ctrl_c_keeps_what_was_fetched_and_says_so(
    nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr("nsed.cli.pulling.pull", interrupted)

    ended = nsed("models", "pull", SMALL)

    assert ended.exit_code == 130
    assert f"What was fetched of {SMALL} is kept" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_path_for_weights_that_leads_nowhere_is_one_line(
    nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSED_WEIGHTS", "/no/such/folder")

    for command in (("models", "list"), ("ask", "q", "--no-pull")):
        ended = nsed(*command)
        assert (ended.exit_code, ended.stdout) == (2, "")
        (line,) = ended.stderr.splitlines()
        assert "/no/such/folder" in line


def test_ask_without_weights_and_without_pulling_stops_first(
    nsed: Nsed, pulled: list[str]
) -> None:
    ended = nsed("ask", "q", "--no-pull")

    assert (ended.exit_code, ended.stdout, pulled) == (2, "", [])
    (line,) = ended.stderr.splitlines()
    assert "Fetch them with: nsed models pull qwen2.5-coder-1.5b-instruct" in line


def test_ask_pulls_only_what_its_experts_need(
    nsed: Nsed, pulled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_run(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nsed.cli.asking.run_session", no_run)

    ended = nsed("ask", "q", "--graph", "single_expert", "--pool", "smollm2,qwen-0.5b")

    assert ended.exit_code == 130
    assert pulled == [SMALL]
