"""Texts of models for people: what a terminal would obey is made visible."""

from nsed.protocol.invisible import visible_text

__all__ = ["one_line", "visible"]


def visible(text: str) -> str:
    r"""Write control and other hidden characters as escapes: ESC becomes `\x1b`.

    By the same rule as in prompts, so that people see what models were shown. Line
    ends become `\n`, tabs stay.
    """
    return visible_text(text)


def one_line(text: str, limit: int) -> str:
    """Fold white space and cut to `limit` characters, ending in an ellipsis."""
    folded = visible(" ".join(text.split()))
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"
