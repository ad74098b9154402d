"""What a client is told of a run without an answer."""

import pytest

from nsed.protocol.errors import NsedError, StructureError
from nsed.studio.run_failures import refusal_of


@pytest.mark.parametrize("kind", [StructureError, NsedError])
@pytest.mark.parametrize("words", ["expected one object, found str", "it failed."])
def test_where_the_rest_is_stands_in_a_sentence_of_its_own(
    kind: type[NsedError], words: str
) -> None:
    told = refusal_of(kind(words), "9faf").message

    assert told == f"{words.rstrip('.')}. Run 9faf has what came in."
    assert refusal_of(kind(words)).message == words
