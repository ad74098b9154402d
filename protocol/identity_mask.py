"""Identity masking: fresh labels in a fresh order for every reviewer of a round."""

import hashlib
import random
from collections.abc import Collection, Mapping

__all__ = ["label", "mask_identities", "seeded"]


def seeded(*parts: object) -> random.Random:
    """Return a generator that depends on these parts and on nothing else."""
    text = "\x1f".join(map(str, parts))
    return random.Random(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())  # noqa: S311


def label(position: int) -> str:
    """Name the candidate at a position: A, B, … Z, AA, AB, … (0-based).

    Raises:
        ValueError: The position is negative.
    """
    if position < 0:
        msg = f"position must not be negative, found {position}"
        raise ValueError(msg)
    high, low = divmod(position, 26)
    return (label(high - 1) if high else "") + chr(ord("A") + low)


def mask_identities(
    assignment: Mapping[str, Collection[str]], *, seed: int, round_number: int
) -> dict[str, tuple[str, ...]]:
    """Order each reviewer's candidates; position 0 is his `A`, 1 his `B`, ….

    The order depends only on the seed, the round, the reviewer and the set of his
    candidates, so it can be repeated, and no position is a hint [paper: masking;
    ours: the seeding].

    Args:
        assignment: For each reviewer the ids of the proposals he judges.
        seed: The run's seed.
        round_number: 1-based round.

    Returns:
        For each reviewer a permutation of his ids. `ids[i]` unmasks `label(i)`.
    """
    masks = {}
    for reviewer, ids in assignment.items():
        order = sorted(ids)
        seeded(seed, round_number, reviewer, "mask").shuffle(order)
        masks[reviewer] = tuple(order)
    return masks
