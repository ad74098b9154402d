"""`nsed init` writes a file that works, of what is there, and tells no secrets."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from answering_server import HANG, AnsweringServer, Raw
from product_answers import LLAMA_CPP, LM_STUDIO, OLLAMA, VLLM, listing
from typer.testing import Result

from nsed.cli import looking
from nsed.config.api_providers import API_PROVIDERS
from nsed.config.file import load_config

Nsed = Callable[..., Result]
KEY = "sk-loopback-5d1c0ffee"


@pytest.fixture(autouse=True)
def nothing_is_there(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key in the environment, nobody in the usual places."""
    monkeypatch.setattr(looking, "USUAL_PLACES", {})
    for provider in API_PROVIDERS:
        for variable in provider.variables:
            monkeypatch.delenv(variable, raising=False)
    for variable in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AnsweringServer]]:
    """Start servers in the usual places."""
    started: list[AnsweringServer] = []

    def start(*routes: dict[str, Any]) -> list[AnsweringServer]:
        new = [AnsweringServer(one).__enter__() for one in routes]
        started.extend(new)
        places = {server.url: "somebody" for server in started}
        monkeypatch.setattr(looking, "USUAL_PLACES", places)
        return new

    yield start
    for server in started:
        server.__exit__()


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AnsweringServer]:
    """A stand-in for Groq, whose key is set."""

    def at(server: AnsweringServer) -> None:
        (groq,) = (one for one in API_PROVIDERS if one.name == "groq")
        there = type(groq)(
            name="groq", title="Groq", variables=groq.variables, base_url=server.url
        )
        monkeypatch.setattr(looking, "API_PROVIDERS", (there,))
        monkeypatch.setenv("GROQ_API_KEY", KEY)

    return at


def test_all_four_products_are_experts(
    nsed: Nsed, here: Path, serve: Callable[..., Any]
) -> None:
    serve(OLLAMA, LLAMA_CPP, VLLM, LM_STUDIO)

    ended = nsed("init")

    assert ended.exit_code == 0, ended.output
    assert ended.stdout == ""
    experts = {e.name: e for e in load_config(here / "nsed.toml").experts}
    assert {name: e.model for name, e in experts.items()} == {
        "llama3.2": "llama3.2:latest",
        "qwen3-8b": "qwen3:8b",
        "gemma-3-4b-it-Q4_K_M": "models/gemma-3-4b-it-Q4_K_M.gguf",
        "Qwen2.5-7B-Instruct": "Qwen/Qwen2.5-7B-Instruct",
        "qwen3-4b": "qwen/qwen3-4b",
        "gpt-oss-20b": "openai/gpt-oss-20b",
    }
    assert all(e.prices.known for e in experts.values())
    assert experts["llama3.2"].server == experts["qwen3-8b"].server != None  # noqa: E711
    assert experts["gemma-3-4b-it-Q4_K_M"].family == "gemma"
    assert experts["gemma-3-4b-it-Q4_K_M"].concurrency == 4
    assert experts["gemma-3-4b-it-Q4_K_M"].params_b == 3.88
    assert not experts["gemma-3-4b-it-Q4_K_M"].few_shot
    assert "nsed config check" in ended.stderr
    assert nsed("config", "check").exit_code == 0


def test_many_experts_are_a_pool_and_not_a_team(
    nsed: Nsed, here: Path, serve: Callable[..., Any]
) -> None:
    serve({"/v1/models": listing("library", *(f"m{i}" for i in range(9)))})
    nsed("init")

    assert load_config(here / "nsed.toml").config().most_proposers == 5


def test_with_nothing_there_the_built_in_models_answer(nsed: Nsed, here: Path) -> None:
    ended = nsed("init")

    assert ended.exit_code == 0
    settings = load_config(here / "nsed.toml")
    assert settings.config().patience_s == 90
    assert len(settings.experts) == 3
    assert "No key in: OPENAI_API_KEY, ANTHROPIC_API_KEY" in ended.stderr


