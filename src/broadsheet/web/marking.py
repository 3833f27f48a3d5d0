"""Where in a text are the words that matched? Marked titles, and the sentence that shows most."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from broadsheet.text import normal, sentences, spelling
from broadsheet.web import view

if TYPE_CHECKING:
    from collections.abc import Iterable

EXCERPT = 300  # characters
_WORD = re.compile(r"\w+")
_ENDINGS = re.compile(r"(?:ions?|ings?|ies|edly|ed|es|ly|s|e|y)$")
_MIN_STEM = 3


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return what words of one family share, roughly: only for marking, never for finding."""
    folded = spelling.american(normal.fold(word))
    shorter = _ENDINGS.sub("", folded)
    return shorter if len(shorter) >= _MIN_STEM else folded


def marked(text: str, words: Iterable[str]) -> Markup:
    """Return a plain text as HTML with its matching words in ``<mark>``; all else is escaped."""
    stems = stems_of(words)
    if not stems:
        return escape(text)
    done: list[str] = []
    end = 0
    for found in _WORD.finditer(text):
        if _matches(found[0], stems):
            done += [escape(text[end : found.start()]), "<mark>", escape(found[0]), "</mark>"]
            end = found.end()
    return Markup("".join([*done, escape(text[end:])]))  # noqa: S704  # each piece is escaped


def ticks(text: str) -> Markup:
    """Return a text as HTML with what stands between backticks set as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a tick without its partner is a tick
        return escape(text)
    code = Markup('<span class="mono">%s</span>')
    return Markup("").join(
        code % piece if number % 2 else escape(piece) for number, piece in enumerate(pieces)
    )


def excerpt(abstract: str, words: Iterable[str]) -> str:
    """Return the sentence of an abstract with the most different matching words, shortened.

    Ties go to the earlier sentence; where nothing matches, the abstract's beginning.
    """
    text = view.plain(abstract)
    stems = stems_of(words)
    best, found = "", 0
    for sentence in sentences.split(text):
        hits = len({stem(word) for word in _WORD.findall(sentence)} & stems) if stems else 0
        if hits > found:
            best, found = sentence, hits
    if not best:
        return view.gist(abstract)
    shown = _around(best, stems)
    return shown if text.startswith(best) and shown == best else f"… {shown.lstrip('… ')}"


def stems_of(words: Iterable[str]) -> frozenset[str]:
    """Return the stems of every word in these pieces of a query."""
    return _stems_of(tuple(words))


@lru_cache(maxsize=1024)  # each hit asks three times
def _stems_of(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(stem(word) for piece in words for word in _WORD.findall(piece))


def _matches(word: str, stems: frozenset[str]) -> bool:
    return stem(word) in stems


def _around(sentence: str, stems: frozenset[str]) -> str:
    """Return at most ``EXCERPT`` characters of a sentence, with its first match in them."""
    if len(sentence) <= EXCERPT:
        return sentence
    first = next((m.start() for m in _WORD.finditer(sentence) if _matches(m[0], stems)), 0)
    start = max(0, first - EXCERPT // 3)
    if start:
        start = sentence.find(" ", start) + 1
    end = sentence.rfind(" ", start, start + EXCERPT)
    end = end if end > first else start + EXCERPT
    return ("… " if start else "") + sentence[start:end] + (" …" if end < len(sentence) else "")
