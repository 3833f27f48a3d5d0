"""What elements are in this XML file? One after the other, in bounded memory, up to its fault.

Nothing is expanded but the five entities of XML and characters by number, and nothing is fetched:
a document type is passed over, a declaration of entities ends the reading. The text is decoded
here, by its mark or its declaration, so that any encoding that Python knows can be read and one
bad byte costs one character.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import TreeBuilder

from defusedxml.ElementTree import DefusedXMLParser

from broadsheet.sources import _lines, _xml
from broadsheet.sources._xml import MAX_ELEMENT, XmlError, local

__all__ = ["XmlError", "first", "local", "read", "read_bytes", "text", "texts", "within"]

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from broadsheet.sources._xml import Opened, Pieces

_DECLARED = re.compile(rb"^<\?xml[^>]*\bencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])
_CONTROL_REFERENCE = re.compile(
    r"&#(?:[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read(
    path: Path, names: Collection[str] = (), *, opened: Opened = _xml.pass_over
) -> Iterator[Element]:
    """Yield each outermost element of one of these local names; without names, the root's children.

    Each is whole when it comes, and is emptied when the next one is asked for. ``opened`` is told
    of every other element when it begins, with its attributes and nothing in it: what stands
    around those that come.

    Raises:
        XmlError: the XML breaks, ends too early, declares entities, or an element is too large.
        SourceError: there is no such file, or it may not be read.
    """
    yield from _elements(_Source(_lines.chunks(path)), names, opened)


def read_bytes(data: bytes, names: Collection[str]) -> Iterator[Element]:
    """Yield each outermost element of one of these local names in a document, as `read` does.

    Raises:
        XmlError: the XML breaks, ends too early, declares entities, or an element is too large.
    """
    yield from _elements(_xml.Document(_xml.utf8(data)), names, _xml.pass_over)


def _elements(source: Pieces, names: Collection[str], opened: Opened) -> Iterator[Element]:
    parser = DefusedXMLParser(target=TreeBuilder(), encoding="utf-8")
    yield from _xml.walk(source, names, parser=parser, opened=opened)


def text(element: Element | None) -> str:
    """Return all text within an element; "" for none."""
    return "" if element is None else "".join(element.itertext()).strip()


def within(element: Element, *path: str) -> Iterator[Element]:
    """Yield what stands in an element under a path of local names, in order."""
    if not path:
        yield element
        return
    for child in element:
        if local(child) == path[0]:
            yield from within(child, *path[1:])


def texts(element: Element, *path: str) -> list[str]:
    """Return the texts under a path of local names that are not empty."""
    return [found for found in map(text, within(element, *path)) if found]


def first(element: Element, *path: str) -> str:
    """Return the first text under a path of local names, or ""."""
    return next(iter(texts(element, *path)), "")


class _Source:
    """A document as expat wants it: clean UTF-8 in pieces, not more than an element may have."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.damage = ""
        self.since = 0  # bytes since the last element that was given up
        self._chunks = chunks
        self._decoder: codecs.IncrementalDecoder | None = None
        self._held = b""

    def read(self, size: int, /) -> bytes:
        """Return up to that many bytes; none at the end, or where the file is damaged."""
        if not self._held:
            self._held = self._next()
        piece, self._held = self._held[:size], self._held[size:]
        self.since += len(piece)
        if self.since > MAX_ELEMENT:
            raise XmlError(f"one element goes on for more than {MAX_ELEMENT // 2**20} MiB")
        return piece

    def _next(self) -> bytes:
        found = ""
        while not found:
            try:
                chunk = next(self._chunks, None)
            except _lines.CutError as cut:
                self.damage = f"{cut}; what came before it is kept"
                return b""
            if chunk is None:
                return b""
            if self._decoder is None:
                self._decoder = codecs.getincrementaldecoder(_encoding(chunk))("replace")
                chunk = chunk.lstrip(b" \t\r\n")
            found = self._decoder.decode(chunk).translate(_CONTROLS)
        return _CONTROL_REFERENCE.sub(" ", found).encode("utf-8", "replace")


def _encoding(head: bytes) -> str:
    """Return the encoding of a document by its mark, else as it is declared, else UTF-8."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    found = _DECLARED.match(head.lstrip())
    return _xml.encoding(found[1]) if found else "utf-8"
