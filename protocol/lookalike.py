"""Lookalikes: what reads like a fence of ours or a token of a chat template.

Servers make real turns of such tokens wherever they stand in a prompt, and a model
takes `</candidate>` in other letters for the end of a fence. Only the bracket is
written out, so the text stays readable; other mark-up, code and comparisons stay as
they are [ours].
"""

import re
import unicodedata
from typing import Final, Literal, get_args

__all__ = ["FENCES", "Fence", "disarmed"]

Fence = Literal["candidate", "earlier", "complaint"]
FENCES: Final[tuple[Fence, ...]] = get_args(Fence)
"""Kinds of framed text, and the names of their tags."""

_TURNS = (
    "s|bos|eos|unk|pad|sys|system|user|assistant|human|developer|model|tools?|turn"
    "|(?:start|end)_of_\\w{1,20}|im_(?:start|end)|eot|eom"
    "|think(?:ing)?|thought|reasoning|reflection|observation"
    "|(?:tool|function)_\\w{1,20}|invoke|function"
)
_SQUARE = (
    "inst|system_prompt|available_tools|tool_calls|tool_results|tool_content|think"
    "|args|call_id"
)
_FENCE = "|".join("\\s*+".join(word) for word in FENCES)
_LOOKALIKE = re.compile(
    f"<(?=\\s*+(?:/\\s*+)?(?:{_FENCE}))"
    "|<(?=/?\\|)"
    f"|<(?=\\s*+(?:/\\s*+)?(?:[a-z]{{1,20}}:)?(?:{_TURNS})(?:[\\s/]|>))"
    f"|\\[(?=\\s*+(?:/\\s*+)?(?:{_SQUARE})\\s*+\\])"
)
_WRITTEN_OUT = {"<": "&lt;", "[": "&#91;"}

# What compatibility (NFKC) does not fold: brackets, bars, slashes, and the commonest
# letters of other alphabets that look like ours. Far from every confusable.
_ALIKE = dict(
    zip(
        "\u2039\u2329\u3008\u27e8\u276c\u276e\u2770\u02c2\u1438\u29fc"
        "\u203a\u232a\u3009\u27e9\u276d\u276f\u2771\u02c3\u1433\u29fd"
        "\u2044\u2215\u29f8\u2571\u01c0\u2223\u2502\u2758\u23d0"
        "\u0430\u0441\u0501\u0435\u0456\u04cf\u043c\u043f\u043e\u0440\u0455\u0442\u0443"
        "\u0445\u03b1\u03b5\u03b9\u03bd\u03bf\u03c1\u03c4\u0578\u0131\u217c\u2113",
        "<<<<<<<<<<>>>>>>>>>>////|||||acdeilmnopstyxaeivoptnill",
        strict=True,
    )
)


class _Skeleton(dict[int, str]):
    """Each character as what it looks like: one for one."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        plain = folded if len(folded) == 1 else chr(code)
        self[code] = _ALIKE.get(plain, plain)
        return self[code]


_SKELETON = _Skeleton()


def disarmed(text: str) -> str:
    """Write out the bracket of every lookalike. Takes time linear in the text.

    Expects text without hidden characters, see `visible_text`. Doing it twice changes
    nothing.
    """
    kept, place = [], 0
    for found in _LOOKALIKE.finditer(text.translate(_SKELETON)):
        kept += [text[place : found.start()], _WRITTEN_OUT[found[0]]]
        place = found.end()
    return "".join([*kept, text[place:]])
