"""Warm caches -> cold ones, so that a repetition does the whole work again."""

from __future__ import annotations

import sys
from types import ModuleType

from sympy.core.cache import clear_cache


def package_modules() -> list[ModuleType]:
    """Every module of the package that has been imported."""
    return [module for name, module in sorted(sys.modules.items()) if name.partition(".")[0] == "generator"]


def forget() -> None:
    """Empty every cache of the package, and SymPy's."""
    for module in package_modules():
        for value in list(vars(module).values()):
            clear = getattr(value, "cache_clear", None)
            if callable(clear):
                clear()
    clear_cache()
