"""Stop sequences: where a caller wants the text to end."""

from collections.abc import Sequence

from nsed.protocol.errors import ConfigError

__all__ = ["cut", "stop_list"]


def cut(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """Cut a text before the first stop sequence in it.

    The experts do not see stop sequences: they would end their reasoning, too. What
    comes after the cut was written, and is paid for.

    Args:
        text: The whole text.
        stops: Stop sequences, none of them empty.

    Returns:
        The text, and whether something was cut off.
    """
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], True) if places else (text, False)


def stop_list(given: str | Sequence[str] | None) -> list[str]:
    """The stop sequences that a caller gave: none, one, or several.

    Raises:
        ConfigError: One is empty, or no text.
    """
    stops = [given] if isinstance(given, str) else list(given or ())
    if not all(isinstance(stop, str) and stop for stop in stops):
        raise ConfigError("stop: each stop sequence should be a text that is not empty")
    return stops
