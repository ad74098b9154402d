"""Who reviews what: everybody all others, or exactly k reviewers per proposal."""

from collections import deque
from collections.abc import Collection, Mapping

from nsed.protocol.identity_mask import seeded

__all__ = ["assign_reviews"]

Duty = dict[str, set[str]]


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
    may review it, if fewer) and loads are as even as they can be: no other
    assignment has a smaller sum of squares. Where nobody wrote two of the proposals
    they differ by 1 at most. A review phase then costs O(N·k) tokens instead of
    O(N²) [ours].

    Args:
        authors: Author of each proposal id.
        reviewers: Names of the reviewers.
        reviews_per_proposal: k, at least 1; None for all.
        seed: The run's seed; decides among equally even assignments.
        round_number: 1-based round.

    Returns:
        For each reviewer the sorted ids he judges; empty where nothing is left.

    Raises:
        ValueError: `reviews_per_proposal` is below 1.
    """
    if reviews_per_proposal is not None and reviews_per_proposal < 1:
        msg = f"reviews_per_proposal must be at least 1, found {reviews_per_proposal}"
        raise ValueError(msg)
    duty: Duty = {r: set() for r in sorted(reviewers)}
    draw = seeded(seed, round_number, "assign")
    ids = sorted(authors)
    draw.shuffle(ids)
    for proposal in ids:
        able = [r for r in duty if r != authors[proposal]]
        draw.shuffle(able)
        able.sort(key=lambda r: len(duty[r]))
        for reviewer in able[:reviews_per_proposal]:
            duty[reviewer].add(proposal)
    while _relieve(duty, authors):
        pass
    return {r: tuple(sorted(mine)) for r, mine in duty.items()}


def _relieve(duty: Duty, authors: Mapping[str, str]) -> bool:
    """Move one review from a reviewer to one with at least two fewer, if possible.

    It may pass through others: each on the way takes one and gives one. Such a path
    exists unless the sum of squared loads is minimal (Harvey et al. 2006,
    "Semi-matchings for bipartite graphs and load balancing").
    """
    for loaded in duty:
        # Breadth first over who could hand which proposal to whom.
        came: dict[str, tuple[str, str]] = {}
        queue = deque([loaded])
        while queue:
            giver = queue.popleft()
            for taker in duty:
                if taker == loaded or taker in came:
                    continue
                free = {p for p in duty[giver] - duty[taker] if authors[p] != taker}
                if free:
                    came[taker] = giver, min(free)
                    queue.append(taker)
        idle = min(came, key=lambda r: (len(duty[r]), r), default=loaded)
        if len(duty[idle]) + 2 <= len(duty[loaded]):
            while idle != loaded:
                giver, proposal = came[idle]
                duty[giver].remove(proposal)
                duty[idle].add(proposal)
                idle = giver
            return True
    return False
