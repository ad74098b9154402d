"""Propose: one expert answers the task, seeing no answer of this round."""

import hashlib
from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime

from nsed.models.base import Message, Reply, Request
from nsed.models.structured_reply import strip_reasoning
from nsed.nodes.asked import call_records
from nsed.nodes.fan_out import FanOut
from nsed.nodes.memory_view import memory_view
from nsed.nodes.prompt import fill, turns
from nsed.nodes.shared_state import shared_state
from nsed.nodes.user_notes import with_user_notes
from nsed.nodes.vetoes import remembered
from nsed.protocol.answer_key import answer_key, final_answer
from nsed.protocol.consensus import text_digest
from nsed.protocol.errors import ExpertError
from nsed.state.context import DeliberationConfig
from nsed.state.events import DeliberationEvent
from nsed.state.records import Proposal
from nsed.state.schema import DeliberationState, ProposeTask

__all__ = ["Proposer", "propose_request"]


@dataclass(frozen=True)
class Proposer:
    """Asks one expert for its answer in this round."""

    fan_out: FanOut

    async def __call__(
        self,
        state: ProposeTask,
        runtime: Runtime[DeliberationConfig],
    ) -> dict[str, Any]:
        """Ask, and file the answer, or the absence, under the expert's name."""
        shared, context = shared_state(), runtime.context
        name, round_number = state["expert"], state["round"]
        told = DeliberationEvent(
            event="asked", round=round_number, phase="propose", expert=name
        )
        runtime.stream_writer(told)

        def read(reply: Reply) -> Proposal:
            return read_proposal(reply, name, round_number, context)

        request = propose_request(shared, name, context, round_number)
        outcome = await self.fan_out.ask(shared, runtime, name, request, read)
        update = call_records(
            outcome, round_number=round_number, phase="propose", expert=name
        )
        if outcome.value is None:
            reason = str(outcome.failure)
            runtime.stream_writer({**told, "event": "absent", "reason": reason})
            return update
        answer = outcome.value.answer
        runtime.stream_writer({**told, "event": "proposed", "answer": answer})
        return {**update, "proposals": {outcome.value.id: outcome.value}}


def propose_request(
    state: DeliberationState, expert: str, config: DeliberationConfig, round_number: int
) -> Request:
    """Write the prompt of a round; the first is independent, later ones have memory."""
    memory = remembered(state, round_number - 1)
    task = state["task"]
    if memory and memory.kept:
        call = f"{config.seed}.r{round_number}.propose.{expert}"
        seen = memory_view(memory, call=call, chars=config.peer_text_chars)
        question = fill("propose_again", task=task, memory=seen)
    else:
        question = fill("propose", task=task)
    chosen = config.expert(expert)
    return Request(
        messages=(
            Message("system", fill("system")),
            *(turns("propose_examples") if chosen.few_shot else ()),
            Message("user", with_user_notes(state, question)),
        ),
        max_output_tokens=min(
            config.answer_tokens, chosen.answer_tokens or config.answer_tokens
        ),
        timeout_s=config.call_timeout_s,
        phase="propose",
        round=round_number,
        seed=config.seed,
        finish=fill("finish"),
    )


def read_proposal(
    reply: Reply, expert: str, round_number: int, config: DeliberationConfig
) -> Proposal:
    """Turn a reply into a proposal.

    Raises:
        ExpertError: `empty`, or `truncated` before it came to an answer.
    """
    text = strip_reasoning(reply.text)
    if not text:
        raise ExpertError("empty", "the reply holds no answer")
    answer = final_answer(text)
    if reply.truncated and answer is None:
        raise ExpertError(
            "truncated",
            "cut off without an answer by the limit on output; raise answer_tokens",
        )
    key = answer_key(text, config.answer_kind)
    author = hashlib.sha256(f"{expert}\x1f{text}".encode("utf-8", "replace"))
    return Proposal(
        id=f"r{round_number}-{author.hexdigest()[:10]}",
        round=round_number,
        expert=expert,
        text=text,
        answer=answer,
        key=key or f"alone:{text_digest(text)}",
    )
