"""Whatever servers say, the file that `nsed init` writes of it can be read."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from nsed.config.api_providers import API_PROVIDERS
from nsed.config.file import load_config
from nsed.config.found import Found, FoundKey
from nsed.config.starter_file import experts_in, starter_file
from nsed.models.local_servers import LocalServer
from nsed.models.model_listing import Listing, _model

ENTRIES = st.builds(
    lambda id_, owner, context: _model(
        {"id": id_, "owned_by": owner, "max_model_len": context}
    ),
    st.text(st.characters(codec=None), max_size=30)
    | st.sampled_from(["a/b:latest", "x.gguf", "..", "~", "a b", "'\"\\", "#", "-.-"]),
    st.text(max_size=5),
    st.integers(-5, 10**8) | st.text(max_size=3) | st.none(),
)
WEIGHTS = ["smollm2-135m-instruct", "qwen2.5-coder-0.5b-instruct"]
MODELS = st.lists(ENTRIES, max_size=8).map(
    lambda found: tuple({m.id: m for m in found if m is not None}.values())
)


@settings(max_examples=60)
@given(
    served=st.lists(MODELS, max_size=3),
    hosted=MODELS,
    weights=st.sets(st.sampled_from(WEIGHTS)),
)
def test_it_loads_and_holds_every_model_that_writes(
    served: list, hosted: tuple, weights: set[str]
) -> None:
    found = Found(
        servers=tuple(
            LocalServer(
                base_url=f"http://127.0.0.1:{9000 + i}/v1", state="up", models=m
            )
            for i, m in enumerate(served)
        ),
        keys=(
            FoundKey(
                provider=API_PROVIDERS[0],
                variable="OPENAI_API_KEY",
                listing=Listing(state="up", models=hosted),
            ),
        ),
        weights=tuple(weights),
        known_prices=True,
    )
    wanted = [model.id for model in hosted[:2]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "nsed.toml")
        file.write_text(starter_file(found, wanted), encoding="utf-8")
        loaded = load_config(file)
    writing = [m.id for models in served for m in models if m.writes]

    assert len(loaded.experts) == experts_in(found, wanted)
    assert {*writing, *wanted} <= {expert.model for expert in loaded.experts}
    assert loaded.config()
