"""`nsed.toml`: one clear line for each mistake, all at once, and never a secret."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from nsed.config.file import load_config
from nsed.config.knobs import SECTIONS
from nsed.config.server import ServerSettings
from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.roster import EMBEDDED_ROSTER

Nsed = Callable[..., Result]
CANARY = "sk-live-51Hf8s7dKq2pXv9"
COMMUNITY = '[[experts]]\nname = "ada"\nprovider = "community"\nmodel_class = "ChatX"\n'
HEAD = '[[experts]]\nname = "ada"\nmodel = "m"\n'
SCRIPTED = (
    '[[experts]]\nname = "{0}"\nprovider = "scripted"\nscript = {{proposals = ["1"]}}\n'
)
ROOT = Path(__file__).parents[2]

HOSTILE = {
    "unknown section": ("[limit]\n", "limit: unknown key. Did you mean 'limits'?"),
    "unknown top key": ("include_embeded = 1\n", "Did you mean 'include_embedded'?"),
    "unknown knob": (
        "[deliberation]\nrouds = 3\n",
        "deliberation.rouds: unknown key. Did you mean 'rounds'?",
    ),
    "knob in the wrong section": (
        "[limits]\nrounds = 3\n",
        "limits.rounds: unknown key here. It belongs in [deliberation]",
    ),
    "knob at the top": ("rounds = 3\n", "rounds: unknown key here. It belongs in"),
    "unknown expert key": (
        HEAD + 'bas_url = "http://x"\n',
        "experts.ada.bas_url: unknown key. Did you mean 'base_url'?",
    ),
    "unknown script key": (
        SCRIPTED.format("a").replace("proposals", "proposal"),
        "experts.a.script.proposal: unknown key. Did you mean 'proposals'?",
    ),
    "wrong type": (
        '[deliberation]\nrounds = "3"\n',
        'deliberation.rounds: should be a whole number, found "3"',
    ),
    "whole number wanted": (
        "[limits]\nretries = 1.5\n",
        "limits.retries: should be a whole number, found 1.5",
    ),
    "number for a switch": (
        HEAD + "few_shot = 1\n",
        "experts.ada.few_shot: should be true or false, found 1",
    ),
    "text for a list": (
        HEAD + 'tags = "math"\n',
        'experts.ada.tags: should be a list, found "math"',
    ),
    "text for a section": ('limits = "none"\n', "limits: should be a table"),
    "experts as one table": ("[experts]\n", "each written [[experts]]"),
    "presets as text": ('presets = "fast"\n', "each written [presets.name]"),
    "too small": ("[limits]\nmax_usd = -1\n", "limits.max_usd: should be at least 0"),
    "too large": (
        "[deliberation]\nrounds = 99\n",
        "deliberation.rounds: should be at most 20, found 99",
    ),
    "beyond 64 bits": (
        f"[deliberation]\nseed = 0x{'f' * 9000}\n",
        "deliberation.seed: should be a number of at most 64 bits",
    ),
    "infinite": (
        HEAD + "usd_per_mtok_input = inf\n",
        "experts.ada.usd_per_mtok_input: should be a finite number",
    ),
    "negative price": (
        HEAD + "usd_per_mtok_output = -0.5\n",
        "experts.ada.usd_per_mtok_output: should be at least 0, found -0.5",
    ),
    "a date": (
        "[limits]\ndeadline_s = 2026-01-01\n",
        "limits.deadline_s: dates and times are not used here",
    ),
    "unknown word": (
        '[deliberation]\nrule = "singed"\n',
        'should be one of signed, classic, mean, borda, plurality, found "singed".',
    ),
    "unknown ballot method": (
        HEAD + 'ballots = "jsn_schema"\n',
        "Did you mean 'json_schema'?",
    ),
    "not a URL": (
        HEAD + 'base_url = "ftp://u:hunter2@host"\n',
        "experts.ada.base_url: should be a URL that begins with http",
    ),
    "not a second URL": (
        HEAD + 'hedge_base_url = "https://u:hunter2@host [x]"\n',
        "experts.ada.hedge_base_url: should be a URL that begins with http",
    ),
    "nobody's home": (
        HEAD + 'api_key_file = "~no-such-user/key"\n',
        "experts.ada.api_key_file: begins with ~, but that home folder is not known",
    ),
    "telemetry in nobody's home": (
        'telemetry = "~no-such-user/x.db"\n',
        "telemetry: begins with ~, but that home folder is not known",
    ),
    "a cache in nobody's home": (
        'response_cache = "~no-such-user/x.db"\n',
        "response_cache: begins with ~, but that home folder is not known",
    ),
    "a path that is none": (
        HEAD + 'api_key_file = "a\\u0000b"\n',
        "experts.ada.api_key_file: should be a path, and no path holds",
    ),
    "no name": ('[[experts]]\nmodel = "m"\n', "experts[0].name: is missing"),
    "a name that draws": (
        '[[experts]]\nname = "\\u001b[31m"\nmodel = "m"\n',
        'experts."\\u001b[31m".name: should be letters, digits',
    ),
    "two of one name": (
        HEAD + HEAD,
        "experts.ada: two experts have this name; rename one",
    ),
    "the name of an embedded one": (
        "include_embedded = true\n" + HEAD.replace("ada", EMBEDDED_ROSTER[0].name),
        "two experts have this name",
    ),
    "nobody at all": ("include_embedded = false\n", "experts: there are none"),
    "no model": (
        '[[experts]]\nname = "ada"\n',
        "experts.ada: expert 'ada': provider 'openai' needs 'model'",
    ),
    "key in the file": (
        f'{HEAD}api_key = "{CANARY}"\n',
        "experts.ada.api_key: a key must not stand in the file",
    ),
    "key for a variable": (
        f'{HEAD}api_key_env = "{CANARY}"\n',
        "experts.ada.api_key_env: this looks like the key itself",
    ),
    "no variable's name": (
        HEAD + 'api_key_env = "a key"\n',
        "experts.ada.api_key_env: should be the name of an environment variable",
    ),
    "key that could be a variable": (
        HEAD + 'api_key_env = "gsk8dJ3kfL2mQ9xZ7c"\n',
        "experts.ada.api_key_env: this looks like the key itself",
    ),
    "key in a wrong place": (
        f'{HEAD}ballots = "{CANARY}"\n',
        "json_schema, tools, json_mode, text, auto, found text",
    ),
    "key for a number": (
        f'{HEAD}temperature = "{CANARY}"\n',
        "experts.ada.temperature: should be a number, found text",
    ),
    "a URL with a password for a number": (
        HEAD + 'params_b = "https://ann:hunter2@host/v1"\n',
        "experts.ada.params_b: should be a number, found text",
    ),
    "key among the class's arguments": (
        f'{COMMUNITY}model_kwargs = {{api_key = "{CANARY}"}}\n',
        "'api_key' looks like a secret and may not stand here",
    ),
    "two keys": (
        HEAD + 'api_key_env = "A_B"\napi_key_file = "k"\n',
        "experts.ada.api_key_file: give only one of api_key_env, api_key_file",
    ),
    "interpolation elsewhere": (
        HEAD + 'base_url = "${HOST}"\n',
        "experts.ada.base_url: ${…} is for secrets only",
    ),
    "interpolation in a knob": (
        '[deliberation]\ncategory = "${CATEGORY}"\n',
        "deliberation.category: ${…} is for secrets only",
    ),
    "a setting nobody reads": (
        SCRIPTED.format("a") + 'base_url = "http://x"\n',
        "experts.a.base_url: provider 'scripted' does not use it, only openai",
    ),
    "unknown weights": (
        HEAD.replace('"m"', '"qwen2.5-coder-1.5b"') + 'provider = "embedded"\n',
        "experts.ada.model: no weights are called 'qwen2.5-coder-1.5b'. Did you mean",
    ),
    "a skill that is none": (
        HEAD + "skill = {math = 1.5}\n",
        "expert 'ada': skill must be between 0 and 1",
    ),
    "a stranger in a role": (
        HEAD + '[roles]\nreviewers = ["adda"]\n',
        "roles.reviewers: no expert is named \"adda\". Did you mean 'ada'?",
    ),
    "a stranger among the bans": (
        HEAD + '[team]\nbans = ["adda"]\n',
        "team.bans: no expert is named \"adda\". Did you mean 'ada'?",
    ),
    "a weight of a stranger": (
        HEAD + "[deliberation]\nreviewer_weights = {adda = 2}\n",
        "reviewer_weights: no expert is named 'adda'. Did you mean 'ada'?",
    ),
    "a knob of the team elsewhere": (
        "[limits]\npins = []\n",
        "limits.pins: unknown key here. It belongs in [team]",
    ),
    "seats that cannot be": (
        "[team]\nmost_reviewers = 1\n",
        "least_reviewers is 2 but most_reviewers is 1; lower the one or raise",
    ),
    "an unknown licence": (
        HEAD + 'licence = "opne"\n',
        "experts.ada.licence: should be one of open, restricted, proprietary",
    ),
    "a size without a unit": (
        HEAD + 'vram_bytes = "24"\n',
        'experts.ada.vram_bytes: should be a size such as "24GB"',
    ),
    "a key for a size": (
        f'{HEAD}vram_bytes = "{CANARY}"\n',
        'experts.ada.vram_bytes: should be a size such as "24GB"',
    ),
    "a size of a host that is none": (
        HEAD + 'host = "b"\nvram_bytes = 1\n[team.hosts]\nb = "much"\n',
        'team.hosts.b: should be a size such as "24GB"',
    ),
    "a host that nobody is on": (
        HEAD + 'host = "box"\nvram_bytes = "6GB"\n[team.hosts]\nbix = "24GB"\n',
        "hosts: no expert is on host 'bix'. Did you mean 'box'?",
    ),
    "public prices as text": (
        'public_prices = "yes"\n',
        "public_prices: should be true or false",
    ),
    "telemetry at an unknown place": (
        'telemetry = "sqlight"\n',
        "telemetry: should be sqlite, off, memory, a path such as",
    ),
    "telemetry as a switch": ("telemetry = true\n", "telemetry: should be sqlite"),
    "telemetry with more than a variable": (
        'telemetry = "${HOME}/x.db"\n',
        "telemetry: should be sqlite, off, memory, a path such as",
    ),
    "telemetry in another database": (
        'telemetry = "mysql://host/db"\n',
        "telemetry: should be sqlite, off, memory, a path such as",
    ),
    "a password in the file": (
        'telemetry = "postgresql://ann:hunter2@host/db"\n',
        "telemetry: a password must not stand in the file; write",
    ),
    "a password among the settings": (
        'telemetry = "postgresql://host/db?password=hunter2"\n',
        "telemetry: a password must not stand in the file; write",
    ),
    "a password for a port": (
        'telemetry = "postgresql://ann:hunter2"\n',
        "telemetry: should be sqlite, off, memory, a path such as",
    ),
    "a cache that is no path": (
        'response_cache = ""\n',
        "response_cache: should be a path in quotes",
    ),
    "a cache in a variable": (
        'response_cache = "${CACHE}"\n',
        "is for secrets only, that is for api_key, telemetry and checkpoints",
    ),
    "a cap without prices": (HEAD + "[limits]\nmax_usd = 1\n", "price of 'ada' is"),
    "unknown key in a preset": (
        "[presets.x]\ngama = 1\n",
        "presets.x.gama: unknown key. Did you mean 'gamma'?",
    ),
    "wrong value in a preset": (
        "[presets.x]\nrounds = 0\n",
        "presets.x.rounds: should be at least 1, found 0",
    ),
    "no TOML": ('a = 1\nb = "\n', "not TOML: "),
    "twice the same key": ("[limits]\nretries = 1\nretries = 2\n", "at line 3"),
    "nested without end": ("a = " + "[" * 5000 + "\n", "nested too deeply"),
    "dotted without end": ("a." * 3000 + "b = 1\n", "nested too deeply"),
    "a control character as key": ('"a\\nb\\u0007" = 1\n', '"a\\nb\\u0007": unknown'),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_each_mistake_is_one_clear_line(here: Path, nsed: Nsed, case: str) -> None:
    text, words = HOSTILE[case]
    (here / "nsed.toml").write_text(text)

    ended = nsed("config", "check")

    assert ended.exit_code == 2, ended.output
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: nsed.toml: ")
    assert words in line
    assert line.isprintable()
    for secret in (CANARY, "hunter2", "gsk8dJ3kfL2mQ9xZ7c"):
        assert secret not in line


def test_ask_says_the_same(here: Path, nsed: Nsed) -> None:
    (here / "nsed.toml").write_text("[limits]\nmax_usd = -1\n")

    assert nsed("ask", "q").stderr == nsed("config", "check").stderr


def test_all_mistakes_are_told_at_once(here: Path) -> None:
    (here / "nsed.toml").write_text(
        '[[experts]]\nname = "a"\nmodel = "m"\nusd_per_mtok_input = -1\ncontxt = 1\n'
        '[[experts]]\nmodel = "m"\n'
        "[limits]\nretries = 9\nfoo = 1\n[deliberation]\ngamma = 2\n"
        "[presets.p]\nrounds = 0\n"
    )

    with pytest.raises(ConfigError) as error:
        load_config("nsed.toml")

    places = {line.split(": ")[1] for line in str(error.value).splitlines()}
    assert places == {
        "experts.a.usd_per_mtok_input",
        "experts.a.contxt",
        "experts[1].name",
        "limits.retries",
        "limits.foo",
        "deliberation.gamma",
        "presets.p.rounds",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory"),
        ("folder", "Is a directory"),
        (b"a = 1\n# caf\xe9\n", "line 2 is not UTF-8 text"),
        (b"#" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
    ids=["missing", "folder", "latin-1", "huge"],
)
def test_a_file_that_cannot_be_read(
    here: Path, content: bytes | str | None, words: str
) -> None:
    file = here / "x.toml"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content:
        file.mkdir()

    with pytest.raises(ConfigError) as error:
        load_config(file)

    assert str(error.value) == f"{file}: {words}"


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda _: None, "there is no such file"),
        (lambda file: file.mkdir(), "there is no such file"),
    ],
    ids=["missing", "folder"],
)
def test_a_key_file_that_is_not_there(
    here: Path, nsed: Nsed, prepare: Callable[[Path], object], words: str
) -> None:
    prepare(here / "key")
    (here / "nsed.toml").write_text(HEAD + 'api_key_file = "key"\n')

    ended = nsed("config", "check")

    assert ended.exit_code == 2
    assert ended.stderr == f"error: nsed.toml: experts.ada.api_key_file: {words}\n"


def test_a_key_has_three_spellings_and_none_is_kept(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADA_KEY", CANARY)
    (here / "key").write_text(f"{CANARY}\n")
    found = []
    for line in (
        'api_key = "${ADA_KEY}"',
        'api_key_env = "ADA_KEY"',
        'api_key_file = "key"',
    ):
        (here / "nsed.toml").write_text(f"{HEAD}{line}\n")
        (expert,) = load_config("nsed.toml").experts
        found.append((expert.api_key_env, expert.api_key_file))
        assert CANARY not in expert.model_dump_json()

    assert found == [("ADA_KEY", None), ("ADA_KEY", None), (None, "key")]


def test_check_tells_whether_keys_are_set_but_not_what_they_are(
    here: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADA_KEY", CANARY)
    monkeypatch.delenv("BOB_KEY", raising=False)
    other = HEAD.replace("ada", "bob") + 'api_key = "${BOB_KEY}"\n'
    (here / "nsed.toml").write_text(f'{HEAD}api_key_env = "ADA_KEY"\n{other}')

    told = nsed("config", "check")

    assert told.exit_code == 0
    assert "OK: nsed.toml" in told.stdout
    assert "Key of ada: ADA_KEY is set" in told.stdout
    assert "Key of bob: BOB_KEY is NOT SET" in told.stdout
    assert CANARY not in told.output


def test_the_file_here_wins_over_the_user_s_and_none_is_the_roster(here: Path) -> None:
    assert load_config().experts == EMBEDDED_ROSTER

    (here / "home/nsed").mkdir(parents=True)
    (here / "home/nsed/nsed.toml").write_text("[deliberation]\nrounds = 2\n")
    assert load_config().config().rounds == 2

    (here / "nsed.toml").write_text("[deliberation]\nrounds = 4\n")
    assert load_config().config().rounds == 4


def test_the_roster_may_be_mixed_with_experts_of_one_s_own(here: Path) -> None:
    (here / "nsed.toml").write_text(f"include_embedded = true\n{HEAD}")

    names = [expert.name for expert in load_config().experts]

    assert names == ["ada", *(expert.name for expert in EMBEDDED_ROSTER)]


def test_a_smaller_pool_keeps_roles_within_it(here: Path) -> None:
    people = "".join(SCRIPTED.format(name) for name in "abc")
    (here / "nsed.toml").write_text(f'{people}[roles]\nreviewers = ["a", "b"]\n')
    settings = load_config()

    assert settings.config(pool=["b", "c"]).reviewers == ("b",)
    with pytest.raises(ConfigError, match="leaves nobody among the reviewers"):
        settings.config(pool=["c"])


def test_the_synthesizer_is_an_expert_of_the_pool(here: Path) -> None:
    people = "".join(SCRIPTED.format(name) for name in ("ada", "bob"))
    file = here / "nsed.toml"
    file.write_text(f'{people}[roles]\nsynthesizer = "bob"\n')
    settings = load_config()

    assert settings.config().synthesizer == "bob"
    with pytest.raises(ConfigError, match="leaves out 'bob', which is the synthesizer"):
        settings.config(pool=["ada"])
    file.write_text(f'{people}[roles]\nsynthesizer = "bib"\n')
    with pytest.raises(
        ConfigError,
        match=r'roles.synthesizer: no expert is named "bib"\. Did you mean \'bob\'',
    ):
        load_config()


def test_a_smaller_pool_drops_the_bans_hosts_and_weights_of_others(here: Path) -> None:
    people = "".join(SCRIPTED.format(name) for name in "abc")
    box = 'host = "box"\nvram_bytes = "6GB"\n'
    (here / "nsed.toml").write_text(
        f'{people}{box}[team]\npins = ["a"]\nbans = ["b", "c"]\n'
        'hosts = {box = "8GB"}\n[deliberation]\nreviewer_weights = {b = 2, c = 3}\n'
    )
    settings = load_config()

    assert settings.config().hosts == {"box": 8_000_000_000}
    smaller = settings.config(pool=["a", "b"])
    assert (smaller.pins, smaller.bans, smaller.hosts) == (("a",), ("b",), {})
    assert smaller.reviewer_weights == {"b": 2}
    with pytest.raises(ConfigError, match="leaves out 'a', which is among the pins"):
        settings.config(pool=["b", "c"])


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (None, "sqlite"),
        ("off", "off"),
        ("memory", "memory"),
        ("${DB_URL}", "${DB_URL}"),
        ("postgresql://ann@host:5432/db", "postgresql://ann@host:5432/db"),
        ("./runs.db", "sub/runs.db"),
        ("/var/runs.db", "/var/runs.db"),
    ],
)
def test_telemetry_is_a_word_a_path_or_a_variable(
    here: Path, written: str | None, kept: str
) -> None:
    (here / "sub").mkdir()
    line = "" if written is None else f'telemetry = "{written}"\n'
    (here / "sub/nsed.toml").write_text(line + HEAD)

    assert load_config("sub/nsed.toml").telemetry == kept


def test_the_cache_of_replies_is_off_unless_it_has_a_path(here: Path) -> None:
    (here / "nsed.toml").write_text(HEAD)
    assert load_config().response_cache is None

    (here / "nsed.toml").write_text('response_cache = "replies.db"\n' + HEAD)
    assert load_config().response_cache == "replies.db"


def test_public_prices_are_filled_in_only_when_asked_for(here: Path) -> None:
    pytest.importorskip("genai_prices")
    known = HEAD.replace('"m"', '"gpt-4o-mini"') + "[limits]\nmax_usd = 1\n"
    (here / "nsed.toml").write_text(known)
    with pytest.raises(ConfigError, match="or set public_prices = true"):
        load_config()

    (here / "nsed.toml").write_text(f"public_prices = true\n{known}")
    (ada,) = load_config().config().experts

    assert ada.prices.known
    assert str(ada.price_source).startswith("genai-prices ")


def test_without_the_package_public_prices_are_a_clear_error(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    (here / "nsed.toml").write_text(f"public_prices = true\n{HEAD}")

    with pytest.raises(ConfigError) as error:
        load_config()

    assert str(error.value).startswith("nsed.toml: public_prices: ")
    assert "pip install 'nsed[prices]'" in str(error.value)


def test_check_shows_seats_memory_and_where_prices_and_telemetry_are_from(
    here: Path, nsed: Nsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_URL", "postgresql://ann:hunter2@host/db")
    people = "".join(
        SCRIPTED.format(name) + 'host = "box"\nvram_bytes = "6GB"\n' for name in "abc"
    )
    (here / "nsed.toml").write_text(
        'telemetry = "${DB_URL}"\nresponse_cache = "replies.db"\n'
        f"{people}usd_per_mtok_input = 1\nusd_per_mtok_output = 1\n"
        'price_source = "a contract"\n[team]\nleast_proposers = 1\n'
        'most_proposers = 1\npins = ["a"]\nbans = ["b"]\nhosts = {box = "8GB"}\n'
    )

    told = nsed("config", "check")

    assert told.exit_code == 0, told.output
    for words in (
        "answers, reviews (pinned)",
        "none: banned",
        "a contract",
        "Team (knapsack): 1 to 1 proposers, 2 to all reviewers",
        "Memory of box, limit 8.0 GB: a 6.0 GB, b 6.0 GB, c 6.0 GB",
        "Telemetry: DB_URL is set",
        "Replies are kept in replies.db",
    ):
        assert words in told.stdout
    assert "hunter2" not in told.output


def test_paths_start_from_the_file_s_own_folder(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "sub/nsed.toml").write_text(
        HEAD + 'api_key_file = "k"\n[[experts]]\nname = "g"\nprovider = "embedded"\n'
        'model = "m.gguf"\n'
    )

    ada, local = load_config("sub/nsed.toml").experts

    assert (ada.api_key_file, local.model) == ("sub/k", "sub/m.gguf")


@pytest.mark.parametrize("preset", ["fast", "deep"])
def test_built_in_presets_are_valid_and_change_something(preset: str) -> None:
    settings = load_config(ROOT / "examples/scripted.toml")

    assert settings.config(preset=preset) != settings.config()


@pytest.mark.parametrize(
    "example", sorted((ROOT / "examples").glob("*.toml")), ids=lambda path: path.name
)
def test_examples_are_valid(example: Path) -> None:
    settings = load_config(example)

    for preset in (None, *settings.presets):
        assert settings.config(preset=preset).experts


def test_every_key_is_documented() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    keys = {
        *ExpertConfig.model_fields,
        "include_embedded",
        "public_prices",
        "telemetry",
        "response_cache",
        "api_key",
        *(key for keys in SECTIONS.values() for key in keys),
        *ServerSettings.model_fields,
    }

    assert {key for key in keys if f"`{key}`" not in text} == set()


def test_every_knob_has_exactly_one_section() -> None:
    keys = [key for keys in SECTIONS.values() for key in keys]

    assert sorted(keys) == sorted(set(DeliberationConfig.model_fields) - {"experts"})
