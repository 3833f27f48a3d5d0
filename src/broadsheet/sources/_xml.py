"""XML as it comes: whole elements one after the other, in bounded memory, up to where it breaks.

No entity is ever expanded but the five of XML and characters by number, no document type is read,
nothing is fetched. What a program somewhere did to the text is mended first, by `utf8`: one wrong
byte in one abstract must not cost the page. Where the markup itself is wrong, `mended` looks
record by record, so that it costs the one record.
"""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from html.entities import name2codepoint
from typing import TYPE_CHECKING, Protocol
from xml.etree.ElementTree import ParseError, TreeBuilder, tostring

from defusedxml import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from broadsheet.sources import _text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from xml.etree.ElementTree import Element

    Opened = Callable[[Element], None]

MAX_ELEMENT = 8 * 1024 * 1024  # bytes; the tree of one takes some twenty times that at worst
MAX_DEPTH = 200

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_ONE_BYTE = ("iso8859", "cp125", "koi8", "ascii", "latin", "mac")  # any bytes are text in these
_NO_TEXT = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
_CONTROLS = bytes(set(range(32)) - {9, 10, 13})
_REFERENCES = re.compile(
    rb"&#(?:[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)
_CLOSED = {b"<!--": b"-->", b"<![CDATA[": b"]]>"}  # what holds any text, and what ends it
_NAMED = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)"  # to the end where none comes: in linear time
    r"|&(?!#|(?:amp|lt|gt|quot|apos);)(?:([A-Za-z][A-Za-z0-9]{1,31});)?",
    re.DOTALL,
)
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)[^<>]*>")


def wrapped(element: Element, *around: str) -> str:
    """Return an element as a document of its own, within elements of these names."""
    opened = "".join(f"<{name}>" for name in around)
    closed = "".join(f"</{name}>" for name in reversed(around))
    return f"{opened}{tostring(element, encoding='unicode').strip()}{closed}"


class XmlError(Exception):
    """The XML ends or breaks here; the message is a sentence. What came before it is good."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A record whose markup is wrong."""

    number: int  # among the records of its document, from 1
    reason: str
    raw: str


class Pieces(Protocol):
    """Clean UTF-8 in pieces, not more than an element may have."""

    since: int  # bytes since the last element that was given up
    damage: str  # why the pieces end too early; "" where they do not

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""
        ...


def elements(data: bytes, names: Collection[str], *, roots: Collection[str]) -> Iterator[Element]:
    """Yield each outermost element of one of these local names, whole, in their order.

    It is emptied when the next one is asked for: take what is needed.

    Args:
        data: The document.
        names: Of the elements that are wanted.
        roots: What the outermost element may be: a page that says "Sorry" is no empty feed.

    Raises:
        XmlError: the XML is of another kind, breaks or ends too early, declares entities, or one
            element is too large.
    """
    return _elements(utf8(data), names, roots)


def pass_over(_element: Element) -> None:
    """Take no notice of an element that begins."""


def walk(
    source: Pieces,
    names: Collection[str],
    *,
    parser: DefusedXMLParser,
    roots: Collection[str] = (),
    opened: Opened = pass_over,
) -> Iterator[Element]:
    """Yield each outermost element of one of these local names; without names, the root's children.

    ``opened`` is told of every other element when it begins.

    Raises:
        XmlError: as for `elements`.
    """
    path: list[Element] = []
    wanted: Element | None = None
    try:
        for event, element in iterparse(source, events=("start", "end"), parser=parser):
            if event == "start":
                path.append(element)
                _check(path, roots)
                is_one = local(element) in names if names else len(path) == 2  # noqa: PLR2004
                wanted = element if wanted is None and is_one else wanted
                if wanted is None:
                    opened(element)
                continue
            path.pop()
            if wanted is not None and wanted is not element:
                continue
            if wanted is not None:
                yield element
                wanted = None
            source.since = 0
            element.clear()
            if path:
                path[-1].remove(element)
    except ParseError as error:
        raise XmlError(source.damage or f"the XML breaks off: {error}") from error
    except DefusedXmlException as error:
        what = (
            "a document type, which is"
            if isinstance(error, DTDForbidden)
            else "entities, which are"
        )
        raise XmlError(f"the XML declares {what} not read") from error


def mended(data: bytes, pieces: Collection[str]) -> tuple[bytes, list[Broken]]:
    """Return a document whose markup is wrong without the pieces that are broken, and these.

    Each piece is given to the strict parser for itself: nothing is closed, moved or guessed. Names
    of HTML's characters and a lone "&" in them are read as what they were meant to be. What stands
    around the pieces stays as it is; the document is in UTF-8, whatever it declares.

    Args:
        data: A document whose markup is wrong somewhere.
        pieces: Local names of elements that stand for themselves, such as records.

    Raises:
        XmlError: it has no element, or an encoding that is not known.
    """
    text = utf8(data)
    root = _ROOT.search(text)
    if root is None:
        raise XmlError("the XML has no element")
    kept: list[bytes] = []
    broken: list[Broken] = []
    end = b"</" + root[1] + b">"
    for number, (before, piece) in enumerate(_cut(text, pieces), start=1):
        mended_piece = meant(piece)
        kept.append(before)
        try:
            for _ in _elements(root[0] + mended_piece + end, pieces, ()):
                pass
        except XmlError as error:
            shown = piece[:2_000].decode("utf-8", "replace")
            reason = str(error).replace("breaks off", "is wrong", 1)
            broken.append(Broken(number=number, reason=reason, raw=shown))
        else:
            kept.append(mended_piece)
    return b"".join(kept), broken


