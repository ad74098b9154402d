r"""Number keys: the exact value of a written number, and no guess where it is unclear.

Read as English: a comma groups digits, a point starts the decimals. `3,14` and
`1.000,50` are neither, so they get no key [ours].
"""

import re
import unicodedata
from collections import deque
from fractions import Fraction

__all__ = ["fold", "number_key", "quantity_key"]

MOST_DIGITS = 60
MOST_EXPONENT = 400
"""Numbers beyond either limit stand alone: exact arithmetic would blow up."""

_SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
# Every repetition is bounded, atomic or followed by something it cannot match, so
# the time is linear in the text whatever the text.
_NUMBER_PATTERN = r"""
    (?<![\w^/\u221a]) (?<!\d[.,':]) (?<!\^[-+ ]) (?<!\d\*\*)
    (?P<sign>[-+])?
    (?:(?P<whole>\d{1,9})[ ](?=\d{1,9}[ ]?/))?
    (?P<digits>
        (?>\d{1,3}(?:,\d{2,3})*,\d{3} | \d{1,3}(?:[ ']\d{3})+ | \d+)(?:\.\d++)?+
        | \.\d++
    )
    (?:[ ]?/[ ]?(?P<below>\d++))?+
    (?:
        e(?P<exponent>[-+]?\d++)
        | [ ]?(?:[x*\xd7\xb7]|\\times|\\cdot)[ ]?10(?:\^|\*\*)(?P<ten>[-+]?\d++)
    )?+
    (?:[ ]?(?P<scale>hundred|thousand|million|billion|trillion)\b)?+
    (?!\d | [.,':]\d | [^\W\d]{1,9}\d | [ ]?/[ ]?\d | [ ]?\^ | \*\*\d)
    (?!(?:[kmbt]|[mb]n)\b)
"""
_NUMBER = re.compile(_NUMBER_PATTERN, re.VERBOSE | re.IGNORECASE)
# A number with at most a name before it and a unit behind it.
_QUANTITY = re.compile(
    r"(?:[a-z]\w{0,19}[ ]?=[ ]?)? [~\u2248]? [ ]?"
    r"(?:(?:us|usd|eur|gbp)?[ ]?[$\u20ac\xa3\xa5\u20b9]|usd|eur|gbp)? [ ]?"
    rf"(?P<number>{_NUMBER_PATTERN})"
    r"[ ]?[%\xb0$\u20ac\xa3\xa5\u20b9]?"
    r"(?:[ ](?!(?:or|and|not|plus|minus|times|to|mod|choose|squared|cubed)\b)"
    r"[^\W\d_]{1,20}(?:/[^\W\d_]{1,9}|\^[23])?){0,4}",
    re.VERBOSE | re.IGNORECASE,
)
_SIGN_BEFORE_CURRENCY = re.compile(r"([-+])([$\u20ac\xa3\xa5\u20b9])")
_RAISED = re.compile("[\u2070\xb9\xb2\xb3\u2074-\u2079\u207a\u207b]+")
_LOWERED = re.compile("[\u2080-\u2089]+")
_SIGNS = str.maketrans(
    {"\u2212": "-", "\u2044": "/", "\u066b": ".", "\u066c": ",", "\u2019": "'"}
)


def fold(text: str) -> str:
    """Write digits of all scripts, fractions, powers and minus signs in ASCII.

    Compatibility forms become plain ones (full width, ligatures, fixed spaces), but
    a raised 2 becomes `^2`, and a half after a digit keeps its distance.
    """
    if text.isascii():
        return text
    text = _RAISED.sub(lambda m: "^" + unicodedata.normalize("NFKC", m[0]), text)
    text = _LOWERED.sub(lambda m: "_" + unicodedata.normalize("NFKC", m[0]), text)
    folded = "".join(map(_fold_character, text)).translate(_SIGNS)
    return unicodedata.normalize("NFC", folded).strip()


def quantity_key(text: str) -> str | None:
    """Key of a folded text that is one number, perhaps with a name and a unit.

    Units are not compared: everybody answers the same question.
    """
    found = _QUANTITY.fullmatch(_SIGN_BEFORE_CURRENCY.sub(r"\2\1", text))
    return _key(found) if found else None


def number_key(text: str, *, last: bool) -> str | None:
    """Key of the number in a folded text.

    Args:
        text: Where to look.
        last: Take the last of several; else several different ones give no key.
    """
    found = _NUMBER.finditer(_SIGN_BEFORE_CURRENCY.sub(r"\2\1", text))
    if last:
        final = deque(found, maxlen=1)
        return _key(final[0]) if final else None
    keys = map(_key, found)
    first = next(keys, None)
    return first if all(key == first for key in keys) else None


def _key(found: re.Match[str]) -> str | None:
    digits = re.sub(r"[, ']", "", found["digits"])
    below, exponent = found["below"] or "1", found["exponent"] or found["ten"] or "0"
    if len(digits) + len(below) > MOST_DIGITS or len(exponent) > len("-400"):
        return None
    power = int(exponent)
    if not int(below) or abs(power) > MOST_EXPONENT:
        return None
    value = Fraction(digits) / int(below) + int(found["whole"] or 0)
    value *= Fraction(10) ** power * _SCALES.get((found["scale"] or "").lower(), 1)
    return f"number:{-value if found['sign'] == '-' else value}"


def _fold_character(character: str) -> str:
    tag = unicodedata.decomposition(character).partition(" ")[0]
    if tag in {"<super>", "<sub>"}:
        return character
    plain = unicodedata.normalize("NFKC", character)
    if tag == "<fraction>":
        return f" {plain}"
    return str(unicodedata.decimal(character)) if character.isdecimal() else plain
