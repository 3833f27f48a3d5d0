"""XML as it comes: whole elements one after the other, up to where it breaks.

No entity is ever expanded but the five of XML, no document type is read, nothing is fetched.
Bytes that no XML may hold (control characters, broken UTF-8) are mended first: one of them in
one abstract must not cost the page.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from xml.etree.ElementTree import Element

_CONTROLS = bytes(set(range(32)) - {9, 10, 13})
_REFERENCES = re.compile(
    rb"&#(?:[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # UTF-16


class XmlError(Exception):
    """The XML ends or breaks here; the message is a sentence. What came before it is good."""


def elements(data: bytes, names: Collection[str], *, roots: Collection[str]) -> Iterator[Element]:
    """Yield each element of one of these local names when it is whole, in the order of their ends.

    It is emptied when the next one is asked for: take what is needed.

    Args:
        data: The document.
        names: Of the elements that are wanted.
        roots: What the outermost element may be: a page that says "Sorry" is no empty feed.

    Raises:
        XmlError: the XML is of another kind, breaks or ends too early, or declares entities.
    """
    events = ("start", "end")
    root = ""
    try:
        for event, element in iterparse(io.BytesIO(_mended(data)), events=events, forbid_dtd=True):
            if not root:
                root = local(element)
                if root not in roots:
                    raise XmlError(f"the answer is <{root[:40]}>, not <{'> or <'.join(roots)}>")
            if event == "end" and local(element) in names:
                yield element
                element.clear()
    except ParseError as error:
        raise XmlError(f"the XML breaks off: {error}") from error
    except DefusedXmlException as error:
        raise XmlError(
            "the XML declares a document type or entities, which are not read"
        ) from error


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text(element: Element) -> str:
    """Return all text within an element."""
    return "".join(element.itertext()).strip()


def children(element: Element) -> dict[str, list[Element]]:
    """Return an element's children by local name, in their order."""
    found: dict[str, list[Element]] = {}
    for child in element:
        found.setdefault(local(child), []).append(child)
    return found


def texts(element: Element) -> dict[str, list[str]]:
    """Return the texts of an element's children by local name; empty ones are left out."""
    found: dict[str, list[str]] = {}
    for child in element:
        if said := text(child):
            found.setdefault(local(child), []).append(said)
    return found


def _mended(data: bytes) -> bytes:
    if data.startswith(_WIDE):
        return data
    data = _REFERENCES.sub(b" ", data.translate(None, _CONTROLS))
    head = data[:200].lower()
    if b"encoding" in head.partition(b"?>")[0] and b"utf-8" not in head:
        return data  # expat knows the encoding that is named, or says that it does not
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").encode("utf-8")
    return data
