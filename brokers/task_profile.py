"""What kind of task a text is, and how long its answers will be: by a few rules.

Cheap, local and the same every time; no model is asked. The rules are tried in this
order, and the first that fits counts [ours]:

1. `knowledge`: lettered choices, at least A and B.
2. `code`: a code fence, a line that begins like program text, a stack trace, samples
   of a program's input, or an order to write, mend or explain a program or a test.
3. `language`: an order to translate, summarise, rewrite, correct or compose a text.
4. `math`: LaTeX, an equation or a sum; an order to calculate or prove something; a
   question of how many or how much next to a number, or three numbers and a quantity.
5. `knowledge`: a question word of fact (who, when, where, which, what, …).
6. `general`: all else, so most tasks in languages that the rules have no words of.

Only the beginning and the end of a long text are read, so time is bounded.
"""

import math
import re
from collections.abc import Callable
from typing import Final

from nsed.protocol.memory_text import token_estimate
from nsed.state.context import DeliberationConfig
from nsed.state.team import TaskProfile

__all__ = ["Profiler", "profile_task"]

Profiler = Callable[[str, DeliberationConfig], TaskProfile]
"""Judges a task; give a broker another one to replace these rules."""

ANSWER_TOKENS: Final = {
    "math": 200,
    "code": 300,
    "knowledge": 120,
    "language": 300,
    "general": 200,
}
"""Expected length of an answer by category. Illustrative: of the order of what models
of 2023 to 2025 wrote (medians: GSM8K 116, MATH level 5 261, MMLU-Pro 82), not fitted.
Other categories count as `general`."""

_HEAD_CHARS = 12_000
_TAIL_CHARS = 4_000
_CHARS_PER_TOKEN = 4
_MARK_TOKENS = 24
"""What a ballot spends on one candidate besides the critique: label, keys, weight."""
_CLAIM_TOKENS = 24

