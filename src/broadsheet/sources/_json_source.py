"""What do sources of JSON objects share? One reads a file's objects, each becomes a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from broadsheet.sources import _documents, _entry
from broadsheet.sources._fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.model import Fault, Observation, Record


class JsonSource:
    """A file of objects of one kind, in any of the shapes that `_documents.read` knows."""

    name: ClassVar[str]

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the papers in the file's order; what is none becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        for number, item, raw in _documents.read(self.path):
            where = f"{self.path.name} item {number}"
            problem = problem_of(item)
            if problem:
                yield _entry.fault(self.name, where, problem, raw)
                continue
            try:
                yield _entry.to_record(self.name, self.values(item))
            except FieldError as error:
                yield _entry.fault(self.name, where, error, raw)

    def values(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return an object's fields under the names of a JSON Lines record.

        Raises:
            FieldError: the object is no paper.
        """
        raise NotImplementedError


def problem_of(item: Any) -> str:
    """Return why something is no object that could be a paper; "" where it could."""
    if isinstance(item, _documents.BrokenError):
        return str(item)
    if item is None:
        return "null: the paper that was asked for is not known to the source"
    if not isinstance(item, dict):
        return "here should be an object in {}"
    said = item.get("error") or (item.get("status") == "failed" and item.get("message-type"))
    return f"the source answered with an error: {str(said)[:200]}" if said else ""


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in what should be a list of them."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    """Return what should be an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """Return a text, the first of a list, or a whole number as text; "" for anything else."""
    if isinstance(value, list):
        value = next(iter(texts(value)), "")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    """Return the texts in what should be a list of them."""
    return (
        [each for each in value if isinstance(each, str) and each]
        if isinstance(value, list)
        else []
    )


def kept(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that say something; False says nothing here."""
    return {name: value for name, value in values.items() if value or type(value) is int}
