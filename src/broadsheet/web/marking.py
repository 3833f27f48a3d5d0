"""How are the words that matched shown? Marked text as HTML, cut to what a list has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from broadsheet.model import Marked

if TYPE_CHECKING:
    from broadsheet.model import Highlight

EXCERPT = 300  # characters
_OMITTED = "… "


def marked(text: Marked) -> Markup:
    """Return a marked text as HTML, its marks in ``<mark>``; all else is escaped."""
    done: list[str] = []
    end = 0
    for first, last in text.marks:
        done += [escape(text.text[end:first]), "<mark>", escape(text.text[first:last]), "</mark>"]
        end = last
    return Markup("".join([*done, escape(text.text[end:])]))  # noqa: S704  # each piece is escaped


def ticks(text: str) -> Markup:
    """Return a text as HTML with what stands between backticks set as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a tick without its partner is a tick
        return escape(text)
    code = Markup('<span class="mono">%s</span>')
    return Markup("").join(
        code % piece if number % 2 else escape(piece) for number, piece in enumerate(pieces)
    )


def excerpt(highlight: Highlight) -> Marked:
    """Return the nearest sentence, around its first mark where it is long.

    What was left out before or behind it is an ellipsis: text may stand before the sentence in
    the abstract, or in the sentence itself.
    """
    whole = highlight.sentence
    first, last = _window(whole)
    is_inside = first > 0 or not highlight.abstract.text.startswith(whole.text)
    before = _OMITTED if is_inside else ""
    after = " …" if last < len(whole.text) else ""
    shift = len(before) - first
    marks = [(a + shift, b + shift) for a, b in whole.marks if first <= a and b <= last]
    return Marked(text=before + whole.text[first:last] + after, marks=tuple(marks))


def _window(whole: Marked) -> tuple[int, int]:
    """Return which at most ``EXCERPT`` characters are shown, cut between words where it can be."""
    text = whole.text
    if len(text) <= EXCERPT:
        return 0, len(text)
    match, match_end = whole.marks[0] if whole.marks else (0, 0)
    start = max(0, match - EXCERPT // 3)
    if start:
        space = text.find(" ", start, match)
        start = space + 1 if space >= 0 else match
    end = min(len(text), start + EXCERPT)
    if end < len(text):
        space = text.rfind(" ", start, end)
        end = space if space >= match_end and space > start else end
    return start, end
