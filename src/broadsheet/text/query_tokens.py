"""Where does one piece of a query end? Words, quotations, operators, parentheses.

What cannot be an operator where it stands is text: a quotation mark without its partner, a
parenthesis that is never closed, or one too deep inside others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from broadsheet.text.query_fields import FILTER_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 16
"""Parentheses within one another; deeper ones are text."""

TEXT_FIELDS = {
    "title": "title",
    "ti": "title",
    "abstract": "abstract",
    "abs": "abstract",
    "venue": "venue",
    "id": "id",
}
"""Prefixes of words and phrases, with the field they look in."""

_PIECE = re.compile(
    r'(?P<sign>[-+](?=["“\w]))?(?:(?P<field>[A-Za-z]{2,10}):(?=\S))?'
    r'(?:"(?P<straight>[^"]*)"|“(?P<curly>[^“”]*)”|(?P<word>\S+))'
)
_OPEN = re.compile(r"(?P<sign>[-+])?(?:(?P<field>[A-Za-z]{2,10}):)?\(")
_STRAY = re.compile(r'(?P<sign>[-+]?)["“”]+')
_QUOTES = '"“”'
_INNER = str.maketrans(dict.fromkeys(_QUOTES, "'"))  # a mark within a piece encloses nothing
_BLANK = re.compile(r"\s*")
_OPERATORS = ("AND", "OR", "NOT")


class Kind(Enum):
    """What a token is."""

    PIECE = "piece"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    OPEN = "("
    CLOSE = ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A stretch of the query between blanks that are not quoted, or a parenthesis."""

    kind: Kind
    start: int
    end: int
    sign: str = ""
    field: str = ""  # lower case; "" for none
    value: str = ""
    typed: str = ""
    is_quoted: bool = False


def tokens(text: str) -> list[Token]:
    """Return what a clean line is made of; of parentheses those that have a partner."""
    found = list(_read(text))
    unpaired = _unpaired(found)
    return [token for place, token in enumerate(found) if place not in unpaired]


def _read(text: str) -> Iterator[Token]:
    place = _BLANK.match(text).end()  # type: ignore[union-attr]  # it always matches
    while place < len(text):
        token = _next(text, place)
        if token.kind is not Kind.PIECE or token.typed:
            yield token
        place = _BLANK.match(text, token.end).end()  # type: ignore[union-attr]


def _next(text: str, place: int) -> Token:
    """Return the token that begins here; one that is nothing has no ``typed``."""
    if text[place] == ")":
        return Token(kind=Kind.CLOSE, start=place, end=place + 1)
    opened = _OPEN.match(text, place)
    if opened and (not opened["field"] or _is_field(opened["field"])):
        return Token(
            kind=Kind.OPEN,
            start=place,
            end=opened.end(),
            sign=opened["sign"] or "",
            field=(opened["field"] or "").lower(),
        )
    found = _PIECE.match(text, place)
    stray = _STRAY.match(text, place)
    if stray and not (found and found["word"] is None):
        return _after_stray(text, place, stray)
    return _piece(text, found)  # type: ignore[arg-type]  # what is not blank is a piece


def _after_stray(text: str, place: int, stray: re.Match[str]) -> Token:
    """Return the piece behind a quotation mark that has no partner, as if it were not there."""
    if not stray["sign"] or not text[stray.end() : stray.end() + 1].isalnum():
        return Token(kind=Kind.PIECE, start=place, end=stray.end())
    token = _next(text, stray.end())
    if token.kind is Kind.OPEN:
        return Token(kind=Kind.PIECE, start=place, end=stray.end())
    return replace(
        token, kind=Kind.PIECE, start=place, sign=stray["sign"], typed=text[place : token.end]
    )


def _piece(text: str, found: re.Match[str]) -> Token:
    quoted = found["straight"] if found["straight"] is not None else found["curly"]
    word, end = found["word"], found.end()
    if quoted is None:
        kept = _without_end(word)
        first = word.find(")", len(kept))  # it closes what was opened before this word
        end -= len(word) - first if first >= 0 else 0
        word = _without_end(kept.lstrip(_QUOTES + "("))
    value = (word if quoted is None else quoted.strip()).translate(_INNER)
    typed = text[found.start() : end]
    sign, name = found["sign"] or "", found["field"] or ""
    if quoted is None and not word and name:  # a field of nothing is a word
        value, name = f"{name}:", ""
    return Token(
        kind=Kind[typed] if typed in _OPERATORS else Kind.PIECE,
        start=found.start(),
        end=end,
        sign=sign,
        field=name.lower(),
        value=value,
        typed=typed,
        is_quoted=quoted is not None,
    )


def _without_end(word: str) -> str:
    """Return a word without quotation marks and parentheses at its end that close nothing in it."""
    spare = word.count(")") - word.count("(")
    end = len(word)
    while end and (word[end - 1] in _QUOTES or (word[end - 1] == ")" and spare > 0)):
        spare -= word[end - 1] == ")"
        end -= 1
    return word[:end]


def _is_field(name: str) -> bool:
    return name.lower() in TEXT_FIELDS or name.lower() in FILTER_LABELS


def _unpaired(found: list[Token]) -> set[int]:
    """Return the places of parentheses without a partner."""
    opened: list[int] = []
    unpaired = {place for place, token in enumerate(found) if token.kind in {Kind.OPEN, Kind.CLOSE}}
    for place, token in enumerate(found):
        if token.kind is Kind.OPEN and len(opened) < MAX_DEPTH:
            opened.append(place)
        elif token.kind is Kind.CLOSE and opened:
            unpaired -= {opened.pop(), place}
    return unpaired
