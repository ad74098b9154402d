"""LangChain's own integration tests, against a panel behind a provider on loopback.

They run twice: with the experts' calls in the callbacks, as they are by default, and
without. Every skip has its reason here: a property that is False, or a value left out.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from loopback_provider import Answer, Provider, filled
from provider_script import Seen

from nsed.chat_model import ChatNSED

standard = pytest.importorskip(
    "langchain_tests.integration_tests", reason="not installed"
)

FIVE = "On average, you would say five words a second.\nAnswer: 5"


def answered(seen: Seen) -> Answer:
    """A ballot, an object of whatever schema, or an answer."""
    if not seen.schema:
        return Answer(FIVE)
    if "critique" in str(seen.schema):
        return Answer(filled(seen.schema))
    return Answer(json.dumps(dict.fromkeys(seen.schema["properties"], "cats")))


@pytest.fixture(scope="class", autouse=True)
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    with Provider() as started:
        started.answers["*"] = answered
        request.cls.url = started.url
        yield started


class _Loopback(standard.ChatModelIntegrationTests):
    url: str
    __test__ = False

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatNSED

    @property
    def chat_model_params(self) -> dict[str, Any]:
        experts = [
            {"name": name, "model": f"model-{name}", "base_url": self.url}
            for name in ("ada", "bob", "cy")
        ]
        return {"config": {"experts": experts, "rounds": 2, "retry_wait_s": 0}}

    @property
    def has_tool_calling(self) -> bool:
        # `bind_tools` is there, to refuse with words: experts call no tools.
        return False

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "nsed-fast"

    # Experts read text only, and a message with anything else is refused: images,
    # PDF and audio in messages of users and tools stay False, as they are.
    # `supports_anthropic_inputs` stays False: that test binds a tool.
    # `enable_vcr_tests` stays False: there is no provider of ours to be recorded.


class TestExpertsUnheard(_Loopback):
    """Callbacks hear of one model, and count its tokens once."""

    __test__ = True

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {**super().chat_model_params, "trace_experts": False}


SCHEMAS = pytest.mark.parametrize(
    "schema_type", ["pydantic", "typeddict", "json_schema"]
)
MANY_RUNS = pytest.mark.xfail(
    reason="it wants one chat model run to be heard; the experts' calls are child runs "
    "of it and are heard, too, unless trace_experts is False, where it passes"
)


@pytest.mark.slow
class TestExpertsHeard(_Loopback):
    """The default: the experts' calls are child runs."""

    __test__ = True

    @MANY_RUNS
    @SCHEMAS
    def test_structured_output(self, model: Any, schema_type: Any) -> None:
        super().test_structured_output(model, schema_type)

    @MANY_RUNS
    @SCHEMAS
    async def test_structured_output_async(self, model: Any, schema_type: Any) -> None:
        await super().test_structured_output_async(model, schema_type)
