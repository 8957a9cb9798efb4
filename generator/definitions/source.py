"""YAML file -> plain data whose scalars are still text, with the line of every key.

Read as text because YAML's own types are not exact (`1e-3` is a string to it, `no` is false, `0.10` a binary float),
and node by node because a loader silently lets a repeated key overwrite the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from generator.definitions.keys import fields_of, models_at
from generator.errors import DefinitionError, MissingFileError
from generator.formula.greek import spelled

Location = tuple[str | int, ...]
Model = TypeVar("Model")

_NULL = "tag:yaml.org,2002:null"
_DEEPEST = 50  # levels of nesting; no definition needs ten
_MOST = 500_000  # mappings, lists and texts, aliases counted as often as they stand


class Misplaced(ValueError):  # noqa: N818 - what a model raises; a `DefinitionError` is made of it
    """A mismatch that a model found while it read the whole of a definition, at a place inside it."""

    def __init__(self, place: Location, found: str, expected: str) -> None:
        super().__init__(expected)
        self.place, self.found = place, found


@dataclass(frozen=True, slots=True)
class Source:
    """What a YAML file says: mappings, lists and text, and the line on which each key or item stands."""

    file: Path
    data: Any
    lines: Mapping[Location, int]

    def line(self, place: Location) -> int | None:
        """The line of `place`, or of the nearest enclosing key that stands in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)

    def error(self, place: Location, found: str, expected: str) -> DefinitionError:
        """An error at `place`."""
        return DefinitionError(self.file, self.line(place), ".".join(map(str, place)), found, expected)

    def place_of(self, name: str) -> Location:
        """Where a quantity of this name comes from: the longest of the authors' names that it begins or ends with.

        A new value (`x_new2`) comes from the line of its update, if it has one. Empty where there is none: a total,
        say, which no line of the file names.
        """
        named = [place for place in self.lines if len(place) > 1 and place[0] not in _ABOUT]
        begun = [place for place in named if f"{name}_".startswith(f"{place[-1]}_")]
        found = begun or [place for place in named if name.endswith(f"_{place[-1]}")]
        is_new = re.search(r"_new\d*$", name) is not None

        def fit(place: Location) -> tuple[int, bool]:
            return len(str(place[-1])), is_new and place[0] == "update"

        return max(found, key=fit, default=())


_ABOUT = {"say", "symbols", "worksheet", "names", "title", "introduction"}  # keys under which names are spoken of


