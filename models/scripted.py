"""Scripted experts: no model, no network, the same words every time.

Public, so that users can test their own graphs without a model. A scripted expert
records what it was asked in `questions`.
"""

import json
import re

from nsed.models.base import Reply, Request
from nsed.protocol.errors import ConfigError, ExpertError
from nsed.protocol.memory_text import token_estimate
from nsed.protocol.usage import Usage
from nsed.state.expert_config import ExpertConfig, Script

__all__ = ["ScriptedExpert", "scripted"]


def scripted(
    name: str,
    *proposals: str,
    weights: dict[str, int] | None = None,
    **settings: object,
) -> ExpertConfig:
    """Configure a scripted expert in one line.

    Args:
        name: Its name.
        proposals: What it answers in round 1, 2, …; the last is repeated.
        weights: Weight of a candidate that contains the key, see `Script`.
        settings: `critique`, `synthesis`, `structured` and `fails` go to its script,
            all else to its config.
    """
    script: dict[str, object] = {"proposals": proposals, "weights": weights or {}}
    more = ("critique", "synthesis", "structured", "fails")
    script |= {key: settings.pop(key) for key in more if key in settings}
    return ExpertConfig.model_validate(
        {
            "name": name,
            "provider": "scripted",
            "usd_per_mtok_input": 0,
            "usd_per_mtok_output": 0,
            "script": script,
            **settings,
        }
    )


class ScriptedExpert:
    """Says what its script says."""

    def __init__(self, config: ExpertConfig) -> None:
        """Take the script from the config."""
        if config.script is None:
            msg = f"expert {config.name!r}: provider 'scripted' needs a script"
            raise ConfigError(msg)
        self.config = config
        self.script: Script = config.script
        self.questions: list[Request] = []

    async def reply(self, request: Request) -> Reply:
        """Answer from the script, or fail as it says."""
        self.questions.append(request)
        if self.script.fails in (request.phase, "always"):
            raise ExpertError("connection", f"{self.config.name} is scripted to fail")
        text = self._text(request)
        prompt = "".join(message.content for message in request.messages)
        usage = Usage(
            calls=1,
            input_tokens=token_estimate(prompt),
            output_tokens=token_estimate(text),
            estimated_calls=1,
        )
        price = self.config.prices.nano_usd(
            input_tokens=usage.input_tokens, output_tokens=usage.output_tokens
        )
        priced = Usage(nano_usd=price or 0, unpriced_calls=int(price is None))
        return Reply(text=text, usage=usage + priced, method="json_schema")

    def _text(self, request: Request) -> str:
        if request.phase == "review":
            return self._ballot(request)
        if request.phase == "synthesize":
            text = self.script.structured if request.json_schema else None
            text = self.script.synthesis if text is None else text
            return self._proposal(request) if text is None else text
        return self._proposal(request)

    def _proposal(self, request: Request) -> str:
        if not self.script.proposals:
            msg = f"{self.config.name} has no proposal in its script"
            raise ExpertError("empty", msg)
        return self.script.proposals[min(request.round, len(self.script.proposals)) - 1]

    def _ballot(self, request: Request) -> str:
        shown = request.messages[-1].content
        marks = {}
        for label in (request.json_schema or {}).get("properties", {}):
            text = _candidate(shown, label)
            weight = next(
                (w for key, w in self.script.weights.items() if key in text), 0
            )
            marks[label] = {"critique": self.script.critique, "weight": weight}
        return json.dumps(marks)


def _candidate(shown: str, label: str) -> str:
    """The framed text of one candidate in a review prompt."""
    match = re.search(
        rf'<candidate label="{label}" .*?>\n(.*?)\n</candidate', shown, re.DOTALL
    )
    return match.group(1) if match else ""
