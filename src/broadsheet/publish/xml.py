"""How is XML written? By ElementTree alone, and without what XML 1.0 cannot carry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Mapping

# Everything outside the production Char of XML 1.0 (fifth edition), section 2.2, and what that
# section discourages: noncharacters, and C1 controls, which readers take for Windows-1252.
_ILLEGAL = re.compile(
    "[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
)
ATOM = "http://www.w3.org/2005/Atom"


def legal(text: str, /) -> str:
    """Return the text without characters that no XML 1.0 document may contain."""
    return _ILLEGAL.sub("", text)


def add(
    parent: ET.Element,
    tag: str,
    text: str | None = None,
    attributes: Mapping[str, str] | None = None,
) -> ET.Element:
    """Append an element with text and attributes, both made legal, and return it."""
    cleaned = {name: legal(value) for name, value in (attributes or {}).items()}
    element = ET.SubElement(parent, tag, cleaned)
    if text is not None:
        element.text = legal(text)
    return element


def document(root: ET.Element, /) -> bytes:
    """Return the whole document in UTF-8 with its declaration."""
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def html(element: ET.Element, /) -> str:
    """Return a tree of HTML elements as escaped HTML, without the element itself."""
    text: str = ET.tostring(element, encoding="unicode", method="html")
    return text[text.index(">") + 1 : text.rindex("<")]
