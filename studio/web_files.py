"""The files of the run page, read once, at import."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

__all__ = ["MEDIA_TYPES", "PAGE", "WEB_FILES"]

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

WEB_FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        file.name: file.read_text(encoding="utf-8")
        for file in sorted(files("nsed.studio.web").iterdir(), key=lambda f: f.name)
        if file.name.rpartition(".")[2] in MEDIA_TYPES
    }
)
"""Texts by name. Whatever is served is in here, so no path leads out of it."""

PAGE: Final = WEB_FILES["page.html"]
