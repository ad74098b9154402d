"""Who reviews what: everybody all others, or exactly k reviewers per proposal."""

from collections.abc import Collection, Mapping

from nsed.protocol.identity_mask import seeded

__all__ = ["assign_reviews"]


def assign_reviews(
    authors: Mapping[str, str],
    reviewers: Collection[str],
    *,
    reviews_per_proposal: int | None = None,
    seed: int = 0,
    round_number: int = 1,
) -> dict[str, tuple[str, ...]]:
    """Give each reviewer the proposals he judges, in one ballot, never his own.

    With `reviews_per_proposal = k` each proposal goes to k reviewers (or to all who
    may review it, if fewer), always the ones with the least to do so far, ties by
    seed; a review phase then costs O(N·k) tokens instead of O(N²) [ours].

    Args:
        authors: Author of each proposal id.
        reviewers: Names of the reviewers.
        reviews_per_proposal: k, at least 1; None for all.
        seed: The run's seed.
        round_number: 1-based round.

    Returns:
        For each reviewer the sorted ids he judges; empty where nothing is left.
    """
    if reviews_per_proposal is not None and reviews_per_proposal < 1:
        msg = f"reviews_per_proposal must be at least 1, found {reviews_per_proposal}"
        raise ValueError(msg)
    duty: dict[str, list[str]] = {r: [] for r in sorted(reviewers)}
    draw = seeded(seed, round_number, "assign")
    # Proposals with the fewest possible reviewers first: they have no choice.
    ids = sorted(authors)
    draw.shuffle(ids)
    ids.sort(key=lambda p: sum(r != authors[p] for r in duty))
    rank = {r: draw.random() for r in duty}
    for proposal in ids:
        able = [r for r in duty if r != authors[proposal]]
        able.sort(key=lambda r: (len(duty[r]), rank[r]))
        for reviewer in able[:reviews_per_proposal]:
            duty[reviewer].append(proposal)
    return {r: tuple(sorted(ids)) for r, ids in duty.items()}
