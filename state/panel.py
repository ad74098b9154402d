"""The panel a round really had: who was asked, and who took part."""

from nsed.state.record import Record

__all__ = ["PanelRound"]


class PanelRound(Record):
    """One round: how many had a seat, and how many gave something usable."""

    round: int
    proposers: int
    """Bound to answer."""
    proposed: int
    """Gave an answer."""
    reviewers: int
    """Bound to review."""
    reviewed: int
    """Gave a ballot."""

    @property
    def full(self) -> bool:
        """Whether everybody took part."""
        asked = (self.proposers, self.reviewers)
        return (self.proposed, self.reviewed) == asked
