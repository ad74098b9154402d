"""The effective panel, read off the state, and what it means in plain words."""

from nsed.nodes.round_facts import ballots_of
from nsed.state.panel import PanelRound
from nsed.state.schema import DeliberationState

__all__ = ["panel_of", "panel_words"]


def panel_of(state: DeliberationState) -> tuple[PanelRound, ...]:
    """Every round that was bound, first round first."""
    proposals = state.get("proposals", {}).values()
    return tuple(
        PanelRound(
            round=team.round,
            proposers=len(team.in_role("proposer")),
            proposed=sum(p.round == team.round for p in proposals),
            reviewers=len(team.in_role("reviewer")),
            reviewed=len(ballots_of(state, team.round)),
        )
        for team in sorted(state.get("teams", {}).values(), key=lambda t: t.round)
    )


def panel_words(panel: tuple[PanelRound, ...]) -> list[str]:
    """A sentence for each round in which somebody was missing."""
    return [
        f"Round {seen.round} had {seen.proposed} of {seen.proposers} answers"
        + (
            f" and {seen.reviewed} of {seen.reviewers} reviews."
            if seen.reviewers
            else "."
        )
        for seen in panel
        if not seen.full
    ]
