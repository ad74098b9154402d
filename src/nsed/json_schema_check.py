"""Checking values against a JSON schema that anybody may have written.

A schema comes from a caller, over HTTP perhaps, so checking must neither fetch what
it refers to, nor run a regular expression that backtracks without end, nor follow
references that multiply.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final

from nsed.protocol.errors import ConfigError

__all__ = ["checked_schema"]

_MOST_REFERENCES: Final = 20_000
"""References followed in one check; honest schemas follow one a nested value."""
_MOST_PROBLEMS: Final = 3
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")

Check = Callable[[object], None]


def checked_schema(schema: Mapping[str, Any]) -> Check:
    """Make a check of a JSON schema, draft 2020-12 unless its `$schema` says another.

    Returns:
        A function that raises `ValueError` for a value that does not fit; the message
        says where and why.

    Raises:
        ConfigError: It is not a JSON schema, describes no object, or cannot be checked.
    """
    from jsonschema import validators  # noqa: PLC0415 - only where it is asked for
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415 - as above

    kind = validators.validator_for(schema, default=validators.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        where = ".".join(map(str, error.absolute_path))
        place = f" at {where}" if where else ""
        raise ConfigError(f"not a JSON schema{place}: {error.message[:300]}") from error
    except RecursionError as error:
        raise ConfigError("the JSON schema is nested too deeply") from error
    if schema.get("type", "object") != "object":
        raise ConfigError(
            f"the JSON schema describes a {schema['type']!r}; it should describe an "
            'object: {"type": "object", "properties": …}'
        )
    count = [0]
    guarded = validators.extend(
        kind,
        {
            "pattern": _pattern,
            "patternProperties": None,
            **{
                name: _counted(kind.VALIDATORS[name], count)
                for name in _REFERENCES
                if name in kind.VALIDATORS
            },
        },
    )
    _refuse_unchecked(schema)
    checker = guarded(dict(schema), registry=Registry())  # no look-ups beyond itself

    def check(value: object) -> None:
        count[0] = 0
        _raise_problems(checker.iter_errors(value))

    return check


def _raise_problems(problems: Iterator[Any]) -> None:
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    lines: list[str] = []
    try:
        for problem in problems:
            where = ".".join(map(str, problem.absolute_path))[:80] or "object"
            lines.append(f"{where}: {problem.message[:300]}")
            if len(lines) == _MOST_PROBLEMS:
                break
    except RecursionError as error:
        msg = "the value, or the schema, is nested too deeply"
        raise ValueError(msg) from error
    except Unresolvable as error:  # relative to an `$id` within
        msg = f"the schema refers to {str(error.ref)[:200]!r}, which is not in it"
        raise ValueError(msg) from error
    if lines:
        raise ValueError("; ".join(lines))


def _counted(follow: Any, count: list[int]) -> Any:  # noqa: ANN401 - jsonschema's
    def counted(*given: Any) -> Any:  # noqa: ANN401
        count[0] += 1
        if count[0] > _MOST_REFERENCES:
            msg = f"the schema follows more than {_MOST_REFERENCES} references"
            raise ValueError(msg)
        yield from follow(*given) or ()

    return counted


def _pattern(_: Any, pattern: str, value: object, __: Any) -> Iterator[Any]:  # noqa: ANN401
    """Match in linear time, unlike `re`."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415

    if isinstance(value, str) and not _matches(pattern)(value):
        yield ValidationError(f"does not match {pattern!r}")


def _matches(pattern: str) -> Callable[[str], bool]:
    from pydantic import StringConstraints, TypeAdapter, ValidationError  # noqa: PLC0415
    from pydantic_core import SchemaError  # noqa: PLC0415

    try:
        form: TypeAdapter[str] = TypeAdapter(
            Annotated[str, StringConstraints(pattern=pattern, strict=True)]
        )
    except SchemaError as error:
        raise ConfigError(
            f"the pattern {pattern[:80]!r} of the JSON schema cannot be checked: "
            "look-around and back-references are not supported"
        ) from error

    def matches(text: str) -> bool:
        try:
            form.validate_python(text)
        except ValidationError:
            return False
        return True

    return matches


def _refuse_unchecked(schema: Mapping[str, Any]) -> None:
    """Find what cannot be checked before anything is asked."""
    find = _finder(schema)
    waiting: list[object] = [schema]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            if isinstance(found.get("pattern"), str):
                _matches(found["pattern"])
            if isinstance(found.get("patternProperties"), dict):
                raise ConfigError(
                    "the JSON schema's patternProperties is not supported"
                )
            for word in _REFERENCES:
                if isinstance(found.get(word), str):
                    find(found[word])
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def _finder(schema: Mapping[str, Any]) -> Callable[[str], None]:
    """A function that makes sure that a reference leads to a place in the schema."""
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415

    whole = DRAFT202012.create_resource(dict(schema))
    resolver = Registry().resolver_with_root(whole)

    def find(reference: str) -> None:
        try:
            resolver.lookup(reference)
        except (Unresolvable, RecursionError) as error:
            raise ConfigError(
                f"the JSON schema refers to {reference[:200]!r}, which is not in it"
            ) from error

    return find
