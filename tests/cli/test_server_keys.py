"""`nsed keys`: shown once, listed without a secret, changed, taken away."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from nsed.protocol.usage import Usage
from nsed.studio.access_key import digest_of
from nsed.studio.accounts import open_accounts

Nsed = Callable[..., Result]


def spend(here: Path, name: str, nano_usd: int, unpriced: int = 0) -> None:
    async def settle() -> None:
        async with open_accounts(here / "data/accounts.sqlite") as accounts:
            cost = Usage(nano_usd=nano_usd, unpriced_calls=unpriced)
            await accounts.settle("r", name, cost)

    asyncio.run(settle())


def test_a_key_is_shown_once(here: Path, nsed: Nsed) -> None:
    made = nsed("keys", "add", "ann", "--budget-usd", "5", "--per-day")

    token = made.stdout.strip()
    assert made.exit_code == 0
    assert token.startswith("nsed-")
    assert "not shown again" in made.stderr
    assert token not in made.stderr
    file = (here / "data/keys.json").read_text()
    assert digest_of(token) in file
    for command in (("keys", "list"), ("keys", "list", "--json")):
        listed = nsed(*command)
        assert "ann" in listed.stdout
        assert token not in listed.output
        assert digest_of(token) not in listed.output


def test_limits_are_kept_and_listed(here: Path, nsed: Nsed) -> None:
    nsed(
        *("keys", "add", "ann", "--budget-usd", "2.5", "--usd-per-run", "0.1"),
        *("--max-runs-per-minute", "6", "--concurrent", "2", "--presets", "fast,deep"),
    )
    spend(here, "ann", 1_500_000_000)
    (key,) = json.loads(nsed("keys", "list", "--json").stdout)
    table = nsed("keys", "list").stdout

    assert key["budget_usd"] == 2.5
    assert key["usd_per_run"] == 0.1
    assert (key["runs_per_minute"], key["concurrent"]) == (6, 2)
    assert key["presets"] == ["fast", "deep"]
    assert (key["spent_usd"], key["set_aside_usd"], key["runs"]) == (1.5, 0, 1)
    assert "sha256" not in key
    assert "1.5000" in table
    assert "6 runs a minute" in " ".join(table.split())


def test_an_unknown_price_is_no_zero(here: Path, nsed: Nsed) -> None:
    nsed("keys", "add", "ann")
    spend(here, "ann", 0, unpriced=3)

    assert "≥ 0.0000" in nsed("keys", "list").stdout


def test_limits_change_and_what_was_spent_stays(here: Path, nsed: Nsed) -> None:
    token = nsed("keys", "add", "ann", "--budget-usd", "1", "--concurrent", "2").stdout
    spend(here, "ann", 7)
    assert nsed("keys", "set", "ann", "--budget-usd", "9").exit_code == 0
    (key,) = json.loads(nsed("keys", "list", "--json").stdout)

    assert (key["budget_usd"], key["concurrent"], key["spent_usd"]) == (9, 2, 7e-9)
    assert digest_of(token.strip()) in (here / "data/keys.json").read_text()
    assert nsed("keys", "remove", "ann").exit_code == 0
    assert "No keys yet" in nsed("keys", "list").stderr
    nsed("keys", "add", "ann")
    (key,) = json.loads(nsed("keys", "list", "--json").stdout)
    assert key["spent_usd"] == 7e-9, "the name is the account"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("add", "a b"), "NAME: String should match"),
        (("add", "ann", "--budget-usd", "-1"), "--budget-usd: "),
        (("add", "ann", "--budget-usd", "nan"), "--budget-usd: "),
        (("add", "ann", "--concurrent", "0"), "--concurrent: "),
        (("add", "ann", "--per-day"), "--per-day: needs --budget-usd"),
        (("add", "ann", "--presets", "fats"), "Did you mean 'fast'?"),
        (("add", "zoe"), "there is a key named 'zoe'"),
        (("set", "zoe"), "nothing to change"),
        (("set", "zoo", "--concurrent", "1"), "no key is named 'zoo'. Did you mean"),
        (("remove", "zoo"), "Did you mean 'zoe'?"),
    ],
)
def test_mistakes_are_told_and_change_nothing(
    command: tuple[str, ...], words: str, here: Path, nsed: Nsed
) -> None:
    nsed("keys", "add", "zoe")
    before = (here / "data/keys.json").read_text()
    told = nsed("keys", *command)

    assert told.exit_code == 2
    assert words in " ".join(told.stderr.split())
    assert not told.stdout
    assert (here / "data/keys.json").read_text() == before


def test_the_file_says_where_they_are(here: Path, nsed: Nsed) -> None:
    (here / "nsed.toml").write_text('[server]\nkeys = "sub/our-keys.json"\n')
    nsed("keys", "add", "ann")

    assert (here / "sub/our-keys.json").is_file()
    assert not (here / "data/keys.json").exists()


def test_a_damaged_file_is_not_written_over(here: Path, nsed: Nsed) -> None:
    (here / "data").mkdir()
    (here / "data/keys.json").write_text("{")
    (here / "data/keys.json").chmod(0o600)

    assert nsed("keys", "add", "ann").exit_code == 2
    assert nsed("keys", "list").exit_code == 2
    assert (here / "data/keys.json").read_text() == "{"