def read(path: Path) -> Source:
    """Read a YAML file. Raises `DefinitionError` where it is missing, not YAML, or repeats a key."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise MissingFileError(path, f"{path}: there is no such file; expected a definition file") from None
        raise DefinitionError(path, None, "", error.strerror or "an unreadable file", "a definition file") from None
    except UnicodeDecodeError:
        raise DefinitionError(path, None, "", "bytes that are not UTF-8", "a text file in UTF-8") from None
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        found, expected = (error.problem or "broken YAML").removeprefix("found "), "YAML"
        if found.startswith("expected"):  # how PyYAML speaks of a comma or a bracket that it misses
            found, expected = "a text that YAML cannot read", "a text with brackets, commas or colons in quotes"
        raise DefinitionError(path, line, "", found, expected) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: PyYAML on impossible escapes
        raise DefinitionError(path, None, "", str(error).splitlines()[0], "YAML") from None
    except RecursionError:
        raise DefinitionError(path, None, "", "YAML that is nested too deeply", "a definition file") from None
    lines: dict[Location, int] = {}
    return Source(path, _plain(path, node, (), lines), lines)


@lru_cache(maxsize=256)
def _composed(text: str) -> yaml.Node | None:
    """The YAML of a text, which is read slowly: a notation is asked for with every problem. Nobody changes a node."""
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return node


def _plain(path: Path, node: yaml.Node | None, place: Location, lines: dict[Location, int]) -> Any:
    if node is None:
        return {}
    lines.setdefault(place, node.start_mark.line + 1)
    if len(place) > _DEEPEST or len(lines) > _MOST:  # an alias may stand inside what it names
        found = "YAML that is nested too deeply or refers to itself"
        raise DefinitionError(path, node.start_mark.line + 1, str(place[0]), found, "a definition file")
    if isinstance(node, yaml.MappingNode):
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = spelled(str(key_node.value)), key_node.start_mark.line + 1
            if key in data:
                first = lines[(*place, key)]
                name = ".".join(map(str, (*place, key)))
                raise DefinitionError(
                    path, line, name, f"the key a second time (first on line {first})", "each key once"
                )
            if node.flow_style and value_node.tag == _NULL and key.count(")") > key.count("("):
                found = f"`{key}`, which a comma parts from what stands before it"
                expected = "a formula with a comma in it in quotes, or on a line of its own, without { and }"
                raise DefinitionError(path, line, ".".join(map(str, place)), found, expected)
            lines[(*place, key)] = line
            data[key] = _plain(path, value_node, (*place, key), lines)
        return data
    if isinstance(node, yaml.SequenceNode):
        return [_plain(path, item, (*place, number), lines) for number, item in enumerate(node.value)]
    if re.search("[\ud800-\udfff]", node.value):
        raise DefinitionError(path, node.start_mark.line + 1, "", "half of a letter, as `\\ud800`", "a whole letter")
    if isinstance(node, yaml.ScalarNode) and node.tag == _NULL and node.style is None:
        return None
    return node.value


def validated(model: type[Model], source: Source, data: Any = None, place: Location = ()) -> Model:
    """`data` (by default the whole file) as a `model`; a mismatch becomes a `DefinitionError` at its line."""
    adapter: TypeAdapter[Model] = _adapter(model)
    try:
        return adapter.validate_python(source.data if data is None else data)
    except ValidationError as error:
        raise _explained(model, source, place, _telling(error)) from None


def _adapter(model: type[Model]) -> TypeAdapter[Model]:
    if model not in _ADAPTERS:
        _ADAPTERS[model] = TypeAdapter(model)
    return _ADAPTERS[model]


_ADAPTERS: dict[object, TypeAdapter[Any]] = {}


_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


def _telling(error: ValidationError) -> Any:
    """The first mismatch; of the branches of a union, the one that got furthest into the data."""
    # An unknown key is often a misspelled one, and tells more than the key that is missed in its place.
    found = sorted(error.errors(), key=lambda mismatch: mismatch["type"] not in _UNKNOWN)
    first = _without_branches(found[0]["loc"])
    same = [other for other in found if _without_branches(other["loc"])[: len(first)] == first]
    return max(same, key=lambda other: len(_without_branches(other["loc"])))


def _without_branches(place: Location) -> Location:
    return tuple(part for part in place if not _is_branch(part))


def _explained(model: type[object], source: Source, place: Location, error: Any) -> DefinitionError:
    where = place
    for part in error["loc"]:
        if (*where, part) in source.lines or not _is_branch(part):
            where = (*where, part)
    found = f"`{error['input']}`" if isinstance(error["input"], str) else _kind(error["input"])
    match error["type"]:
        case unknown if unknown in _UNKNOWN:
            models = models_at(model, error["loc"][:-1])
            otherwise = {key: own for made in models for key, own in getattr(made, "OTHERWISE", {}).items()}
            if where and where[-1] in otherwise:
                return source.error(where, "an unknown key", f"`{otherwise[where[-1]]}`, as it is called here")
            known = list(dict.fromkeys(name for own in models for name in fields_of(own) if name[0] != "_"))
            close = [f"`{key}`, or another" for key in get_close_matches(str(where[-1]), known, n=1)] if where else []
            listed = f"{(close or ['one'])[0]} of the known keys{': ' if known else ''}{', '.join(known)}"
            return source.error(where, "an unknown key", listed)
        case "missing":
            return source.error(where, "nothing", "this key")
        case "too_short":
            return source.error(
                where, "too few" if error["ctx"]["actual_length"] else "none", f"at least {error['ctx']['min_length']}"
            )
        case "value_error" if isinstance(error["ctx"]["error"], Misplaced):
            misplaced = error["ctx"]["error"]
            return source.error((*where, *misplaced.place), misplaced.found, str(misplaced))
        case "value_error":
            return source.error(where, found, str(error["ctx"]["error"]))
        case _:
            message = error["msg"].removeprefix("Input should be ")
            return source.error(where, found, _PLAIN.get(error["type"], message))


_PLAIN = {  # what a type is called by who writes definitions
    **dict.fromkeys(
        ("dict_type", "model_type", "model_attributes_type", "dataclass_type"), "a mapping, such as {name: value}"
    ),
    **dict.fromkeys(("tuple_type", "list_type"), "a list, such as [a, b]"),
    "string_type": "a text",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
}


def _is_branch(part: str | int) -> bool:
    """Whether pydantic put the part in to name a branch of a union, so that it is not in the file."""
    if not isinstance(part, str):
        return False
    is_model = part[:1].isupper() and part.isalpha() and len(part) > 1  # keys of models are lower case
    return is_model or "[" in part or part in ("str", "bool", "list", "dict", "function-before")


def _kind(data: object) -> str:
    if data is None:
        return "nothing"
    kinds: dict[type, str] = {dict: "a mapping", list: "a list"}
    return kinds.get(type(data), repr(data))
