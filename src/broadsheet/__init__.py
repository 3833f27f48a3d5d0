"""Broadsheet: the daily papers on your own machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from broadsheet.assemble import open_library
    from broadsheet.errors import BroadsheetError
    from broadsheet.library import Library
    from broadsheet.model import Filters, Mode, Paper, Period, Query, Sort

__version__ = "0.1.0"
__all__ = [
    "BroadsheetError",
    "Filters",
    "Library",
    "Mode",
    "Paper",
    "Period",
    "Query",
    "Sort",
    "__version__",
    "open_library",
]

_HOMES = {
    "BroadsheetError": "errors",
    "Library": "library",
    "open_library": "assemble",
    **dict.fromkeys(("Filters", "Mode", "Paper", "Period", "Query", "Sort"), "model"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``broadsheet --help`` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
