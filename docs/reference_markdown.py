"""What stands in a module, as Markdown: signatures, fields, docstrings."""

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from reference_sources import at_home

__all__ = ["docstring_lines", "lines_of"]

_WIDTH = 88


def lines_of(thing: Any, name: str) -> Iterator[str]:
    """A class, a function or a value under its name."""
    yield f"### `{name}`"
    yield ""
    if thing.is_class:
        yield from _class(thing, name.rpartition(".")[2])
    elif thing.is_function:
        yield from _fenced(_signature(thing, thing.name))
        yield from docstring_lines(thing)
    else:
        if thing.annotation is not None or thing.value is not None:
            yield from _fenced(_assigned(thing))
        yield from docstring_lines(thing)


def _class(thing: Any, name: str) -> Iterator[str]:
    bases = ", ".join(str(base) for base in thing.bases)
    yield from _fenced(f"class {name}({bases})" if bases else f"class {name}")
    yield from docstring_lines(thing)
    if "__init__" in thing.members and not thing.members["__init__"].is_alias:
        made = thing.members["__init__"]
        yield ""
        yield from _fenced(_signature(made, name))
        yield from docstring_lines(made)
    if fields := list(_fields(thing)):
        yield ""
        yield from fields
    shown = [m for m in thing.members.values() if _is_public(m)]
    for member in shown:
        if member.is_function or "property" in member.labels:
            yield ""
            yield f"#### `{name}.{member.name}`"
            yield ""
            if member.is_function:
                yield from _fenced(_signature(member, member.name))
            else:
                yield from _fenced(f"{member.name}: {member.annotation}")
            yield from docstring_lines(member)


def _is_public(member: Any) -> bool:
    return not member.name.startswith("_") and not member.is_alias


def _fields(thing: Any) -> Iterator[str]:
    """The attributes of a class, after those of its bases among ours."""
    for base in thing.bases:
        home = thing.module.members.get(str(base))
        if home is not None and home.is_alias and home.target_path.startswith("nsed."):
            yield from _fields(at_home(thing.module, str(base)))
    for field in thing.members.values():
        hidden = not _is_public(field) or field.name == "model_config"
        if field.is_attribute and "property" not in field.labels and not hidden:
            yield f"- `{_assigned(field)}`{_bounds(field)}{_words_of(field)}"


def _assigned(thing: Any) -> str:
    """`name: type = value`; of a pydantic field its default."""
    text = thing.name
    if thing.annotation is not None:
        text += f": {thing.annotation}"
    value = _of_field(thing).get("default") if _of_field(thing) else thing.value
    value = "" if value is None else " ".join(str(value).split())
    if value and len(value) <= _WIDTH and value != "...":
        text += f" = {value}"
    return " ".join(text.split())


def _of_field(thing: Any) -> dict[str, str]:
    """The arguments of `Field(...)`, if it is one."""
    value = "" if thing.value is None else str(thing.value)
    if not value.startswith("Field("):
        return {}
    call = ast.parse(value, mode="eval").body
    given = call.keywords if isinstance(call, ast.Call) else []
    return {str(one.arg): ast.unparse(one.value) for one in given}


def _bounds(thing: Any) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    found = _of_field(thing)
    words = [f"{sign} {found[key]}" for key, sign in signs.items() if key in found]
    return f" ({', '.join(words)})" if words else ""


def _words_of(thing: Any) -> str:
    if thing.docstring is None:
        return ""
    return f": {' '.join(thing.docstring.value.split())}"


def _fenced(code: str) -> list[str]:
    return ["```py", code, "```", ""]


def _signature(function: Any, name: str) -> str:
    """As it is written, without `self`."""
    parts, starred = [], False
    for parameter in function.parameters:
        if parameter.name in ("self", "cls"):
            continue
        kind = str(parameter.kind.value)
        if kind == "keyword-only" and not starred:
            parts.append("*")
            starred = True
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        starred = starred or stars == "*"
        text = stars + parameter.name
        if parameter.annotation is not None:
            text += f": {parameter.annotation}"
        if parameter.default is not None and not stars:
            equals = " = " if ":" in text else "="
            text += f"{equals}{parameter.default}"
        parts.append(text)
    begin = "async " if "async" in function.labels else ""
    head = "" if name[:1].isupper() else f"{begin}def "
    end = f" -> {function.returns}" if function.returns and head else ""
    line = f"{head}{name}({', '.join(parts)}){end}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"{head}{name}(", *(f"    {part}," for part in parts), f"){end}"])


def docstring_lines(thing: Any) -> Iterator[str]:
    """Its docstring, section by section."""
    if thing.docstring is None:
        return
    for section in thing.docstring.parse("google", warnings=False):
        yield from _section(section)


def _section(section: Any) -> Iterator[str]:
    kind, value = section.kind.value, section.value
    if kind == "text":
        yield from (*value.splitlines(), "")
    elif kind in ("parameters", "attributes"):
        yield from _list("Arguments", ((f"`{p.name}`", p.description) for p in value))
    elif kind == "raises":
        yield from _list(
            "Raises", ((f"`{r.annotation}`", r.description) for r in value)
        )
    elif kind in ("returns", "yields"):
        for one in value:
            yield f"**{kind.title()}** {_one_line(one.description)}"
            yield ""
    elif kind == "admonition":
        yield f"**{section.title or value.kind}** {_one_line(value.description)}"
        yield ""
    else:
        raise ValueError(f"a section {kind!r}: say here how it is shown")


def _list(title: str, items: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"**{title}**"
    yield ""
    for name, words in items:
        yield f"- {name}: {_one_line(words)}"
    yield ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
