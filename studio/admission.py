"""Who may ask, and how much: the seam between the doors and the keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from nsed.state.context import DeliberationConfig
from nsed.studio.granted import Granted

__all__ = ["Admission", "Caller", "Granted", "TheCaller"]


@dataclass(frozen=True)
class Caller:
    """Whoever sends a request."""

    name: str = ""
    """Name of the key; empty: a user of this machine, where no keys are asked for."""


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
        *,
        preset: str | None = None,  # noqa: ARG002
    ) -> AsyncIterator[Granted]:
        """Let one run in, for as long as it takes."""
        yield Granted(config)


async def _caller(request: Request) -> Caller:
    admission: Admission = request.app.state.admission
    return await admission.caller(request)


TheCaller = Annotated[Caller, Depends(_caller)]
"""Of a route: who asks; refused before the route runs if he may not."""
