"""Function of a value that does not change -> the same function, worked once for each such value."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

Owner = TypeVar("Owner")
Rest = ParamSpec("Rest")
Made = TypeVar("Made")

_NOTHING: Any = object()  # what no function makes


def once(function: Callable[Concatenate[Owner, Rest], Made]) -> Callable[Concatenate[Owner, Rest], Made]:
    """`function`, whose result for a frozen first argument (and the same others) is kept with that argument.

    So it lives as long as what it was made from, which need not be hashable (the others have to be). Whoever gets it
    must not change it. What raises is worked anew.
    """

    def worked_once(owner: Owner, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Made:
        kept: dict[Any, Made] = owner.__dict__.setdefault("_once", {})
        key = (function, args, *kwargs.items())
        made: Made = kept.get(key, _NOTHING)
        if made is _NOTHING:
            made = kept[key] = function(owner, *args, **kwargs)
        return made

    return update_wrapper(worked_once, function)
