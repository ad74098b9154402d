"""Characters nobody sees, made visible; text of every language stays readable.

Hidden are control characters but tab and line feed, changes of writing direction,
characters of no width, tags, variation selectors, fillers, private use, noncharacters
and lone surrogates. A few of them have an honest use, and stay where they have it: a
joiner in Persian, Hindi or a family of emoji, the selector behind a heart [ours].
"""

import re

__all__ = ["visible_text"]

_PLANE_ENDS = "".join(
    chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(15)
)
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ufdd0-\ufdef\ud800-\udfff\ue000-\uf8ff"
    "\U00013430-\U00013440\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    f"\U000e0000-\U000e0fff\U000f0000-\U0010ffff{_PLANE_ENDS}"
)

# Where a character may stand that is hidden elsewhere. No class holds a hidden one,
# so what stays and what goes does not depend on what went before.
_RIGHT_TO_LEFT = (
    "\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
    "\U00010800-\U00010fff\U0001e800-\U0001efff"
)
_NEUTRAL = " !-/:-@"
_SIDES = "\u200e\u200f\u061c"
_JOINED = (
    f"{_RIGHT_TO_LEFT}\u0900-\u0dff\u0f00-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af"
    "\u1900-\u1cff\ua840-\ua8ff\ua900-\uaaff\uabc0-\uabff\U00011000-\U00011fff"
)
_UNSPACED = (
    "\u0e00-\u109f\u1780-\u17b3\u17b6-\u17ff\u1950-\u19df\u1a20-\u1aaf\uaa60-\uaa7f"
)
_PICTURE = "\u2190-\u27ff\u2900-\u2bff\U0001f000-\U0001faff"
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002fffd\U00030000-\U0003fffd"
_VARIED = (
    f"{_PICTURE}{_HAN}\xa9\xae\u203c\u2049\u20a0-\u218f\u3000-\u303f\u3297\u3299"
    "\u1000-\u109f\uaa60-\uaa7f\ua840-\ua877\uff01-\uff60"
)
_FLAGS = "|".join(  # England, Scotland, Wales
    "".join(chr(0xE0000 + ord(letter)) for letter in name) + "\U000e007f"
    for name in ("gbeng", "gbsct", "gbwls")
)
_HONEST = "|".join(
    (
        f"(?<=[{_JOINED}])[\u200c\u200d]",
        f"(?:(?<=[{_PICTURE}])|(?<=[{_PICTURE}]\ufe0f))\u200d(?=[{_PICTURE}])",
        f"(?<=[{_UNSPACED}])\u200b(?=[{_UNSPACED}])",
        f"(?:(?<=[{_RIGHT_TO_LEFT}])|(?<=[{_RIGHT_TO_LEFT}][{_NEUTRAL}]))[{_SIDES}]",
        f"[{_SIDES}](?=[{_NEUTRAL}]?[{_RIGHT_TO_LEFT}])",
        f"(?<=[{_VARIED}])[\ufe00-\ufe0f]",
        "(?<=[0-9#*])\ufe0f(?=\u20e3)",
        f"(?<=[{_HAN}])[\U000e0100-\U000e01ef]",
        "(?<=[\u1820-\u18aa])[\u180b-\u180f]",
        "\u115f(?=[\u1161-\u11ff])|(?<=[\u1100-\u115e])\u1160",
        "(?<=[\u2801-\u28ff])\u2800|\u2800(?=[\u2801-\u28ff])",
        "(?<=[\U00013000-\U0001342f])[\U00013430-\U0001343f]",
        f"(?<=\U0001f3f4)(?:{_FLAGS})",
    )
)
_FOUND = re.compile(f"({_HONEST})|[{_HIDDEN}]")


def visible_text(text: str) -> str:
    r"""Write every hidden character as an escape: a bidi override becomes `\u202e`.

    Line ends become `\n`. Doing it twice changes nothing, and no text grows by more
    than ten times.
    """
    return _FOUND.sub(_shown, text.replace("\r\n", "\n"))


def _shown(found: re.Match[str]) -> str:
    return found[1] or found[0].encode("unicode_escape").decode("ascii")
