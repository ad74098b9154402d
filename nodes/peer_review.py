"""Review: one expert judges all his candidates in one call, on one ballot."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from langgraph.runtime import Runtime

from nsed.models.base import Message, Reply, Request
from nsed.nodes.asked import call_records
from nsed.nodes.ballot_form import (
    ballot_example,
    ballot_schema,
    ballot_tokens,
    read_marks,
)
from nsed.nodes.fan_out import FanOut
from nsed.nodes.memory_view import shown_answer
from nsed.nodes.peer_text import frame
from nsed.nodes.prompt import fill, turns
from nsed.nodes.reask import reask
from nsed.nodes.shared_state import shared_state
from nsed.nodes.user_notes import with_user_notes
from nsed.protocol.errors import ExpertError
from nsed.protocol.identity_mask import label
from nsed.state.context import DeliberationConfig
from nsed.state.events import DeliberationEvent
from nsed.state.records import Ballot
from nsed.state.schema import DeliberationState, ReviewTask

__all__ = ["PeerReview", "review_request"]


@dataclass(frozen=True)
class PeerReview:
    """Asks one expert for its ballot."""

    fan_out: FanOut

    async def __call__(
        self,
        state: ReviewTask,
        runtime: Runtime[DeliberationConfig],
    ) -> dict[str, Any]:
        """Ask, unmask, and file the ballot, or the absence, under the reviewer."""
        shared, context = shared_state(), runtime.context
        name, round_number = state["expert"], state["round"]
        shown = shared["masks"][name]
        told = DeliberationEvent(
            event="asked", round=round_number, phase="review", expert=name
        )
        runtime.stream_writer(told)

        def read(reply: Reply) -> Ballot:
            return read_ballot(reply, name, round_number, shown, context)

        request = review_request(shared, name, context)
        outcome = await self.fan_out.ask(shared, runtime, name, request, read)
        update = call_records(
            outcome, round_number=round_number, phase="review", expert=name
        )
        if outcome.value is None:
            reason = str(outcome.failure)
            runtime.stream_writer({**told, "event": "absent", "reason": reason})
            return update
        weights = {
            f"{label(place)}={shown_answer(shared['proposals'][id_].key)}": weight
            for place, id_ in enumerate(shown)
            if (weight := outcome.value.weights.get(id_)) is not None
        }
        runtime.stream_writer({**told, "event": "voted", "weights": weights})
        return {**update, "ballots": {f"r{round_number}.{name}": outcome.value}}


def review_request(
    state: DeliberationState, reviewer: str, config: DeliberationConfig
) -> Request:
    """Write a reviewer's prompt: the task and his candidates, by label, fenced."""
    texts = [state["proposals"][id_].text for id_ in state["masks"][reviewer]]
    labels = tuple(label(i) for i in range(len(texts)))
    claims, chars = config.claims_per_review, config.critique_chars
    call = f"{config.seed}.r{state['round']}.review.{reviewer}"
    shown = frame(
        "candidate",
        list(zip(labels, texts, strict=True)),
        call=call,
        chars=config.peer_text_chars,
    )
    if config.expert(reviewer).few_shot:
        # The same beginning as a proposer's prompt: servers cache it. The examples
        # show the form; small models would copy the 0 of an empty one.
        examples = (*turns("propose_examples"), *turns("review_examples"))
        question = fill("review_few_shot", task=state["task"], candidates=shown)
    else:
        examples = ()
        form = ballot_example(labels, claims=claims)
        question = fill("review", task=state["task"], candidates=shown, form=form)
    return Request(
        messages=(
            Message("system", fill("system")),
            *examples,
            Message("user", with_user_notes(state, question)),
        ),
        max_output_tokens=ballot_tokens(len(texts), chars=chars, claims=claims),
        timeout_s=config.call_timeout_s,
        phase="review",
        round=state["round"],
        seed=config.seed,
        json_schema=ballot_schema(labels, chars=chars, claims=claims),
        reask=partial(reask, call=call),
    )


def read_ballot(
    reply: Reply,
    reviewer: str,
    round_number: int,
    shown: tuple[str, ...],
    config: DeliberationConfig,
) -> Ballot:
    """Unmask a reply into a ballot. Unknown labels are dropped and recorded.

    Raises:
        ExpertError: `malformed` or `empty`: there is no ballot over what he was shown.
    """
    marks, repaired = read_marks(
        reply.text,
        chars=config.critique_chars,
        claims=config.claims_per_review,
        truncated=reply.truncated,
    )
    by_label = {label(i): id_ for i, id_ in enumerate(shown)}
    weights = {by_label[x]: mark.weight for x, mark in marks.items() if x in by_label}
    if not weights:
        raise ExpertError(
            "malformed",
            f"expected the labels {', '.join(by_label)}, found {', '.join(marks)[:80]}",
        )
    return Ballot(
        round=round_number,
        reviewer=reviewer,
        shown=shown,
        written=marks,
        weights=weights,
        dropped_labels=tuple(x for x in marks if x not in by_label),
        repaired=repaired,
    )