def test_a_key_alone_gives_a_block_to_fill_in_and_asks_nobody(
    nsed: Nsed, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "GOOGLE_API_KEY", "DEEPSEEK_API_KEY"):
        monkeypatch.setenv(variable, KEY)

    ended = nsed("init")  # the network is cut in tests: a request would fail

    text = (here / "nsed.toml").read_text()
    assert ended.exit_code == 0, ended.output
    assert KEY not in ended.output + text
    blocks = text[text.index("# [[experts]]") :]
    filled = re.sub(r"^# (?=\[|\w+ = )", "", blocks, flags=re.MULTILINE)
    (here / "filled.toml").write_text(filled.replace('"..."', '"some-model"'))
    experts = load_config(here / "filled.toml").experts
    assert [(e.api_key_env, e.base_url) for e in experts] == [
        ("OPENAI_API_KEY", None),
        ("GOOGLE_API_KEY", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("DEEPSEEK_API_KEY", "https://api.deepseek.com/v1"),
    ]  # fmt: skip


def test_ask_lists_what_a_key_gives_and_leaves_the_choice(
    nsed: Nsed, here: Path, provider: Callable[..., None]
) -> None:
    with AnsweringServer(
        {"/v1/models": listing("Meta", "llama-x", "whisper-large-v3", "gpt-oss-120b")}
    ) as server:
        provider(server)
        ended = nsed("init", "--ask")

    text = (here / "nsed.toml").read_text()
    assert ended.exit_code == 0, ended.output
    assert KEY not in ended.output + text
    assert [headers["authorization"] for _, _, headers in server.seen] == [
        f"Bearer {KEY}"
    ]
    assert '# model = "llama-x"' in text
    assert "whisper" not in text
    assert tomllib.loads(text).get("experts") is None


def test_a_model_that_was_named_takes_part(
    nsed: Nsed, here: Path, provider: Callable[..., None]
) -> None:
    with AnsweringServer({"/v1/models": listing("Meta", "llama-x", "other")}) as server:
        provider(server)
        ended = nsed("init", "--ask", "--model", "llama-x")
        wrong = nsed("init", "--ask", "--model", "lama-x", "--force")

    assert ended.exit_code == 0, ended.output
    (expert,) = load_config(here / "nsed.toml").experts
    assert (expert.model, expert.api_key_env) == ("llama-x", "GROQ_API_KEY")
    assert expert.family == "llama"
    assert "One expert alone cannot deliberate" in ended.stderr
    assert wrong.exit_code == 2
    assert "Did you mean 'llama-x'?" in wrong.stderr


def test_published_prices_stand_beside_a_model() -> None:
    pytest.importorskip("genai_prices")
    from nsed.config.found import Found, FoundKey
    from nsed.config.starter_file import starter_file
    from nsed.models.model_listing import Listing, ServedModel

    models = tuple(ServedModel(id=name) for name in ("gpt-4o-mini", "no-such-model"))
    found = Found(
        keys=(
            FoundKey(
                provider=API_PROVIDERS[0],
                variable="OPENAI_API_KEY",
                listing=Listing(state="up", models=models),
            ),
        ),
        known_prices=True,
    )
    text = starter_file(found, ("gpt-4o-mini",))

    assert "public_prices = true\n" in text
    assert "\nmax_usd = 0.25" in text
    assert re.search(r"# Today 0\.15 in and 0\.6 out, USD .* \(genai-prices ", text)
    assert "# # Its price is not known" in text


@pytest.mark.parametrize(
    ("answer", "said"),
    [(Raw(401), "refused"), (Raw(500), "not with a list of models")],
    ids=["refused", "broken"],
)
def test_a_provider_that_gives_no_list_is_said(
    nsed: Nsed, here: Path, provider: Callable[..., None], answer: Raw, said: str
) -> None:
    with AnsweringServer({"/v1/models": answer}) as server:
        provider(server)
        ended = nsed("init", "--ask")

    assert ended.exit_code == 0
    assert said in " ".join(ended.stderr.split())
    assert load_config(here / "nsed.toml").experts


def test_a_key_for_another_place_is_not_sent_to_openai(
    nsed: Nsed, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gateway/v1")

    ended = nsed("init", "--ask")  # the network is cut: asking would say otherwise

    assert "is set; not asked" in ended.stderr


def test_a_server_that_wants_a_key_gets_a_block_and_garbage_gets_none(
    nsed: Nsed, here: Path, serve: Callable[..., Any]
) -> None:
    locked, *_ = serve(
        {"/v1/models": Raw(401)},
        {"/v1/models": Raw(200, b"<html>")},
        {"/v1/models": HANG},
    )

    ended = nsed("init", "--timeout", "0.5")

    text = (here / "nsed.toml").read_text()
    assert text.count("# [[experts]]") == 1
    assert f'# base_url = "{locked.url}"' in text
    for words in ("wants a key", "answers, but not", "says nothing"):
        assert words in " ".join(ended.stderr.split())


def test_a_small_model_gets_worked_examples(
    nsed: Nsed, here: Path, serve: Callable[..., Any]
) -> None:
    small = listing("llamacpp", "tiny.gguf", meta={"n_params": 135_000_000})
    serve({"/v1/models": small})
    nsed("init")

    (expert,) = load_config(here / "nsed.toml").experts
    assert (expert.params_b, expert.few_shot) == (0.135, True)


def test_a_missing_engine_is_named(
    nsed: Nsed, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nsed.cli.starting.find_spec", lambda _: None)

    assert "pip install 'nsed[local]'" in nsed("init").stderr


def test_nsed_s_own_server_is_no_expert(
    nsed: Nsed, here: Path, serve: Callable[..., Any]
) -> None:
    serve({"/v1/models": listing("nsed", "nsed", "nsed-fast")})

    ended = nsed("init", "--json")

    assert json.loads(ended.stdout)["servers"][0]["product"] == "nsed"
    nsed("init")
    assert {e.provider for e in load_config(here / "nsed.toml").experts} == {"embedded"}


def test_a_key_that_cannot_be_sent_is_one_line(
    nsed: Nsed, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", f"{KEY}\nX-Evil: 1")

    ended = nsed("init", "--ask")

    assert ended.exit_code == 2
    assert ended.stderr.startswith("error: MISTRAL_API_KEY")
    assert KEY not in ended.output


def test_anthropic_s_list_belongs_to_its_own_api() -> None:
    by_name = {provider.name: provider for provider in API_PROVIDERS}

    assert by_name["anthropic"].headers(KEY)["x-api-key"] == KEY
    assert by_name["openai"].headers(KEY) == {"authorization": f"Bearer {KEY}"}
    assert all(one.api_url.startswith("https://") for one in API_PROVIDERS)


def test_url_looks_elsewhere_too(nsed: Nsed, here: Path) -> None:
    with AnsweringServer(VLLM) as one, AnsweringServer(VLLM) as two:
        ended = nsed("init", "--url", one.url, "--url", two.url)

    assert ended.exit_code == 0, ended.output
    experts = load_config(here / "nsed.toml").experts
    assert [e.base_url for e in experts] == [one.url, two.url]
    assert [e.name for e in experts] == [
        "Qwen2.5-7B-Instruct",
        "Qwen2.5-7B-Instruct-vllm",
    ]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--url", "gpu-box:8000"), "should be like http://gpu-box:8000/v1"),
        (("--url", "http://u:hunter2@h/v1"), "may not be in it"),
        (("--url", "http://:hunter2@h/v1"), "may not be in it"),
        (("--url", "http://hunter2@h/v1"), "may not be in it"),
        (("--url", "http://h/v1?key=hunter2"), "may not be in it"),
        (("--model", "x"), "--model needs --ask"),
        (("no/such/folder.toml",), "No such file or directory"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    nsed: Nsed, here: Path, args: tuple[str, ...], words: str
) -> None:
    ended = nsed("init", *args)

    assert ended.exit_code == 2
    assert words in ended.stderr
    assert "hunter2" not in ended.output
    assert not (here / "nsed.toml").exists()


def test_a_file_is_replaced_only_when_told(nsed: Nsed, here: Path) -> None:
    (here / "nsed.toml").write_text("mine")

    refused = nsed("init")

    assert refused.exit_code == 2
    assert "is there already; --force replaces it" in refused.stderr
    assert (here / "nsed.toml").read_text() == "mine"
    assert nsed("init", "--force").exit_code == 0
    assert load_config(here / "nsed.toml").experts


def test_stdout_and_json_write_nothing(
    nsed: Nsed, here: Path, serve: Callable[..., Any]
) -> None:
    serve(OLLAMA)

    shown, told = nsed("init", "--stdout"), nsed("init", "--json")

    assert len(tomllib.loads(shown.stdout)["experts"]) == 2
    (server,) = json.loads(told.stdout)["servers"]
    assert [m["writes"] for m in server["models"]] == [True, True, False]
    assert not (here / "nsed.toml").exists()


def test_weights_that_are_here_take_part_alone(
    nsed: Nsed, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_weights", lambda: ("smollm2-135m-instruct",))

    nsed("init")
    only = load_config(here / "nsed.toml").experts

    assert [(e.provider, e.model) for e in only] == [
        ("embedded", "smollm2-135m-instruct")
    ]
    assert only[0].few_shot
