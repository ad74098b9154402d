"""The deliberation: the paper's loop, as one cyclic graph."""

from functools import partial

from langgraph.graph import END, START, StateGraph

from nsed.brokers.base import Broker
from nsed.brokers.configured_broker import ConfiguredBroker
from nsed.graphs.routing import (
    fan_out_or_exit,
    fan_out_reviewers,
    next_round_or_exit,
)
from nsed.graphs.step import Step
from nsed.models.call_log import CallLog
from nsed.models.hire import Hire
from nsed.nodes.broker import Binding
from nsed.nodes.fan_out import FanOut
from nsed.nodes.forget_gate import forget_gate
from nsed.nodes.hiring import Hiring, logged
from nsed.nodes.human_review import human_review
from nsed.nodes.identity_mask import identity_mask
from nsed.nodes.observed import Observing
from nsed.nodes.peer_review import PeerReview
from nsed.nodes.proposer import Proposer
from nsed.nodes.quadratic_voting import quadratic_voting
from nsed.nodes.stopping import stopping
from nsed.nodes.synthesizer import Synthesizer
from nsed.nodes.verdict import verdict
from nsed.state.context import DeliberationConfig
from nsed.state.schema import (
    DeliberationInput,
    DeliberationOutput,
    DeliberationState,
    ProposeTask,
    ReviewTask,
)

__all__ = ["Deliberation", "create_deliberation"]

Deliberation = StateGraph[
    DeliberationState, DeliberationConfig, DeliberationInput, DeliberationOutput
]


def create_deliberation(
    *,
    hire: Hiring | None = None,
    broker: Broker | None = None,
    calls: CallLog | None = None,
    config: DeliberationConfig | None = None,
) -> Deliberation:
    """Wire the loop; compile it with the checkpointer and store of your choice.

    Nodes are async: use `ainvoke` and `astream`, or `nsed.deliberate` from
    synchronous code. Pass a `DeliberationConfig` as `context`, or here.

    Args:
        hire: Makes experts from their configuration; by default a new `Hire`.
        broker: Chooses the team; by default the one that the context names.
        calls: A log of one run's calls, so that no finished one is made again.
        config: What holds where a run brings no context of its own, as a subgraph of
            a graph with another context, or none, does.
    """
    hire = hire or Hire()
    graph: Deliberation = StateGraph(
        DeliberationState,
        context_schema=DeliberationConfig,
        input_schema=DeliberationInput,
        output_schema=DeliberationOutput,
    )
    observed = Observing()
    ours = hire if isinstance(hire, Hire) else None
    binding = Binding(
        broker or ConfiguredBroker(),
        check=ours.check if ours else None,
        reach=ours.reachable if ours else None,
        synthesizes=True,
    )
    asking = logged(hire, calls)
    step = partial(Step, config=config)
    graph.add_node("broker", step(binding))
    graph.add_node("proposer", step(Proposer(FanOut(asking))), input_schema=ProposeTask)
    graph.add_node("identity_mask", step(observed(identity_mask)))
    graph.add_node(
        "peer_review", step(PeerReview(FanOut(asking))), input_schema=ReviewTask
    )
    graph.add_node("quadratic_voting", step(observed(quadratic_voting)))
    graph.add_node("forget_gate", step(forget_gate))
    graph.add_node("stopping", step(stopping))
    graph.add_node("human_review", step(human_review))
    graph.add_node("synthesizer", step(Synthesizer(FanOut(asking))))
    graph.add_node("verdict", step(observed(verdict, fold=True)))

    graph.add_edge(START, "broker")
    graph.add_conditional_edges("broker", fan_out_or_exit, ["proposer", "synthesizer"])
    graph.add_edge("proposer", "identity_mask")
    graph.add_conditional_edges(
        "identity_mask", fan_out_reviewers, ["peer_review", "quadratic_voting"]
    )
    graph.add_edge("peer_review", "quadratic_voting")
    graph.add_edge("quadratic_voting", "forget_gate")
    graph.add_edge("forget_gate", "stopping")
    graph.add_edge("stopping", "human_review")
    graph.add_conditional_edges(
        "human_review", next_round_or_exit, ["broker", "synthesizer"]
    )
    graph.add_edge("synthesizer", "verdict")
    graph.add_edge("verdict", END)
    return graph
