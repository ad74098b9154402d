"""Who may ask, and how much: the seam between the doors and the keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig

__all__ = ["Admission", "Caller", "Granted", "TheCaller"]


@dataclass(frozen=True)
class Caller:
    """Whoever sends a request."""

    name: str = ""
    """Name of the key; empty: a user of this machine, where no keys are asked for."""


@dataclass
class Granted:
    """Leave for one run."""

    config: DeliberationConfig
    """The run's settings, with the caps that the key allows."""
    spent: Usage | None = None
    """Set by the door when the run is over, however it ended."""


class Admission:
    """Lets requests in."""

    async def caller(self, request: Request) -> Caller:  # noqa: ARG002
        """Who sends a request."""
        return Caller()

    @asynccontextmanager
    async def enter(
        self,
        caller: Caller,  # noqa: ARG002
        config: DeliberationConfig,
    ) -> AsyncIterator[Granted]:
        """Let one run in, for as long as it takes."""
        yield Granted(config)


async def _caller(request: Request) -> Caller:
    admission: Admission = request.app.state.admission
    return await admission.caller(request)


TheCaller = Annotated[Caller, Depends(_caller)]
"""Of a route: who asks; refused before the route runs if he may not."""
