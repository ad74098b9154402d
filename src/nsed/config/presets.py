"""The presets that come with the package; a file may add others or replace these."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

__all__ = ["BUILT_IN_KNOBS", "BUILT_IN_PRESETS"]

BUILT_IN_KNOBS: Final[Mapping[str, Any]] = MappingProxyType({"patience_s": 90})
"""What holds where there is no file: small models on this machine are slow."""

BUILT_IN_PRESETS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        # One round: everybody answers, everybody reviews once, the vote decides.
        "fast": {"rounds": 1, "critique_chars": 120},
        # More evidence before stopping, and a longer memory between the rounds.
        "deep": {
            "rounds": 5,
            "effort": 0.9,
            "memory_tokens": 1000,
            "critique_chars": 300,
        },
    }
)
"""By name: values for keys of [roles], [team], [limits] and [deliberation]."""
