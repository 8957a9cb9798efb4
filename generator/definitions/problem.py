"""YAML file -> `Problem`: what every kind of problem has, and the way to the model of its own kind."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, WithJsonSchema

from generator import kinds
from generator.definitions.source import Location, Source, read, validated
from generator.formula.greek import spelled

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_FRACTION = re.compile(r"[+-]?[0-9]+/0*[1-9][0-9]*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")


def exact(text: object) -> Fraction:
    """The exact number that a text writes: `0.10` is one tenth, `1e-3` a thousandth, `1/3` a third."""
    if isinstance(text, Fraction):
        return text
    written = str(text).strip()
    if len(written) > 1000:
        raise ValueError("a number of at most 1000 characters")
    if _NUMBER.fullmatch(written) or _FRACTION.fullmatch(written):
        return Fraction(written)
    hint = "; what is to be computed is a formula" if re.search(r"[a-z(*]", written) else ""
    raise ValueError(f"a number such as 0.15, 1e-3 or 1/3{hint}")


def name(text: str) -> str:
    """`text` where it is a name that a quantity can have (`λ` is `lambda`). Raises `ValueError` otherwise."""
    text = spelled(text)
    if not _NAME.fullmatch(text):
        raise ValueError("a name: a letter, then letters, digits and single underscores (w5, target_o1)")
    if re.search(r"_new\d*$", text):
        raise ValueError("a name that does not end in `_new` (that is how updated values are called)")
    return text


def lower(value: object) -> object:
    """`LSTM` and `Adam` as they are called here."""
    return value.lower() if isinstance(value, str) else value


def _whole(text: object) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", str(text).strip()):
        raise ValueError("a whole number, zero or more")
    return int(str(text))


def _named_rate(value: object) -> object:
    return {"eta": value} if isinstance(value, str) else value


def _texts(value: object) -> object:
    """A text in one language is a text in English."""
    return {"en": value} if isinstance(value, str) else value


NUMBER_SCHEMA = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^({_NUMBER.pattern}|{_FRACTION.pattern})$"}]
}

Exact = Annotated[Fraction, BeforeValidator(exact), WithJsonSchema(NUMBER_SCHEMA)]
NAME_SCHEMA = {"type": "string", "pattern": f"^{_NAME.pattern}$"}
Name = Annotated[str, AfterValidator(name), WithJsonSchema(NAME_SCHEMA)]
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer", "minimum": 0})]
_NAMED_RATE = {"type": "object", "propertyNames": NAME_SCHEMA, "additionalProperties": NUMBER_SCHEMA}
_RATE_SCHEMA = {"anyOf": [*NUMBER_SCHEMA["anyOf"], {**_NAMED_RATE, "minProperties": 1, "maxProperties": 1}]}
Rate = Annotated[
    dict[Name, Exact],
    BeforeValidator(_named_rate),
    Field(min_length=1, max_length=1),
    WithJsonSchema(_RATE_SCHEMA),
]
_LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z]+)?$"
_TEXTS_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        {"type": "object", "propertyNames": {"pattern": _LANGUAGE}, "additionalProperties": {"type": "string"}},
    ]
}
Language = Annotated[str, Field(pattern=_LANGUAGE)]
Texts = Annotated[dict[Language, str], BeforeValidator(_texts), WithJsonSchema(_TEXTS_SCHEMA)]


class Model(BaseModel):
    """A strict, frozen part of a definition. `OTHERWISE` has keys that authors write for keys that there are."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    OTHERWISE: ClassVar[Mapping[str, str]] = {}


class Training(Model):
    """How often the updates are repeated, and which iterations are shown in full."""

    iterations: Whole = Field(description="how many updates are made, starting from the givens", le=1_000_000)
    show: tuple[Whole, ...] = Field((), description="the iterations whose outputs and parameters are listed")


def _asked(text: str) -> str:
    if not text[:1].isalpha():
        raise ValueError("a part of the worksheet, or the name of a quantity, a vector or a matrix")
    return text


class Worksheet(Model):
    """What a worksheet leaves blank and what each blank is worth."""

    level: Literal["guided", "faded", "open"] = "guided"
    ask: tuple[Annotated[str, AfterValidator(spelled)], ...] = Field(
        (), description="the quantities asked for (default: at level `open` the usual ones, else all)"
    )
    points: dict[Annotated[str, AfterValidator(_asked)], Exact] = Field(
        default_factory=dict, description="of each blank of a part, or of one name"
    )