# No pattern below has two unbounded repeats next to each other: all are linear.
_CHOICE = re.compile(
    r"(?:^|(?<=\s))[(\uff08]?([A-H])[).\uff09\u3001:](?=\s|$)", re.MULTILINE
)
_CODE = re.compile(
    r"```"
    r"|^[ \t]{0,16}(?:def \w|class \w+ ?[:({]|import \w|from [\w.]+ import |@\w+\()"
    r"|^[ \t]{0,16}(?:#include ?[<\"]|public (?:static|class)|function \w+ ?\(|fn \w)"
    r"|^[ \t]{0,16}(?:>>> |assert \w|SELECT .{1,200} FROM )"
    r"|^[ \t]{0,16}(?:constraints:?|sample input ?\d{0,2}:?|input: ?.{1,200})$"
    r"|\bstandard input\b|\bstdin\b"
    r"|Traceback \(most recent|^[ \t]{0,16}at [\w.$<>]{1,200}\(|\b\w{1,60}Error: "
    r"|\b(?:write|implement|fix|debug|refactor|optimi[sz]e|port|explain|complete|design)"
    r"\b[^.?!\n]{0,60}\b(?:function|code|program|script|class|method|regex|query"
    r"|algorithm|unit tests?|api|python|javascript|typescript|java|c\+\+|c#|golang"
    r"|rust|sql|bash|html|css)(?!\w)",
    re.MULTILINE | re.IGNORECASE,
)
_LANGUAGE = re.compile(
    r"(?:^|[.!?:\n,] {0,4}|\b(?:please|can you|could you|and|to) )"
    r"(?:translate|summari[sz]e|paraphrase|proofread|rewrite|rephrase|reword"
    r"|\u00fcbersetze|traduis|traduce|traduci|\u043f\u0435\u0440\u0435\u0432\u0435\u0434\u0438)\b"
    r"|\b(?:write|compose|draft|create|make up)\b[^.?!\n]{0,60}"
    r"\b(?:essay|poem|haiku|sonnet|limerick|story|letter|e-?mail|article|blog|lyrics"
    r"|song|speech|review|paragraph|slogan|headline|announcement|tweet|post|dialogue)\b"
    r"|\b(?:grammar|spelling|tl;dr|summary of)\b"
    r"|\u7ffb\u8bd1|\u7ffb\u8b6f|\u7ffb\u8a33|\u8981\u7d04|\u603b\u7ed3|\uc694\uc57d",
    re.IGNORECASE,
)
_FORMULA = re.compile(
    r"\\(?:frac|sqrt|sum|int|cdot|times|mathbb|left|begin|boxed|pi|theta|le|ge)\b"
    r"|\$[^$\n]{0,200}[\\^_=+][^$\n]{0,200}\$"
    r"|[\w)] ?[=<>\u2264\u2265] ?-?[\w(]+ ?[-+*/^\u00d7\u00f7\u2212]"
    r"|[\d)] ?[+*/^\u00d7\u00f7=\u2212] ?\(?-?[\d(]|\d - \d|\b[a-z]\^\d",
    re.IGNORECASE,
)
_CALCULATE = re.compile(
    r"\b(?:calculate|compute|evaluate|simplify|solve for|prove that|integral of"
    r"|derivative of|factori[sz]e|square root of|remainder when"
    r"|(?:greatest|least) common|berechne|calcule)\b"
    r"|\u8ba1\u7b97|\u8a08\u7b97",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"\bhow (?:many|much|long|far|old|fast|tall|big|often|heavy)\b"
    r"|\bwhat(?: is| was|'s|\u2019s| will be)? (?:the |his |her |their )?"
    r"(?:total|sum|difference|average|cost|price|percent|number|probability|area"
    r"|perimeter|volume|distance|profit|ratio|product)"
    r"|\bwie viele?\b|\bcombien\b|\bcu\u00e1nt[oa]s?\b|\bquant[io]\b"
    r"|\u0441\u043a\u043e\u043b\u044c\u043a\u043e|\u591a\u5c11|\u51e0|\u3044\u304f\u3064|\uba87",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d[\d.,]{0,30}"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|dozen|twenty|half"
    r"|twice|thrice|double|triple|third|quarter|hundred|thousand)\b",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"[$\u20ac\u00a3%]|\b(?:hours?|minutes?|days?|weeks?|miles?|km|meters?|metres?|feet"
    r"|inch(?:es)?|pounds?|kg|cents?|dollars?|percent|gallons?|lit(?:er|re)s?|each|per"
    r"|total|years? old|remaining|left)\b",
    re.IGNORECASE,
)
_FACT = re.compile(
    r"\b(?:who|whom|whose|when|where|which|what)\b"
    r"|\b(?:wer|wann|wo|welche[rs]?|qui|quand|o\u00f9|quel(?:le)?s?|qui\u00e9n"
    r"|cu\u00e1ndo|d\u00f3nde|cu\u00e1l|chi|quando|dove|\u043a\u0442\u043e"
    r"|\u043a\u043e\u0433\u0434\u0430|\u0433\u0434\u0435)\b"
    r"|\u8c01|\u8ab0|\u54ea|\u4f55\u6642|\u3044\u3064|\u3069\u3053|\ub204\uad6c",
    re.IGNORECASE,
)
_MOST_NUMBERS = 3


def profile_task(task: str, config: DeliberationConfig) -> TaskProfile:
    """Judge a task by the rules of this module.

    A `config.category` other than `auto` wins over the rules.

    Returns:
        The category, and expected lengths in tokens: the task by its bytes, an answer
        by category but at most `config.answer_tokens`, and a critique as if it were
        as long as allowed.
    """
    auto = config.category == "auto"
    category = _category(task) if auto else config.category
    expected = ANSWER_TOKENS.get(category, ANSWER_TOKENS["general"])
    critique = math.ceil(config.critique_chars / _CHARS_PER_TOKEN)
    claims = config.claims_per_review * _CLAIM_TOKENS
    return TaskProfile(
        category=category,
        input_tokens=token_estimate(task),
        answer_tokens=min(expected, config.answer_tokens),
        critique_tokens=critique + _MARK_TOKENS + claims,
    )


def _category(task: str) -> str:
    text = task
    if len(task) > _HEAD_CHARS + _TAIL_CHARS:
        text = f"{task[:_HEAD_CHARS]}\n{task[-_TAIL_CHARS:]}"
    if {"A", "B"} <= set(_CHOICE.findall(text)):
        return "knowledge"
    if _CODE.search(text):
        return "code"
    if _LANGUAGE.search(text):
        return "language"
    if _is_math(text):
        return "math"
    return "knowledge" if _FACT.search(text) else "general"


def _is_math(text: str) -> bool:
    if _FORMULA.search(text) or _CALCULATE.search(text):
        return True
    numbers = len(_NUMBER.findall(text))
    if numbers and _HOW_MANY.search(text):
        return True
    return numbers >= _MOST_NUMBERS and bool(_QUANTITY.search(text))
