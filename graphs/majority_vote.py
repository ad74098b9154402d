"""The baseline "majority over the pool": everybody answers once, the most wins."""

from functools import partial

from langgraph.graph import END, START, StateGraph

from nsed.brokers.base import Broker
from nsed.brokers.fixed_team import FixedTeam
from nsed.graphs.deliberation import Deliberation
from nsed.graphs.routing import fan_out_proposers
from nsed.graphs.step import Step
from nsed.models.call_log import CallLog
from nsed.models.hire import Hire
from nsed.nodes.broker import Binding
from nsed.nodes.fan_out import FanOut
from nsed.nodes.hiring import Hiring, logged
from nsed.nodes.majority_vote import majority_vote
from nsed.nodes.observed import Observing
from nsed.nodes.proposer import Proposer
from nsed.nodes.verdict import verdict
from nsed.state.context import DeliberationConfig
from nsed.state.schema import (
    DeliberationInput,
    DeliberationOutput,
    DeliberationState,
    ProposeTask,
)

__all__ = ["create_majority_vote"]


def create_majority_vote(
    *,
    hire: Hiring | None = None,
    broker: Broker | None = None,
    calls: CallLog | None = None,
    config: DeliberationConfig | None = None,
) -> Deliberation:
    """Wire the baseline from the deliberation's own nodes; uncompiled."""
    hire = hire or Hire()
    graph: Deliberation = StateGraph(
        DeliberationState,
        context_schema=DeliberationConfig,
        input_schema=DeliberationInput,
        output_schema=DeliberationOutput,
    )
    observed = Observing()
    check = hire.check if isinstance(hire, Hire) else None
    binding = Binding(broker or FixedTeam(reviewing=False), check)
    asking = Proposer(FanOut(logged(hire, calls)))
    step = partial(Step, config=config)
    graph.add_node("broker", step(binding))
    graph.add_node("proposer", step(asking), input_schema=ProposeTask)
    graph.add_node("majority_vote", step(observed(majority_vote)))
    graph.add_node("verdict", step(observed(verdict, fold=True)))
    graph.add_edge(START, "broker")
    graph.add_conditional_edges("broker", fan_out_proposers, ["proposer", "verdict"])
    graph.add_edge("proposer", "majority_vote")
    graph.add_edge("majority_vote", "verdict")
    graph.add_edge("verdict", END)
    return graph
