"""What the loopback provider is told to answer, and what it saw."""

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Answer", "Script", "Seen", "always_new", "filled"]

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


@dataclass(frozen=True)
class Seen:
    """One request, as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def method(self) -> str:
        """How JSON was asked for, in our words."""
        kind = self.body.get("response_format", {}).get("type")
        if self.body.get("tools"):
            return "tools"
        return {"json_object": "json_mode", None: "text"}.get(kind, kind)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema that was sent, or an empty one."""
        if tools := self.body.get("tools"):
            return dict(tools[0]["function"]["parameters"])
        format_ = self.body.get("response_format", {})
        return dict(format_.get("json_schema", {}).get("schema", {}))


@dataclass(frozen=True)
class Answer:
    """One scripted answer; every default is what a good provider does."""

    content: str | None = None
    """Text, or a tool call's arguments; None fills in the schema, or says 8."""
    status: int = 200
    message: str = "scripted failure"
    """Of the error object, where the status is one."""
    headers: dict[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"
    usage: dict[str, Any] | None = field(default_factory=lambda: USAGE)
    body: bytes | None = None
    """The whole body instead, whatever it is."""
    fault: Literal["hang", "reset"] | None = None
    """Never answer, or reset the connection in the middle of the body."""
    delay_s: float = 0
    """How much later than others it answers."""

    def payload(self, seen: Seen) -> bytes:
        """The body that answers a request."""
        if self.body is not None:
            return self.body
        if self.status != 200:
            error = {"message": self.message, "type": "scripted", "code": None}
            return json.dumps({"error": error}).encode()
        text = self.content
        if text is None:
            text = filled(seen.schema) if seen.schema else "4 * 2 = 8\nAnswer: 8"
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if seen.method == "tools":
            name = seen.body["tools"][0]["function"]["name"]
            call = {"name": name, "arguments": text}
            calls = [{"id": "call-1", "type": "function", "function": call}]
            message = {"role": "assistant", "content": None, "tool_calls": calls}
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        reply: dict[str, Any] = {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": seen.body.get("model"),
            "choices": [choice],
        }
        if self.usage is not None:
            reply["usage"] = self.usage
        return json.dumps(reply).encode()


Script = Sequence[Answer] | Callable[[Seen], Answer]


def filled(schema: dict[str, Any], weight: int = 50) -> str:
    """Fill in a ballot's schema: every label, a critique, a weight."""
    mark = {"critique": "All steps are right.", "weight": weight}
    return json.dumps(dict.fromkeys(schema.get("properties", {}), mark))


def always_new() -> Callable[[Seen], Answer]:
    """Give ballots, and an answer that was never there: no run ends early on these."""
    number = itertools.count()
    return lambda seen: Answer(None if seen.schema else f"Answer: {next(number)}")
