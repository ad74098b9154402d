"""Why tools are refused, and what to do instead."""

from typing import Final

__all__ = ["NO_TOOLS"]

NO_TOOLS: Final = (
    "the experts call no tools, and ChatNSED does not pretend that they do. Give the "
    "panel to an agent as a tool instead: nsed.as_tool(); or let an agent gather what "
    "is needed, and ask ChatNSED with it"
)
