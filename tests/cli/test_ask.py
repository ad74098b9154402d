"""`nsed ask`: the answer on stdout, all else on stderr, and an honest exit code."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from nsed.cli.question import read_question
from nsed.protocol.errors import ConfigError
from nsed.state.run_record import RunRecord, comparable

Nsed = Callable[..., Result]
Spawn = Callable[..., subprocess.Popen[bytes]]
ANSWER = "6 * 7 = 42\nAnswer: 42\n"
BOTH = (ANSWER, "six sevens are 42\nAnswer: 42\n", "You are right.\nAnswer: 42\n")


@pytest.mark.usefixtures("pool")
def test_the_answer_alone_is_on_stdout(nsed: Nsed) -> None:
    ended = nsed("ask", "What is 6 * 7?")

    assert ended.exit_code == 0
    assert ended.stdout in BOTH


@pytest.mark.usefixtures("pool")
def test_stderr_tells_the_story(nsed: Nsed) -> None:
    told = nsed("ask", "What is 6 * 7?").stderr

    for part in (
        "Round 1 of at most 3",
        "bob answers 41",
        "ada weighs ",
        "(41) -60",
        "leading: 42",
        "Stopped after 2 rounds",
        "everybody agrees and every review is positive",
        "Net support",
        "leads",
        "All rules agree",
        "Tokens in",
    ):
        assert part in told, part


@pytest.mark.usefixtures("pool")
def test_an_unknown_price_is_unknown_and_never_0(nsed: Nsed) -> None:
    told = nsed("ask", "q").stderr
    rows = [line.split() for line in told[told.index("Expert") :].splitlines()]
    bill = {row[0]: row[-2] for row in rows if len(row) > 2}

    assert bill["bob"] == "unknown"
    assert bill["cy"] == "0"
    assert bill["total"] == "unknown"
    assert float(bill["ada"]) > 0


@pytest.mark.usefixtures("pool")
def test_quiet_is_quiet(nsed: Nsed) -> None:
    ended = nsed("ask", "q", "--quiet")

    assert ended.stdout in BOTH
    assert ended.stderr == ""


@pytest.mark.usefixtures("pool")
def test_short_is_the_short_answer(nsed: Nsed) -> None:
    assert nsed("ask", "q", "--short", "-q").stdout == "42\n"


@pytest.mark.usefixtures("pool")
def test_json_is_the_whole_record_and_nothing_else(nsed: Nsed) -> None:
    ended = nsed("ask", "What is 6 * 7?", "--json")

    record = RunRecord.model_validate(json.loads(ended.stdout))
    assert record.task == "What is 6 * 7?"
    assert record.verdict.answer == "42"
    assert "Round 1" in ended.stderr


def test_equal_runs_give_equal_records(pool: Path, nsed: Nsed) -> None:
    file = pool / "nsed.toml"  # what one run learns, the next one knows
    file.write_text(f'telemetry = "off"\n{file.read_text()}')

    first, second = (
        RunRecord.model_validate(json.loads(nsed("ask", "q", "--json").stdout))
        for _ in range(2)
    )

    assert first.run_id != second.run_id
    assert comparable(first) == comparable(second)


@pytest.mark.usefixtures("pool")
def test_the_question_may_come_from_a_pipe_or_a_file(nsed: Nsed) -> None:
    Path("q.txt").write_text("From a file?\n")

    asked = [
        json.loads(nsed("ask", *args, "--json", "-q", stdin=stdin).stdout)["task"]
        for args, stdin in (
            ((), b"From a pipe?\n"),
            (("-",), "Größer?".encode()),
            (("--file", "q.txt"), None),
        )
    ]

    assert asked == ["From a pipe?", "Größer?", "From a file?"]


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize(
    ("args", "stdin", "words"),
    [
        ((), b"", "the question is empty"),
        (("  \n ",), None, "the question is empty"),
        (("-",), b"ok\n\xff\xfe", "standard input: line 2 is not UTF-8 text"),
        (("--file", "none.txt"), None, "none.txt: No such file or directory"),
        (("--file", "."), None, ".: Is a directory"),
        (("q", "--file", "x"), None, "not both"),
        (("q", "--json", "--short"), None, "not both"),
        (("q", "--rounds", "99"), None, "--rounds: should be at most 20, found 99"),
        (("q", "--rule", "singed"), None, "Did you mean 'signed'?"),
        (("q", "--gamma", "nan"), None, "--gamma: should be at most 1, found nan"),
        (("q", "--preset", "fats"), None, "Did you mean 'fast'?"),
        (("q", "--pool", "ada,bbo"), None, "Did you mean 'bob'?"),
        (("q", "--graph", "majority"), None, "Did you mean 'majority_vote'?"),
        (("q", "--config", "no.toml"), None, "no.toml: No such file or directory"),
        (("q", "--budget-usd", "1"), None, "the price of 'bob' is unknown"),
        (("q", "--seats", "3-2"), None, "--seats: should be a number from 1 to 256"),
        (("q", "--seats", "two"), None, "or a range such as 2-4; found 'two'"),
        (("q", "--pin", "adda"), None, "--pin: no expert is named 'adda'. Did you"),
        (("q", "--ban", "x", "--pool", "ada,bob"), None, "--ban: no expert is named"),
        (("q", "--vram", "24GB"), None, "--vram: no expert of the pool is on a host."),
        (("q", "--broker", "greddy"), None, "--broker: should be one of knapsack, "),
        (("q", "--max-calls", "-1"), None, "--max-calls: should be at least 0"),
        (("q", "--phase-latency", "0"), None, "--phase-latency: should be above 0"),
        (("q", "--pool", "ada", "--budget-usd", "0"), None, "cannot carry a single"),
        (("q", "--save", "nsed.toml/x"), None, "--save: cannot write into"),
    ],
    ids=lambda value: "-" if value is None else str(value)[:30],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    nsed: Nsed, args: tuple[str, ...], stdin: bytes | None, words: str
) -> None:
    ended = nsed("ask", *args, stdin=stdin)

    problems = [line for line in ended.stderr.splitlines() if "error" in line]
    assert ended.exit_code == 2, ended.stderr
    assert len(problems) == 1
    assert words in problems[0]
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_a_terminal_without_a_question_is_told_how(
    pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(ConfigError, match="there is no question: nsed ask"):
        read_question(None, None)


def test_options_win_over_presets_and_presets_over_the_file(
    pool: Path, nsed: Nsed
) -> None:
    with (pool / "nsed.toml").open("a") as file:
        file.write("[deliberation]\nrounds = 7\ngamma = 0.1\nseed = 3\n")
        file.write("[presets.mine]\nrounds = 6\ngamma = 0.2\n")

    run = nsed("ask", "q", "--json", "-q", "--preset", "mine", "--rounds", "5")

    context = json.loads(run.stdout)["context"]
    assert (context["rounds"], context["gamma"]) == (5, 0.2)
    assert (context["seed"], context["effort"]) == (3, 0.6)


@pytest.mark.usefixtures("pool")
def test_a_pool_is_a_part_of_the_experts(nsed: Nsed) -> None:
    record = json.loads(nsed("ask", "q", "--pool", "cy, ada", "--json", "-q").stdout)

    assert [e["name"] for e in record["context"]["experts"]] == ["cy", "ada"]


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize(
    ("graph", "calls"), [("single_expert", 1), ("majority_vote", 3)]
)
def test_baselines_run_and_report(nsed: Nsed, graph: str, calls: int) -> None:
    ended = nsed("ask", "q", "--graph", graph)
    record = json.loads(nsed("ask", "q", "--graph", graph, "--json", "-q").stdout)

    assert ended.exit_code == 0
    assert "42" in ended.stdout
    assert len(record["calls"]) == calls


def test_a_missing_expert_is_shown_loudly_and_exits_3(pool: Path, nsed: Nsed) -> None:
    broken(pool, "bob")

    ended = nsed("ask", "q")
    quiet = nsed("ask", "q", "--quiet")

    assert (ended.exit_code, quiet.exit_code) == (3, 3)
    assert "42" in ended.stdout
    assert "bob is absent (propose): bob is scripted to fail" in ended.stderr
    assert "DEGRADED" in ended.stderr
    assert quiet.stderr.startswith("warning: degraded: bob is missing from round 1")


def test_nobody_left_is_an_error_with_the_causes_and_no_answer(
    pool: Path, nsed: Nsed
) -> None:
    broken(pool, "ada", "bob", "cy")

    ended = nsed("ask", "q", "--quiet")

    assert ended.exit_code == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: `propose` phase: 0 of 1 required experts")
    assert "  - bob: connection: bob is scripted to fail" in ended.stderr


def test_a_missing_key_is_found_before_anybody_is_asked(
    pool: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NSED_NO_KEY", raising=False)
    with (pool / "nsed.toml").open("a") as file:
        for name in ("dora", "emil"):
            file.write(f'[[experts]]\nname = "{name}"\nmodel = "m"\n')
            file.write('base_url = "http://127.0.0.1:9/v1"\n')
            file.write('api_key = "${NSED_NO_KEY}"\n')

    ended = nsed("ask", "q")

    assert ended.exit_code == 2
    lines = ended.stderr.splitlines()
    assert [line.split(":")[1] for line in lines] == [
        " expert 'dora'",
        " expert 'emil'",
    ]
    assert all("NSED_NO_KEY is not set" in line for line in lines)


def test_what_models_write_cannot_drive_the_terminal(pool: Path, nsed: Nsed) -> None:
    text = (pool / "nsed.toml").read_text()
    evil = "[bold]6[/bold] \\u001b[31m\\u202e\\nAnswer: 42\\u001b]0;x\\u0007"
    for old in ("6 * 7 = 42", "six sevens are 42", "You are right."):
        text = text.replace(f"{old}\\nAnswer: 42", evil)
    (pool / "nsed.toml").write_text(text)

    ended = nsed("ask", "q")

    for stream in (ended.stdout, ended.stderr):
        assert "\x1b" not in stream
        assert "\x07" not in stream
    assert ended.stdout.startswith(
        "[bold]6[/bold] \\x1b[31m\\u202e\nAnswer: 42\\x1b]0;"
    )


@pytest.mark.usefixtures("pool")
def test_saved_whole_under_the_run_s_id(nsed: Nsed) -> None:
    ended = nsed("ask", "q", "--save", "new/runs")

    (saved,) = Path("new/runs").glob("*.json")
    record = json.loads(saved.read_text())
    assert saved.name == f"{record['run_id']}.json"
    assert f"Record: {saved}" in ended.stderr


@pytest.mark.usefixtures("pool")
def test_a_full_disk_costs_the_record_but_not_the_answer(
    nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    nsed("trail", "key")  # there already: only what is saved meets the full disk
    monkeypatch.setattr("nsed.cli.whole_file.os.fsync", full)

    ended = nsed("ask", "q", "--save", "runs", "--quiet")

    assert ended.stdout in BOTH
    assert ended.exit_code == 1
    assert ended.stderr == (
        "error: the record could not be saved in runs: No space left on device\n"
    )
    assert list(Path("runs").iterdir()) == []


@pytest.mark.usefixtures("pool")
def test_a_closed_pipe_is_no_error(spawn: Spawn) -> None:
    run = spawn("ask", "q", "--quiet")
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.close()
    run.stdout = None

    _, told = run.communicate(timeout=50)

    assert told.decode() == ""


def broken(folder: Path, *names: str) -> None:
    """Let experts fail whenever they are asked."""
    text = (folder / "nsed.toml").read_text()
    head, *parts = text.split("[[experts]]")
    for index, part in enumerate(parts):
        if any(f'"{name}"' in part for name in names):
            parts[index] = part.replace("proposals", 'fails = "always"\nproposals', 1)
    (folder / "nsed.toml").write_text("[[experts]]".join((head, *parts)))


@pytest.mark.usefixtures("pool")
def test_limits_of_the_team_are_options(nsed: Nsed) -> None:
    run = nsed(
        *("ask", "q", "--json", "-q", "--seats", "1-2", "--pin", "bob", "--ban", "cy"),
        *("--min-families", "1", "--max-calls", "50", "--max-tokens", "90000"),
        *("--phase-latency", "30", "--broker", "greedy"),
    )

    record = json.loads(run.stdout)
    context = record["context"]
    assert [context[f"{end}_proposers"] for end in ("least", "most")] == [1, 2]
    assert [context[f"{end}_reviewers"] for end in ("least", "most")] == [1, 2]
    assert (context["pins"], context["bans"]) == (["bob"], ["cy"])
    assert (context["max_calls"], context["max_tokens"]) == (50, 90000)
    assert (context["phase_latency_s"], context["min_families"]) == (30, 1)
    assert record["teams"]["1"]["broker"] == "GreedyRoles"


def test_pins_and_bans_are_added_and_the_command_line_has_the_last_word(
    pool: Path, nsed: Nsed
) -> None:
    with (pool / "nsed.toml").open("a") as file:
        file.write('[team]\npins = ["ada"]\nbans = ["bob"]\n')

    def people(*args: str) -> tuple[list[str], list[str]]:
        context = json.loads(nsed("ask", "q", "--json", "-q", *args).stdout)["context"]
        return context["pins"], context["bans"]

    assert people() == (["ada"], ["bob"])
    assert people("--pin", "cy") == (["ada", "cy"], ["bob"])
    assert people("--pin", "bob", "--ban", "ada") == (["bob"], ["ada"])


def test_memory_of_the_one_host_or_of_each_by_name(pool: Path, nsed: Nsed) -> None:
    def hosts(*args: str) -> object:
        ended = nsed("ask", "q", "--json", "-q", *args)
        return json.loads(ended.stdout)["context"]["hosts"] if ended.stdout else ended

    on_host(pool, ada="big box", bob="big box", cy="big box")
    assert hosts("--vram", "24GB") == {"big box": 24_000_000_000}

    on_host(pool, ada="big box", bob="big box", cy="small")
    ended = nsed("ask", "q", "--vram", "24GB")
    assert ended.exit_code == 2
    assert 'several hosts (big box, small); say which one: --vram "big' in ended.stderr
    given = ("--vram", "big box=24GB", "--vram", "small=512 MiB")
    assert hosts(*given) == {"big box": 24_000_000_000, "small": 2**29}
    assert "no expert of the pool is on host 'smal'. Did you mean 'small'?" in (
        nsed("ask", "q", "--vram", "smal=1GB").stderr
    )
    assert "host 'small' is given twice" in (
        nsed("ask", "q", "--vram", "small=1GB", "--vram", "small=2GB").stderr
    )
    assert "a size with its unit, such as 24GB" in (
        nsed("ask", "q", "--vram", "small=24").stderr
    )


@pytest.mark.usefixtures("pool")
def test_limits_that_clash_are_a_mistake_and_not_a_stack_trace(nsed: Nsed) -> None:
    ended = nsed("ask", "q", "--max-calls", "2")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: no team keeps these limits at once: ")
    assert "The smallest change that helps: " in ended.stderr
    assert "--max-calls sets max_calls" in ended.stderr


@pytest.mark.usefixtures("pool")
def test_the_report_holds_the_forecast_against_the_bill(nsed: Nsed) -> None:
    told = nsed("ask", "q", "--pool", "ada,cy", "--rounds", "2").stderr

    assert "Team: ada, cy (optimal, " in told
    assert "nats, n_eff 1.47 of 2 proposers)." in " ".join(told.split())
    (line,) = (line for line in told.splitlines() if line.startswith("Expected "))
    assert re.fullmatch(
        r"Expected 0\.\d+ USD for 2 rounds; cost 0\.\d+ USD for 1 round\.", line
    )


def test_a_missing_key_of_somebody_without_a_seat_does_not_matter(
    pool: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NSED_NO_KEY", raising=False)
    with (pool / "nsed.toml").open("a") as file:
        file.write('[[experts]]\nname = "dora"\nmodel = "m"\n')
        file.write('base_url = "http://127.0.0.1:9/v1"\napi_key = "${NSED_NO_KEY}"\n')

    assert nsed("ask", "q", "-q").exit_code == 2
    assert nsed("ask", "q", "-q", "--ban", "dora").exit_code == 0


def on_host(folder: Path, **hosts: str) -> None:
    """Put experts on hosts, with memory of 1 GB each."""
    lines = (folder / "nsed.toml").read_text().splitlines()
    lines = [line for line in lines if not line.startswith(("host", "vram_bytes"))]
    for name, host in hosts.items():
        at = lines.index(f'name = "{name}"') + 1
        lines[at:at] = [f'host = "{host}"', 'vram_bytes = "1GB"']
    (folder / "nsed.toml").write_text("\n".join(lines) + "\n")
