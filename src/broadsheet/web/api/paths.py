"""How is a name written in a path? ``{name:any}`` takes every character, line ends too.

Starlette's own ``{name:path}`` stops at a line end, so that a name with one would fall through
to whatever answers unknown addresses, in another shape than its route promises.
"""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor


class AnyConvertor(Convertor[str]):
    """Takes the rest of a path as it is."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        """Return the name as it was asked for."""
        return value

    def to_string(self, value: str) -> str:
        """Return the name as it goes into a path."""
        return value


def register() -> None:
    """Make ``{name:any}`` known; routes are compiled when they are declared, so do it first."""
    register_url_convertor("any", AnyConvertor())
