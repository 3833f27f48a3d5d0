"""What do sources of XML files share? Elements come one by one, each becomes a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from xml.etree.ElementTree import tostring

from broadsheet.sources import _entry, _xml_file
from broadsheet.sources._fields import FieldError
from broadsheet.sources._xml_file import XmlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from broadsheet.model import Fault, Observation, Record


class XmlSource:
    """A file of elements of one kind."""

    name: ClassVar[str]
    elements: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the papers in the file's order; what is none becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        number = 0
        try:
            for element in _xml_file.read(self.path, self.elements):
                number += 1
                where = f"{self.path.name} item {number}"
                try:
                    values = self.values(element)
                    if values is not None:
                        yield _entry.to_record(self.name, values)
                except FieldError as error:
                    raw = tostring(element, encoding="unicode")
                    yield _entry.fault(self.name, where, error, raw)
        except XmlError as error:
            yield _entry.fault(self.name, f"{self.path.name} item {number + 1}", error)

    def values(self, element: Element) -> dict[str, Any] | None:
        """Return an element's fields under the names of a JSON Lines record; None for no paper.

        Raises:
            FieldError: a field cannot be used.
        """
        raise NotImplementedError
