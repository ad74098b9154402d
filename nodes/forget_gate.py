"""Forget: what the next round may remember of this one."""

from typing import Any

from langgraph.runtime import Runtime

from nsed.nodes.round_facts import ballots_of
from nsed.nodes.vetoes import remembered
from nsed.protocol.forget_gate import MemoryItem, forget
from nsed.protocol.identity_mask import label
from nsed.protocol.memory_text import lexical_relevance
from nsed.protocol.shown_text import shown_text
from nsed.state.context import DeliberationConfig
from nsed.state.records import Memory
from nsed.state.schema import DeliberationState

__all__ = ["forget_gate"]


def forget_gate(
    state: DeliberationState, runtime: Runtime[DeliberationConfig]
) -> dict[str, Any]:
    """Trim old memory and what this round added to the budget."""
    context, round_number = runtime.context, state["round"]
    tally = state["tallies"][str(round_number)]
    winner = state["proposals"][tally.winner]
    before = remembered(state, round_number - 1)
    about = f"{state['task']}\n{winner.text}"
    gated = forget(
        [*(before.kept if before else ()), *_new_items(state, context.peer_text_chars)],
        now=round_number,
        gamma=context.gamma,
        memory_tokens=context.memory_tokens,
        incumbent=winner.key,
        relevance=lambda text: lexical_relevance(text, about),
    )
    memory = Memory(
        round=round_number,
        kept=gated.kept,
        dropped=gated.dropped,
        tokens=sum(item.tokens for item in gated.kept),
    )
    return {"memories": {str(round_number): memory}}


def _new_items(state: DeliberationState, chars: int) -> list[MemoryItem]:
    """This round's proposals, critiques and claims, without their authors.

    As models are shown them, so that the budget counts what will be read.
    """
    round_number = state["round"]
    support = state["tallies"][str(round_number)].net_support
    items = [
        MemoryItem(
            kind="proposal",
            text=shown_text(proposal.text, chars=chars),
            born_round=round_number,
            support=support.get(id_, 0.0),
            answer=proposal.key,
        )
        for id_ in state["candidates"]
        if (proposal := state["proposals"][id_])
    ]
    for ballot in ballots_of(state, round_number):
        by_label = {label(i): id_ for i, id_ in enumerate(ballot.shown)}
        for name, mark in ballot.written.items():
            if name not in by_label:
                continue
            about = by_label[name]
            said = [("critique", mark.critique), *(("claim", c) for c in mark.claims)]
            items += [
                MemoryItem(
                    kind="critique" if kind == "critique" else "claim",
                    text=shown_text(text, chars=chars),
                    born_round=round_number,
                    support=support.get(about, 0.0),
                    answer=state["proposals"][about].key,
                )
                for kind, text in said
                if text.strip()
            ]
    return items
