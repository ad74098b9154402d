"""`nsed mcp`: its options. What it does is in `mcp_serving.py`, imported late."""

import typer

from nsed.cli import options

__all__ = ["mcp"]


def mcp(*, config: options.ConfigFile = None) -> None:
    """Serve `deliberate` as a tool of MCP clients, over stdin and stdout.

    The client starts this; see docs/mcp.md.
    """
    from nsed.cli.mcp_serving import serve  # noqa: PLC0415 - a second

    serve(config)
    raise typer.Exit