class Claim(Model):
    """Something that holds at the end, with the author's sentence before it."""

    holds: str
    say: Texts


class Problem(Model):
    """What every definition has, whatever its kind."""

    kind: str = Field(description="the kind of problem; each is one file in generator/kinds/")
    title: Texts
    introduction: Texts = Field(default_factory=dict)
    remarks: tuple[Texts, ...] = ()
    conventions: tuple[Texts, ...] = Field(
        (), description="what the author has settled where others do otherwise, such as the sign of an eigenvector"
    )
    notation: str | dict[str, Any] = Field("default", description="a notation's name, or a block that extends one")
    detail: Literal["all", "first"] = "first"
    training: Training | None = None
    worksheet: Worksheet = Worksheet()
    claims: tuple[str | Claim, ...] = Field(
        (),
        description="what holds at the end: `p1 + p2 == 1`, `0 <= H <= log(3)`, `sum(p) == 1`, `d(E_total, w5) > 0`; "
        "or `holds`, with what you `say` before it",
    )
    level: Literal["introductory", "intermediate", "advanced"] = "introductory"
    minutes: Whole | None = Field(None, description="about how long it takes by hand", ge=1)
    requires: tuple[str, ...] = Field((), description="the ids of problems that come before this one")

    _varied: frozenset[str] = PrivateAttr(frozenset())

    def varying(self, names: Iterable[str]) -> Self:
        """The same problem for a homework set in which these givens vary."""
        made = self.model_copy()
        made._varied = frozenset(names)
        return made

    @property
    def varied(self) -> frozenset[str]:
        """The givens that vary from student to student: no formula may be made for one value of theirs."""
        return self._varied

    @property
    def called(self) -> Mapping[str, str]:
        """What the problem itself calls quantities, by the kinds of their symbols (`<unit>`, `<index>`: a unit's)."""
        return {}

    def heading(self, group: str, language: str) -> str:
        """What the author calls a group of quantities (empty: nothing)."""
        return ""

    def sentence(self, name: str, language: str) -> str:
        """What the author says before a quantity's formula (empty: nothing)."""
        return ""

    def claim_sentence(self, place: int, language: str) -> str:
        """What the author says before a claim (empty: nothing)."""
        claim = self.claims[place]
        return self.text(claim.say, language) if isinstance(claim, Claim) else ""

    def text(self, texts: dict[str, str], language: str) -> str:
        """One of the problem's texts in `language`, else in English, else in the first language it has."""
        return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


class Definition(BaseModel):
    """A problem as read from its file: the source is kept for the places of later errors."""

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    problem: Problem
    source: Source

    @property
    def id(self) -> str:
        """The problem's id: its file's name."""
        return self.source.file.stem

    @property
    def claims(self) -> Path:
        """Where the numbers that a published example printed would stand."""
        return self.source.file.with_suffix(".claims.yml")


def kind_names() -> tuple[str, ...]:
    """The kinds there are: the modules in `kinds/`."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(kinds.__path__)))


def kind_module(kind: str) -> ModuleType:
    """The module of a kind. It offers `Definition` (a `Problem` model), `build` and `STARTER`."""
    return import_module(f"generator.kinds.{kind}")


def load(path: Path) -> Definition:
    """Read, check and type a definition file. Raises `DefinitionError` naming file, line, key, found, expected."""
    source = read(path)
    if not isinstance(source.data, dict) or "kind" not in source.data:
        raise source.error((), "no key `kind`", f"a mapping with `kind:` one of {', '.join(kind_names())}")
    kind = source.data["kind"]
    if kind not in kind_names():
        raise source.error(("kind",), f"`{kind}`", f"one of {', '.join(kind_names())}")
    module = kind_module(kind)
    problem: Problem = validated(module.Definition, source)
    for place, found, expected in module.check(problem):
        raise source.error(place, found, expected)
    return Definition(problem=problem, source=source)


Finding = tuple[Location, str, str]  # where, what was found, what was expected


def find_definitions(folder: Path) -> tuple[Path, ...]:
    """All definition files under `folder`, sorted by path."""
    return tuple(
        path
        for path in sorted(folder.rglob("*.yml"))
        if path.is_file()
        and not path.name.endswith(".claims.yml")
        and path != folder / "course.yml"
        and "sets" not in path.relative_to(folder).parts[:-1]
    )
