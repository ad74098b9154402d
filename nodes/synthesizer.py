"""Synthesize: one expert writes the final text, and does not change the answer."""

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any

from langgraph.runtime import Runtime

from nsed.models.base import Message, Reply, Request
from nsed.models.structured_reply import strip_reasoning
from nsed.nodes.asked import call_records, charged, seconds_left, worst_cases
from nsed.nodes.choice import choose
from nsed.nodes.fan_out import FanOut
from nsed.nodes.peer_text import frame
from nsed.nodes.prompt import fill
from nsed.nodes.synthesis import keeps_answer
from nsed.protocol.answer_key import answer_key, final_answer
from nsed.protocol.consensus import text_digest
from nsed.protocol.errors import ExpertError
from nsed.protocol.identity_mask import label
from nsed.protocol.ledger import allot
from nsed.protocol.stopping import StopReason
from nsed.state.context import DeliberationConfig
from nsed.state.events import DeliberationEvent
from nsed.state.records import Absence, Proposal, Synthesis
from nsed.state.schema import DeliberationState

__all__ = ["Synthesizer", "synthesize_request"]


@dataclass(frozen=True)
class Synthesizer:
    """Asks the configured expert for the final text, once, after the last round."""

    fan_out: FanOut

    async def __call__(
        self, state: DeliberationState, runtime: Runtime[DeliberationConfig]
    ) -> dict[str, Any]:
        """Ask and file the text, or the absence; nothing without a winner."""
        context = runtime.context
        name = context.synthesizer
        stopped = state.get("halt") == StopReason.USER_STOP
        if name is None or stopped or not state.get("tallies"):
            return {}
        winner, _, _ = choose(state, context)
        request = synthesize_request(state, winner, name, context)
        told = DeliberationEvent(
            event="asked", round=state["round"], phase="synthesize", expert=name
        )
        granted = allot(
            context.caps, charged(state), {name: worst_cases(request, name, context)}
        )
        late = seconds_left(state, context) == 0
        if late or not granted[name]:
            missing = _not_asked(state["round"], name, late=late)
            runtime.stream_writer({**told, "event": "absent", "reason": missing.reason})
            return {"absences": {f"r{state['round']}.synthesize.{name}": missing}}
        runtime.stream_writer(told)
        read = partial(read_synthesis, winner=winner, expert=name, state=state)
        outcome = await self.fan_out.ask(
            {**state, "attempts": granted},
            runtime,
            name,
            request,
            partial(read, config=context),
        )
        update = call_records(
            outcome, round_number=state["round"], phase="synthesize", expert=name
        )
        if outcome.value is None:
            reason = str(outcome.failure)
            runtime.stream_writer({**told, "event": "absent", "reason": reason})
            return update
        wrote = outcome.value
        runtime.stream_writer(
            {**told, "event": "synthesized", "answer": wrote.answer, "used": wrote.used}
        )
        return {**update, "synthesis": wrote}


def synthesize_request(
    state: DeliberationState, winner: Proposal, expert: str, config: DeliberationConfig
) -> Request:
    """Write the prompt: the task, and fenced: the answer, what was said of it, others.

    No author, weight or vote is in it, and no order tells of one.
    """
    call = f"{config.seed}.r{state['round']}.synthesize.{expert}"
    others = sorted(id_ for id_ in state["candidates"] if id_ != winner.id)
    work = frame(
        "candidate",
        [
            ("chosen answer", winner.text),
            *(("critique", said) for said in _critiques(state, winner.id)),
            *(("other answer", state["proposals"][id_].text) for id_ in others),
        ],
        call=call,
        chars=config.peer_text_chars,
    )
    limit = config.expert(expert).answer_tokens or config.answer_tokens
    return Request(
        messages=(
            Message("system", fill("system")),
            Message("user", fill("synthesize", task=state["task"], work=work)),
        ),
        max_output_tokens=min(config.answer_tokens, limit),
        timeout_s=config.call_timeout_s,
        phase="synthesize",
        round=state["round"],
        seed=config.seed,
        reask=lambda _: fill("synthesize_again"),
    )


def read_synthesis(
    reply: Reply,
    *,
    winner: Proposal,
    expert: str,
    state: DeliberationState,
    config: DeliberationConfig,
) -> Synthesis:
    """Turn a reply into a final text, used if it keeps the winner's answer.

    Raises:
        ExpertError: `empty`, `truncated`, or `malformed`: it commits to no answer
            where the winner does.
    """
    text = strip_reasoning(reply.text)
    if not text:
        raise ExpertError("empty", "the reply holds no text")
    if reply.truncated:
        raise ExpertError(
            "truncated", "cut off by the limit on output; raise answer_tokens"
        )
    answer, key = final_answer(text), answer_key(text, config.answer_kind)
    used = keeps_answer(winner, key)
    if not used and answer is None and key is None:
        raise ExpertError("malformed", "the text does not end with `Answer: …`")
    return Synthesis(
        round=state["round"],
        expert=expert,
        text=text,
        answer=answer,
        key=key or f"alone:{text_digest(text)}",
        used=used,
    )


def _critiques(state: DeliberationState, winner: str) -> list[str]:
    """What reviewers wrote of a proposal, each once, in an order of no meaning."""
    said = {
        ballot.written[label(place)].critique
        for ballot in state.get("ballots", {}).values()
        for place, id_ in enumerate(ballot.shown)
        if id_ == winner and label(place) in ballot.written
    }
    digests = {
        hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(): text
        for text in said
        if text.strip()
    }
    return [digests[digest] for digest in sorted(digests)]


def _not_asked(round_number: int, name: str, *, late: bool) -> Absence:
    return Absence(
        round=round_number,
        phase="synthesize",
        expert=name,
        kind="timeout" if late else "budget",
        reason="the deadline of the run was reached"
        if late
        else "its worst case does not fit under the caps",
    )
