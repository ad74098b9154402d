"""What the Agent Server and LangGraph Studio open: compiled graphs by module path.

The server brings its own checkpointer and store, so none is set here.
"""

from nsed.graphs.deliberation import create_deliberation
from nsed.graphs.majority_vote import create_majority_vote
from nsed.graphs.single_expert import create_single_expert
from nsed.models.hire import Hire

__all__ = ["deliberation", "majority_vote", "single_expert"]

_HIRE = Hire()  # one for all graphs: they share local servers and clients

deliberation = create_deliberation(hire=_HIRE).compile(name="deliberation")
majority_vote = create_majority_vote(hire=_HIRE).compile(name="majority_vote")
single_expert = create_single_expert(hire=_HIRE).compile(name="single_expert")
