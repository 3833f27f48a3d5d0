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
_STOP = re.compile(
    r"(?P<mark>[.!?]+[\"'”’)\]]*)(?P<space>\s+)(?=[\"'“‘(\[\\$]*[^\Wa-z_])|(?P<wide>[。！？]+[」』”]*)\s*"
    r"|\n\s*\n\s*"
)


def split(text: str) -> list[str]:
    """Return the sentences, in order, stripped, none empty; joined they lose only white space.

    Abbreviations ("et al.", "Fig. 3"), initials and decimals end no sentence.
    """
    found: list[str] = []
    start = 0
    for stop in _STOP.finditer(text):
        if stop["mark"] and _is_abbreviation(
            text, start=start, end=stop.start("mark"), mark=stop["mark"]
        ):
            continue
        end = (
            stop.end("mark") if stop["mark"] else stop.end("wide") if stop["wide"] else stop.start()
        )
        found.append(text[start:end].strip())
        start = stop.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


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
