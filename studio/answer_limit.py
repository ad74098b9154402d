"""Whether the answer ran into the limit on output, as far as the record tells."""

from nsed.state.records import CallRecord
from nsed.state.run_record import RunRecord

__all__ = ["limit_reached"]


def limit_reached(record: RunRecord) -> bool:
    """Whether whoever wrote the answer was cut off by the limit on output.

    Told by the tokens that the provider counted; where they are estimated, or the reply
    came out of a cache, nobody knows, and it counts as not reached. A synthesizer's
    text is whole: one that was cut off is never used.

    Args:
        record: Of a run that has an answer.
    """
    verdict = record.verdict
    if verdict.synthesized:
        return False
    winner = record.proposals[verdict.proposal]
    config = record.context
    most = config.expert(winner.expert).answer_tokens or config.answer_tokens
    limit = min(config.answer_tokens, most)
    return any(
        _cut_off(call, limit)
        for call in record.calls.values()
        if (call.round, call.phase, call.expert)
        == (winner.round, "propose", winner.expert)
    )


def _cut_off(call: CallRecord, limit: int) -> bool:
    if call.outcome != "ok":  # `truncated`: it was asked to finish, and did
        return call.outcome == "truncated"
    return not call.usage.estimated_calls and call.usage.output_tokens >= limit
