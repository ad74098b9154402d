"""`nsed pool`: who is up, by asking; what they cost; what was seen of them."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback_provider import Answer, Provider
from typer.testing import Result

Nsed = Callable[..., Result]
Spawn = Callable[..., subprocess.Popen[bytes]]
CANARY = "sk-live-51Hf8s7dKq2pXv9"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        started.answers["refusing"] = [
            Answer(status=401, message=f"Incorrect API key provided: {CANARY}")
        ]
        started.answers["gone"] = [Answer(status=404, message="no such model")]
        started.answers["slow"] = [Answer(fault="hang")]
        yield started


@pytest.fixture
def dead() -> str:
    """The URL of a server that has died."""
    with Provider() as started:
        started.kill()
    return started.url


def table(name: str, url: str, *lines: str) -> str:
    head = f'[[experts]]\nname = "{name}"\nmodel = "{name}"\nbase_url = "{url}"\n'
    return head + "".join(f"{line}\n" for line in lines)


PRICES = ("usd_per_mtok_input = 0.15", "usd_per_mtok_output = 0.6")


def experts_of(ended: Result) -> dict[str, dict[str, Any]]:
    return {e["name"]: e for e in json.loads(ended.stdout)["experts"]}


def test_each_is_asked_and_told_apart(
    here: Path,
    nsed: Nsed,
    provider: Provider,
    dead: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NSED_TEST_KEY", CANARY)
    monkeypatch.delenv("NSED_NO_KEY", raising=False)
    (here / "nsed.toml").write_text(
        table("well", provider.url, *PRICES)
        + table("killed", dead)
        + table("refusing", provider.url, 'api_key = "${NSED_TEST_KEY}"')
        + table("gone", provider.url)
        + table("slow", provider.url)
        + table("keyless", provider.url, 'api_key = "${NSED_NO_KEY}"')
        + '[[experts]]\nname = "local"\nprovider = "embedded"\n'
        'model = "smollm2-135m-instruct"\n'
        '[[experts]]\nname = "odd"\nprovider = "langchain"\nmodel_class = "no:Such"\n'
    )

    ended = nsed("pool", "--json", "--timeout", "1")
    shown = nsed("pool", "--timeout", "1")

    assert ended.exit_code == 3
    found = {
        name: (e["standing"]["state"], e["standing"]["kind"])
        for name, e in experts_of(ended).items()
    }
    assert found == {
        "well": ("up", ""),
        "killed": ("down", "connection"),
        "refusing": ("down", "auth"),
        "gone": ("down", "model_gone"),
        "slow": ("down", "timeout"),
        "keyless": ("no key", ""),
        "local": ("no weights", ""),
        "odd": ("not ready", ""),
    }
    assert shown.exit_code == 3
    told = " ".join(shown.stdout.split())
    assert "refusing is down (auth): " in told
    assert "slow is down (timeout): no answer within 1 s" in told
    assert "local has no weights: the weights of smollm2-135m-instruct are not" in told
    assert "0.15 in, 0.6 out" in told
    assert shown.stderr == "Probing 8 experts, at most 1 s each …\n"
    assert CANARY not in ended.output + shown.output
    assert {s.body["model"] for s in provider.seen} == {
        "well",
        "refusing",
        "gone",
        "slow",
    }
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_all_up_is_0_and_the_cost_is_one_line(
    here: Path, nsed: Nsed, provider: Provider
) -> None:
    (here / "nsed.toml").write_text(
        table("ada", provider.url, *PRICES) + table("bob", provider.url, *PRICES)
    )

    ended = nsed("pool")

    assert ended.exit_code == 0
    # 11 tokens in and 7 out each, as the provider says.
    assert ended.stdout.splitlines()[-1] == (
        "The probes took 2 calls, 36 tokens, 0.000012 USD."
    )
    assert len(provider.seen) == 2


def test_none_up_is_1(here: Path, nsed: Nsed, dead: str) -> None:
    (here / "nsed.toml").write_text(table("ada", dead) + table("bob", dead))

    assert nsed("pool").exit_code == 1


def test_without_probes_nobody_is_asked(
    here: Path, nsed: Nsed, provider: Provider
) -> None:
    (here / "nsed.toml").write_text(table("ada", provider.url))

    ended = nsed("pool", "--no-probe")

    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "not asked" in ended.stdout
    assert "unknown" in ended.stdout  # its price
    assert "The probes took" not in ended.stdout
    assert (provider.seen, provider.probes) == ([], 0)


@pytest.mark.usefixtures("pool")
def test_what_earlier_runs_saw_is_shown_and_probes_are_not_among_it(
    nsed: Nsed,
) -> None:
    before = experts_of(nsed("pool", "--json", "--no-probe"))["ada"]
    nsed("ask", "q", "-q")

    for _ in range(2):
        ended = nsed("pool", "--json")
    after = experts_of(ended)["ada"]

    assert before["seen"]["calls_ever"] == 0
    assert before["chance"]["observed"] == 0
    assert after["seen"]["calls_ever"] == 4
    assert after["seen"]["failure_rate"] == 0
    assert after["chance"]["observed"] > 0
    assert after["circuit"] == {"state": "closed", "until": None, "cause": ""}
    shown = nsed("pool").stdout
    assert re.search(r"ada +4 +0 % +0\.00 .* (just now|\d+ s ago)", shown)
    assert "All circuits are closed." in shown


def test_an_open_circuit_is_shown_with_its_cause(
    here: Path, nsed: Nsed, provider: Provider
) -> None:
    (here / "nsed.toml").write_text(
        table("ada", provider.url)
        + table("gone", provider.url)
        + table("bob", provider.url)
    )
    assert nsed("ask", "q", "-q").exit_code == 3

    told = nsed("pool", "--no-probe").stdout

    assert re.search(r"Circuit of gone: open for \d+ s more \(model_gone\)", told)
    planned = " ".join(nsed("plan", "q").stdout.split())
    assert "gone its circuit is open (model_gone)" in planned


def test_memory_and_sources_of_prices_are_shown(
    here: Path, nsed: Nsed, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    (here / "nsed.toml").write_text(
        table("ada", provider.url, *PRICES, 'price_source = "a contract"')
        + table("bob", provider.url, 'host = "box"', 'vram_bytes = "6GB"')
        + table("cy", provider.url, 'host = "box"')
    )

    told = " ".join(nsed("pool", "--no-probe").stdout.split())

    assert "0.15 in, 0.6 out (a contract)" in told
    assert "box, 6.0 GB" in told
    assert "memory unknown" in told


def test_a_smaller_pool_and_a_wrong_name(pool: Path, nsed: Nsed) -> None:
    assert list(experts_of(nsed("pool", "--json", "--pool", "cy,ada"))) == ["cy", "ada"]
    ended = nsed("pool", "--pool", "adda")
    assert ended.exit_code == 2
    assert "Did you mean 'ada'?" in ended.stderr


def test_as_a_program_of_its_own(
    here: Path, spawn: Spawn, provider: Provider, dead: str
) -> None:
    (here / "nsed.toml").write_text(table("ada", provider.url) + table("bob", dead))

    run = spawn("pool", "--json")
    out, told = run.communicate(timeout=50)

    assert run.returncode == 3, told
    states = {e["name"]: e["standing"]["state"] for e in json.loads(out)["experts"]}
    assert states == {"ada": "up", "bob": "down"}
    assert told.decode() == "Probing 2 experts, at most 30 s each …\n"
