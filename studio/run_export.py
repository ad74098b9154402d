"""A run as one HTML file that needs nothing else: to keep, to send, to look at offline.

It is the run page with its own files written into it. Each module becomes a function,
in the order in which modules need each other; nothing is built or minified.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from nsed.state.run_record import RunRecord, UnfinishedRecord
from nsed.studio.run_view import run_view
from nsed.studio.web_files import PAGE, WEB_FILES

__all__ = ["export_run"]

_IMPORT = re.compile(r'^import \{ ([^}]*) \} from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE
)
_STYLE = re.compile(r'<link rel="stylesheet" href="/web/([\w.]+)">\n')
_SCRIPT: Final = '<script type="module" src="/web/page.js"></script>\n'
_ICON: Final = 'href="/web/icon.svg"'
_CHARSET: Final = '<meta charset="utf-8">\n'


def export_run(
    record: RunRecord,
    *,
    state: str = "",
    reason: str = "",
    trail: Mapping[str, str] | None = None,
) -> str:
    """Write a run as HTML, to be stored in UTF-8.

    Args:
        record: Of the run, finished or not.
        state: How it stands, as the API says it; by default as the record tells.
        reason: Why it stands so, in words.
        trail: `status` and `detail` of its trail, where that was looked into.
    """
    told = {
        "state": state or _state(record),
        "reason": reason,
        "question": None,
        "trail": trail,
        "run": run_view(record),
    }
    style = "".join(WEB_FILES[name] for name in _STYLE.findall(PAGE))
    script = _bundle("page.js")
    icon = base64.b64encode(WEB_FILES["icon.svg"].encode()).decode()
    data = f'<script type="application/json" id="run-data">{_data(told)}</script>\n'
    page = _STYLE.sub("", PAGE)
    for old, new in (
        (_CHARSET, f"{_CHARSET}{_policy(script, style)}\n<style>{style}</style>\n"),
        (_ICON, f'href="data:image/svg+xml;base64,{icon}"'),
        (_SCRIPT, ""),
        ("</body>", f'{data}<script type="module">{script}</script>\n</body>'),
    ):
        before, _, after = page.partition(old)
        page = before + new + after
    return page


def _state(record: RunRecord) -> str:
    if isinstance(record, UnfinishedRecord):
        return "open"
    return "failed" if record.verdict.status == "failed" else "finished"


def _data(told: Mapping[str, Any]) -> str:
    """JSON in ASCII without `<`: it can end no script."""
    return json.dumps(told, separators=(",", ":")).replace("<", "\\u003c")


def _policy(script: str, style: str) -> str:
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; "
        f"style-src '{_hash(style)}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">'


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _bundle(entry: str) -> str:
    """All modules that the entry needs, each as a function of its own."""
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        if name in parts:
            return
        text = WEB_FILES[name]
        for _, needed in _IMPORT.findall(text):
            add(needed)
        body = _IMPORT.sub(
            lambda found: f"const {{ {found[1]} }} = {_named(found[2])};\n", text
        )
        given = ", ".join(found[2] for found in _EXPORT.finditer(text))
        body = _EXPORT.sub(r"\1", body)
        parts[name] = (
            f"const {_named(name)} = (() => {{\n{body}return {{ {given} }};\n}})();\n"
        )

    add(entry)
    return "".join(parts.values())


def _named(name: str) -> str:
    return f"$_{name.removesuffix('.js')}"
