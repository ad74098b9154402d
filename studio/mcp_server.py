"""MCP: the deliberation as a tool of whatever speaks the Model Context Protocol."""

import json
from typing import Annotated, Any, Final

import anyio
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nsed.models.failures import redact
from nsed.protocol.errors import NsedError
from nsed.run import VERSION
from nsed.studio.answered import Answered
from nsed.studio.call_options import CallOptions
from nsed.studio.event_words import event_words
from nsed.studio.run_service import RunService

__all__ = ["TOOL", "mcp_server", "serve_stdio"]

TOOL: Final = "deliberate"
_ABOUT: Final = (
    "Let several language models answer a question, review each other blind and vote. "
    "Slower and dearer than one model, and for questions where it matters that the "
    "answer is right. The task must say all there is to know: the models see nothing "
    "else. If the status is `degraded`, tell the user what the notes say."
)


class _Arguments(BaseModel):
    """What the tool takes: of the options those that a model can make sense of."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    task: Annotated[str, Field(min_length=1, max_length=1_000_000)]
    """The whole question, with all that is needed to answer it."""
    preset: Annotated[str, Field(max_length=64)] | None = None
    """A preset of the configuration."""
    rounds: Annotated[int, Field(ge=1, le=20)] | None = None
    """Most rounds of propose and review."""
    budget_usd: Annotated[float, Field(ge=0, le=1e6)] | None = None
    """Cap in US dollars; needs known prices."""


def mcp_server(service: RunService) -> Server[Any]:
    """A server with the one tool `deliberate`."""

    async def list_tools(
        _: ServerRequestContext[Any], __: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(service)])

    async def call_tool(
        ctx: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        if params.name != TOOL:
            return _failed(f"there is no tool {params.name[:40]!r}, only {TOOL!r}")
        try:
            given = _Arguments.model_validate(params.arguments or {})
            return await _deliberated(service, given, ctx)
        except ValidationError as error:
            return _failed("\n".join(_problem(one) for one in error.errors()))
        except NsedError as error:
            return _failed(redact(f"{type(error).__name__}: {error}"))

    return Server(
        "nsed", version=VERSION, on_list_tools=list_tools, on_call_tool=call_tool
    )


async def serve_stdio(service: RunService) -> None:
    """Serve whoever is at the other end of stdin and stdout, until stdin ends.

    Runs that are at work then are given up. What anybody else would print goes to
    stderr meanwhile.
    """
    server = mcp_server(service)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


async def _deliberated(
    service: RunService, given: _Arguments, ctx: ServerRequestContext[Any]
) -> CallToolResult:
    options = CallOptions(**given.model_dump(exclude={"task"}))
    live = service.begin(given.task, options.settled(service.settings))
    try:
        async for number, event in live.watch():
            await ctx.session.report_progress(number, message=event_words(event))
        answered = Answered.of(await live.ended()).model_dump(mode="json")
    finally:  # also when the client has cancelled: nothing more is asked or paid
        with anyio.CancelScope(shield=True):
            await live.cancel()
    text = json.dumps(answered, ensure_ascii=False)
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=answered
    )


def _tool(service: RunService) -> Tool:
    presets = ", ".join(sorted(service.settings.presets))
    schema = _plain(_Arguments.model_json_schema())
    schema["properties"]["preset"]["description"] = f"One of: {presets}."
    return Tool(
        name=TOOL,
        title="Deliberate",
        description=_ABOUT,
        input_schema=schema,
        output_schema=Answered.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(
            read_only_hint=True, idempotent_hint=False, open_world_hint=True
        ),
    )


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Write options as plain types: not every client knows a union with null."""
    properties = {
        name: {
            **option.get("anyOf", [{}])[0],
            **{key: option[key] for key in option.keys() - {"anyOf", "default"}},
        }
        for name, option in schema["properties"].items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": schema["required"],
        "additionalProperties": False,
    }


def _problem(error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


def _failed(words: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=words)], is_error=True)
