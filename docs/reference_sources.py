"""What the source files say: read, never imported."""

import ast
from pathlib import Path
from typing import Any

import griffe

__all__ = ["ROOT", "at_home", "face", "public", "visited"]

ROOT = Path(__file__).parents[1]


def source_of(module: str) -> Path:
    """The file of a module: the folders at the top are packages of nsed."""
    parts = module.split(".")[1:]
    for root in (ROOT, ROOT / "src" / "nsed"):
        base = root.joinpath(*parts)
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if parts and path.is_file():
                return path
    raise FileNotFoundError(module)


def visited(module: str) -> griffe.Module:
    """What stands in a module."""
    file = source_of(module)
    code = file.read_text(encoding="utf-8")
    return griffe.visit(module, filepath=file, code=code, docstring_parser="google")


def face() -> dict[str, str]:
    """By public name of `nsed`: the module it lives in."""
    text = (ROOT / "src/nsed/__init__.py").read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOME":
            return dict(sorted(ast.literal_eval(node.value).items()))
    raise LookupError("src/nsed/__init__.py: there is no _HOME")


def public(module: griffe.Module) -> list[str]:
    """The names in its `__all__`."""
    return [str(name) for name in (module.exports or ())]


def at_home(module: griffe.Module, name: str) -> Any:
    """A name where it is defined."""
    found = module[name]
    if not found.is_alias:
        return found
    home, _, own = found.target_path.rpartition(".")
    return visited(home)[own]
