"""A graph as the run page draws it: its steps, and what may follow what."""

from typing import Self

from pydantic import BaseModel

from nsed.graphs.catalogue import create_graph

__all__ = ["GraphView"]


class GraphEdge(BaseModel):
    """One step may follow another."""

    source: str
    target: str
    conditional: bool


class GraphView(BaseModel):
    """Steps and edges; `__start__` and `__end__` are among them."""

    nodes: list[str]
    edges: list[GraphEdge]

    @classmethod
    def of(cls, name: str) -> Self:
        """Draw a graph.

        Raises:
            ConfigError: There is none of that name.
        """
        drawn = create_graph(name).compile().get_graph()
        return cls(
            nodes=list(drawn.nodes),
            edges=[
                GraphEdge(
                    source=edge.source, target=edge.target, conditional=edge.conditional
                )
                for edge in drawn.edges
            ],
        )
