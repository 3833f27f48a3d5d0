"""Where does a sentence end? Good enough to cut an abstract where a reader would."""
# ruff: noqa: RUF001  # typographic quotes and wide stops end sentences

from __future__ import annotations

import re

# A full stop after one of these ends no sentence.
_ABBREVIATIONS = frozenset(
    re.split(
        r"\s",
        "al approx app cf ch conf dr e.g eg eq eqs eqn est etc ex fig figs i.e ie inc jan feb "
        "mar apr jun jul aug sep sept oct nov dec jr min mr mrs ms no nos p pp prof ref refs "
        "resp sec sect sr st tab thm v vol vs w.r.t wrt",
    )
)
_MARK = r"(?P<mark>[.!?]+[\"'”’)\]]*)(?P<space>\s+)(?=[\"'“‘(\[\\$]*[^\Wa-z_])"
_WIDE = r"(?P<wide>[。！？]+[」』”]*)\s*"
_STOP = re.compile(rf"{_MARK}|{_WIDE}|\n\s*\n\s*")
_PLAIN_STOP = re.compile(rf"{_MARK}(?P<wide>(?!))?")  # one kind to look for: much faster


def split(text: str) -> list[str]:
    """Return the sentences, in order, stripped, none empty; joined they lose only white space.

    Abbreviations ("et al.", "Fig. 3"), initials and decimals end no sentence.
    """
    return [text[start:end] for start, end in spans(text)]


def spans(text: str) -> list[tuple[int, int]]:
    """Return where each sentence of ``split`` begins and ends, in characters."""
    found: list[tuple[int, int]] = []
    start = 0
    is_plain = "\n" not in text and text.isascii()
    for stop in (_PLAIN_STOP if is_plain else _STOP).finditer(text):
        if stop["mark"] and _is_abbreviation(
            text, start=start, end=stop.start("mark"), mark=stop["mark"]
        ):
            continue
        end = (
            stop.end("mark") if stop["mark"] else stop.end("wide") if stop["wide"] else stop.start()
        )
        found.append(_stripped(text, start, end))
        start = stop.end()
    found.append(_stripped(text, start, len(text)))
    return [(start, end) for start, end in found if start < end]


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without the white space at its ends."""
    piece = text[start:end]
    before = len(piece) - len(piece.lstrip())
    return start + before, max(start + before, start + len(piece.rstrip()))


def gist(text: str, *, limit: int = 240) -> str:
    """Return the beginning of a text in at most ``limit`` characters, white space folded.

    Whole sentences where at least one fits; else as many whole words as fit, and "…".
    """
    head = " ".join(text[: 8 * limit].split())
    if len(head) <= limit and len(text) <= 8 * limit:
        return head
    kept = ""
    for sentence in split(head):
        longer = f"{kept} {sentence}" if kept else sentence
        if len(longer) > limit:
            break
        kept = longer
    return kept or _cut(head, limit)


def _is_abbreviation(text: str, *, start: int, end: int, mark: str) -> bool:
    if mark != ".":
        return False
    word = text[max(start, end - 12) : end].rsplit(maxsplit=1)[-1:]
    if not word:
        return False
    bare = word[0].lstrip("([\"'“").lower()
    return bare in _ABBREVIATIONS or (len(bare) == 1 and bare.isalpha())


def _cut(text: str, limit: int) -> str:
    words = text[:limit].rsplit(" ", 1)
    kept = words[0] if len(words) > 1 and len(words[0]) >= limit // 2 else text[: limit - 1]
    return kept[: limit - 1].rstrip(" ,;:.–—-") + "…"
