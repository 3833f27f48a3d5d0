"""What objects are in this JSON? JSON Lines, arrays, and answers of APIs, in bounded memory.

One after the other come: objects that stand alone or one per line; the elements of an array; the
elements of the list that an answer wraps, as in ``{"meta": {}, "results": [...]}`` or
``{"message": {"items": [...]}}``. A file that is one document of any size is read in pieces.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import TYPE_CHECKING, Any

from broadsheet.sources import _fields, _lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_OBJECT = 32 * 1024 * 1024  # characters; works with thousands of authors have some million
LISTS = frozenset({"results", "items", "data", "papers", "recommendedPapers"})
WRAPPERS = frozenset({"message"})
SHOWN = 500  # characters of an object that cannot be used

_BLANK = re.compile(r"[\s,\ufeff]*")
_SPOILT = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_NEXT_LINE = re.compile(r"\n(?=[{\[])")
_MARGIN = 12  # characters: an error so near to the end may be for want of more


class BrokenError(Exception):
    """The JSON cannot be read on from here; the message is a sentence."""


def read(path: Path) -> Iterator[tuple[int, Any, str]]:
    """Yield (number from 1, JSON value or `BrokenError`, its beginning as text), in their order.

    After what cannot be read, reading goes on at the next line that begins an object.

    Raises:
        SourceError: there is no such file, or it may not be read.
    """
    text = _Text(path)
    number = 0
    was_broken = False
    while not text.is_at_end():
        if was_broken and text.peek() in "]}":  # of what was given up
            text.skip(1)
            continue
        try:
            for value, raw in _document(text):
                number += 1
                yield number, value, raw
        except BrokenError as error:
            number += 1
            was_broken = True
            yield number, error, text.shown()
            if not text.skip_to_next_line():
                return


def _document(text: _Text) -> Iterator[tuple[Any, str]]:
    first = text.peek()
    if first == "[":
        yield from _elements(text)
    elif first == "{":
        yield from _object(text)
    elif not first:
        raise text.ending()
    else:
        raise BrokenError(f"character {text.position + 1:,}: here should be a {{ or a [")


def _elements(text: _Text) -> Iterator[tuple[Any, str]]:
    text.skip(1)
    while (first := text.peek()) != "]":
        if not first:
            raise text.ending()
        yield text.value()
    text.skip(1)


def _object(text: _Text) -> Iterator[tuple[Any, str]]:
    """Yield the elements of the lists that an object wraps, or the object where it wraps none."""
    text.skip(1)
    rest: dict[str, Any] = {}
    raw, size, is_wrapper = "{", 0, False
    while (first := text.peek()) != "}":
        if not first:
            raise text.ending()
        name, name_raw = text.value() if first == '"' else (None, "")
        if name is None or text.peek() != ":":
            place = f"{text.position + 1:,}"
            text.skip(-1)  # here may begin the next line's object
            raise BrokenError(f"character {place}: here should be a name and a colon")
        text.skip(1)
        first = text.peek()
        if (first == "[" and name in LISTS) or (first == "{" and name in WRAPPERS):
            is_wrapper = True
            yield from _elements(text) if first == "[" else _object(text)
            continue
        rest[name], value_raw = text.value()
        size += len(value_raw)
        if size > MAX_OBJECT:
            raise BrokenError(f"the object is longer than {MAX_OBJECT // 2**20} MiB")
        if len(raw) < SHOWN:
            raw += f"{name_raw}: {value_raw[:SHOWN]}, "
    text.skip(1)
    if not is_wrapper:
        yield rest, raw[:SHOWN]


class _Text:
    """A file's text, as much of it as is needed at a time."""

    def __init__(self, path: Path) -> None:
        self._chunks = _lines.chunks(path)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._at = 0
        self._gone = 0  # characters before the text that is held
        self._damage = ""
        self._is_whole = False

    @property
    def position(self) -> int:
        """Characters from the file's beginning."""
        return self._gone + self._at

    def is_at_end(self) -> bool:
        """Tell whether nothing but blanks is left; damage of the file counts as something."""
        return not self.peek() and not self._damage

    def peek(self) -> str:
        """Return the next character that is no blank and no comma; "" at the end."""
        while True:
            found = _BLANK.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def ending(self) -> BrokenError:
        """Return why there is nothing more."""
        cut = "the document ends in its middle; what came before it is kept"
        return BrokenError(self._damage or cut)

    def skip(self, count: int) -> None:
        """Pass over what was peeked at; go back as far as the text is held."""
        self._at = max(self._at + count, 0)

    def shown(self) -> str:
        """Return what stands here, for a report."""
        return self._text[self._at : self._at + SHOWN]

    def value(self) -> tuple[Any, str]:
        """Return the next value and its text.

        Raises:
            BrokenError: it is none, ends too early, or is too large.
        """
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                is_cut = error.pos >= len(self._text) - _MARGIN or error.msg.startswith("Untermin")
                if is_cut and self._more():
                    continue
                if is_cut:
                    raise self.ending() from error
                place = self._gone + error.pos + 1
                raise BrokenError(f"character {place:,}: the JSON breaks: {error.msg}") from error
            except RecursionError as error:
                raise BrokenError("the object is nested too deeply") from error
            if end == len(self._text) and self._more():
                continue  # digits may go on
            raw, self._at = self._text[self._at : end], end
            return (_fields.clean_deep(value) if _SPOILT.search(raw) else value), raw

    def skip_to_next_line(self) -> bool:
        """Go to the next line that begins an object; tell whether there is one."""
        while True:
            found = _NEXT_LINE.search(self._text, self._at)
            if found:
                self._at = found.end()
                return True
            self._at = max(self._at, len(self._text) - 1)
            if not self._more():
                return False

    def _more(self) -> bool:
        """Read on, twice as much each time that it was not enough; tell whether there was more."""
        if self._is_whole:
            return False
        held = self._text[self._at :]
        if len(held) > MAX_OBJECT:
            raise BrokenError(f"the object is longer than {MAX_OBJECT // 2**20} MiB")
        pieces, size = [held], 0
        try:
            while size <= len(held):
                chunk = next(self._chunks, None)
                self._is_whole = chunk is None
                pieces.append(self._decoder.decode(chunk or b"", final=self._is_whole))
                size += len(pieces[-1])
                if self._is_whole:
                    break
        except _lines.CutError as cut:
            self._damage = f"{cut}; what came before it is kept"
            self._is_whole = True
        self._gone += self._at
        self._text, self._at = "".join(pieces), 0
        return size > 0


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _nothing(_constant: str) -> None:
    """Read NaN and Infinity, which are no JSON, as no value."""


_DECODER = json.JSONDecoder(parse_constant=_nothing, parse_float=_finite)
