"""Requests, and the experts they are put to, as many tests need them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from loopback_provider import Provider

from nsed.models.asking import Outcome, ask
from nsed.models.base import Message, Reply, Request
from nsed.models.scripted import scripted
from nsed.nodes.ballot_form import ballot_schema
from nsed.protocol.errors import ExpertError
from nsed.protocol.usage import Usage
from nsed.state.expert_config import ExpertConfig

__all__ = ["QUESTION", "REVIEW", "Told", "asked", "expert_at"]

QUESTION = Request(
    messages=(Message("system", "Be brief."), Message("user", "What is 4 * 2?")),
    max_output_tokens=64,
    timeout_s=20,
    reask="That reply cannot be used: {}".format,
)
"""Asks for free text."""

REVIEW = replace(
    QUESTION,
    phase="review",
    json_schema=ballot_schema(("A", "B"), chars=80, claims=0),
)
"""Asks for a ballot over A and B."""


def expert_at(provider: Provider, name: str = "ada", **settings: Any) -> ExpertConfig:
    """Configure an expert whose model is the provider's `model-x`."""
    known = {"name": name, "model": "model-x", "base_url": provider.url}
    return ExpertConfig.model_validate({**known, **settings})


Step = str | Exception | Callable[[], Any]


class Told:
    """Replies, raises or waits, step by step, and notes what it was asked."""

    config = scripted("told", "x")

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.asked: list[Request] = []

    async def reply(self, request: Request) -> Reply:
        self.asked.append(request)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        text = step if isinstance(step, str) else await step()
        return Reply(text=text, usage=Usage(calls=1, output_tokens=1))


def number(reply: Reply) -> int:
    if not reply.text.isdigit():
        raise ExpertError("malformed", f"expected a number, found {reply.text!r}")
    return int(reply.text)


async def asked(expert: Told, request: Request = REVIEW, **more: Any) -> Outcome[int]:
    settings = {"attempts": 9, "retries": 1, "retry_wait_s": 0.0, **more}
    return await ask(expert, request, number, **settings)