def salvaged(
    data: bytes, names: Collection[str], *, pieces: Collection[str], roots: Collection[str]
) -> Iterator[Element | Broken]:
    """Yield the pieces of a document that are broken, then what `elements` finds in the others.

    Raises:
        XmlError: what is around the pieces is broken: the rest of them may be missing.
    """
    whole, broken = mended(data, pieces)
    yield from broken
    yield from _elements(whole, names, roots)


def utf8(data: bytes) -> bytes:
    """Return a document as UTF-8, without characters that no XML may hold.

    Its encoding is that of its mark, else the declared one, but UTF-8 where it is that and was
    declared as something of one byte a character; bytes that are wrong in UTF-8 are read as
    Windows-1252, which most of them are.

    Raises:
        XmlError: it declares an encoding that is not known.
    """
    mark = next((one for one in _MARKS if data.startswith(one[0])), None)
    if mark is not None:
        data = _decoded(data.removeprefix(mark[0]), mark[1])
    elif (name := _declared(data)) != "utf-8" and not (
        name.startswith(_ONE_BYTE) and _is_utf8(data)
    ):
        data = _decoded(data, name)
    elif not _is_utf8(data):
        data = _decoded(data, "utf-8")
    data = (
        data.translate(None, _CONTROLS).replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")
    )
    return _REFERENCES.sub(b" ", data).lstrip()


def meant(piece: bytes) -> bytes:
    """Return markup whose "&eacute;" and "&" are characters; what is text already stays."""

    def character(match: re.Match[str]) -> str:
        if match[0].startswith("<"):
            return match[0]
        point = name2codepoint.get(match[1] or "")
        return f"&#{point};" if point else f"&amp;{match[0][1:]}"

    return _NAMED.sub(character, piece.decode("utf-8", "replace")).encode("utf-8")


def encoding(name: bytes) -> str:
    """Return Python's name of an encoding that a document declares.

    Raises:
        XmlError: it is not known, or none of text.
    """
    try:
        found = codecs.lookup(name.decode("ascii")).name
        found.encode(found)  # LookupError: it makes no text of bytes
    except (LookupError, UnicodeError) as error:
        raise XmlError("the XML declares an encoding that is not known") from error
    if found.replace("-", "_") in _NO_TEXT:
        raise XmlError("the XML declares an encoding that is not read")
    return found


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


class Document:
    """A document in memory."""

    def __init__(self, data: bytes) -> None:
        """Take clean UTF-8, as `utf8` makes it."""
        self.since = 0
        self.damage = ""
        self._inner = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""
        piece = self._inner.read(size)
        self.since += len(piece)
        if self.since > MAX_ELEMENT:
            raise XmlError(f"one element goes on for more than {MAX_ELEMENT // 2**20} MiB")
        return piece


def _elements(data: bytes, names: Collection[str], roots: Collection[str]) -> Iterator[Element]:
    parser = DefusedXMLParser(target=TreeBuilder(), encoding="utf-8", forbid_dtd=True)
    yield from walk(Document(data), names, parser=parser, roots=roots)


def _check(path: list[Element], roots: Collection[str]) -> None:
    """Refuse another root, and what is nested too deeply.

    Raises:
        XmlError: one of both.
    """
    if len(path) == 1 and roots and local(path[0]) not in roots:
        raise XmlError(f"the answer is <{local(path[0])[:40]}>, not <{'> or <'.join(roots)}>")
    if len(path) > MAX_DEPTH:
        raise XmlError(f"elements are nested more than {MAX_DEPTH} deep")


def _cut(data: bytes, names: Collection[str]) -> Iterator[tuple[bytes, bytes]]:
    """Yield what stands before each piece, and the piece, from start tag to end tag.

    At last comes what stands behind them, and no piece. Tags in comments and in sections of
    characters are text, and no tags.
    """
    tag = rb"((?:[\w.-]+:)?(?:" + b"|".join(re.escape(one.encode("ascii")) for one in names) + b"))"
    marks = re.compile(rb"<!--|<!\[CDATA\[|<" + tag + rb"(?=[\s>])|</" + tag + rb"\s*>")
    at = place = 0
    opened: re.Match[bytes] | None = None
    while (mark := marks.search(data, place)) is not None:
        place = mark.end()
        if (closing := _CLOSED.get(mark[0])) is not None:
            place = data.find(closing, place) + len(closing)
            if place < len(closing):  # it has no end
                break
        elif opened is None and mark[1]:
            opened = mark
        elif opened is not None and mark[2] == opened[1]:
            yield data[at : opened.start()], data[opened.start() : place]
            at, opened = place, None
    yield data[at:], b""


def _declared(data: bytes) -> str:
    found = _DECLARED.match(data[:400].lstrip())
    return encoding(found[1]) if found else "utf-8"


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decoded(data: bytes, name: str) -> bytes:
    said = _text.mended(data) if name == "utf-8" else data.decode(name, "replace")
    return said.encode("utf-8", "replace")
