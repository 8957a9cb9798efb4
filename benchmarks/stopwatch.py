"""Functions of the package -> how much of a longer piece of work is spent in each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

from caches import package_modules
from measure import Row, Sample


class Stopwatch:
    """Adds up the time spent in each part; time inside an inner part counts for that alone.

    `parts` names the functions in which each is spent; `rest` is what is spent in none of them.
    """

    def __init__(self, parts: Mapping[str, tuple[Callable[..., Any], ...]], rest: str) -> None:
        self.parts = parts
        self.spent: dict[str, float] = dict.fromkeys((*parts, rest), 0.0)
        self._inside: list[str] = []
        self._since = 0.0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what happens inside for `name`."""
        self._book()
        self._inside.append(name)
        try:
            yield
        finally:
            self._book()
            self._inside.pop()

    def _book(self) -> None:
        now = time.perf_counter()
        if self._inside:
            self.spent[self._inside[-1]] += now - self._since
        self._since = now

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, its time counted for `name`."""

        @wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Any:
            with self.part(name):
                return function(*args, **kwargs)

        return counted

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count every call of the functions of the parts, by whatever name a module of the package knows them."""
        with ExitStack() as stack:
            for name, functions in self.parts.items():
                for function in functions:
                    counted = self.around(name, function)
                    for owner in _owners():
                        for attribute, value in list(vars(owner).items()):
                            if value is function:
                                stack.enter_context(patch.object(owner, attribute, counted))
            yield

    def rows(self, total: float) -> list[Row]:
        """A line for each part, with its share."""
        return [Row(f"  {part}", Sample((spent,)), note=f"{spent / total:.0%}") for part, spent in self.spent.items()]


def _owners() -> Iterator[object]:
    """The modules of the package, and the classes in them."""
    for module in package_modules():
        yield module
        yield from (value for value in vars(module).values() if isinstance(value, type))
