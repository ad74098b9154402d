"""The route of the graphs' drawings."""

from typing import Annotated

from fastapi import APIRouter, Path

from nsed.graphs.catalogue import GRAPHS
from nsed.studio.admission import TheCaller
from nsed.studio.graph_view import GraphView
from nsed.studio.run_errors import RunNotFoundError
from nsed.studio.run_routes import api_router

__all__ = ["graph_routes"]


def graph_routes() -> APIRouter:
    """`/api/graph/{name}`."""
    router = api_router()

    @router.get("/graph/{name}")
    async def graph(
        name: Annotated[str, Path(max_length=60)],
        caller: TheCaller,  # noqa: ARG001 - nobody sees it who may not ask
    ) -> GraphView:
        """The steps of a graph, and which may follow which."""
        if name not in GRAPHS:
            raise RunNotFoundError("graph")
        return GraphView.of(name)

    return router
