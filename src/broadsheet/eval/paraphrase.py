"""Says a title in other words, as somebody does who half remembers it. Rules and chance, no model.

In this order, each where it applies: an abbreviation that the abstract explains is written out,
or what it stands for is abbreviated; some words become synonyms or another form of themselves;
one word of content in five is forgotten, and most small words; and the parts around a colon or
a preposition change places.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

FEWEST = 3  # words of content that must be left; shorter titles are not said otherwise
FORGOTTEN = 0.2  # of the words of content
CHANGED = 0.5  # of the words that have a synonym or another form
_SMALL = (
    "a an and are as at be by do for from how in into is its of on or over the their this to "
    "towards toward under via we what when with without"
)
SMALL = frozenset(re.split(" ", _SMALL))
HINGES = ("for", "with", "via", "by", "in", "of", "from", "using", "on", "through", "under")
SYNONYMS = {
    one: other
    for pair in (
        "approach method, using with, novel new, efficient fast, large-scale big, study analysis",
        "robust stable, enhancing improving, images pictures, detection recognition, survey review",
        "framework system, predicting forecasting, automatic automated, evaluating measuring",
        "comparing comparison, problem task, model network, fast quick, learning training",
        "generating producing, estimation estimating, understanding explaining, dataset corpus",
        "benchmark test, accurate precise, simple easy, adaptive dynamic, reducing lowering",
        "documents texts, retrieval search, language text, videos clips, speech voice",
    )
    for line in pair.split(", ")
    for one, other in (line.split(), line.split()[::-1])
}
_EXPLAINED = re.compile(r"((?:[\w-]+\s+){1,6}[\w-]+)\s*\(([A-Z][\w-]{1,9})\)")
_WORD = re.compile(r"[\w'+-]+")


def paraphrase(title: str, abstract: str, chance: random.Random, /) -> str:
    """Return a title in other words; "" where too little would be left or nothing changed."""
    told = _abbreviated(title, explained(abstract))
    parts = [_said(part, chance) for part in _parts(told, chance)]
    words = [word for part in parts for word in part]
    if sum(word.casefold() not in SMALL for word in words) < FEWEST:
        return ""
    said = " ".join(words)
    return said if said.casefold().split() != _WORD.findall(title.casefold()) else ""


def explained(abstract: str, /) -> dict[str, str]:
    """Return what the abstract explains as ``long form (ABBREVIATION)``: by abbreviation.

    The long form is the shortest run of words before the parenthesis whose initials are the
    abbreviation's letters; a plural s does not count.
    """
    found = {}
    for match in _EXPLAINED.finditer(abstract):
        letters = re.sub(r"s$", "", match[2]).casefold().replace("-", "")
        words = match[1].split()
        for start in range(len(words) - 1, -1, -1):
            pieces = re.split(r"[\s-]+", " ".join(words[start:]))
            if "".join(piece[:1] for piece in pieces).casefold() == letters:
                found[match[2]] = " ".join(words[start:])
                break
    return found


def _abbreviated(title: str, known: dict[str, str]) -> str:
    """Return the title with each abbreviation written out, or else its long form abbreviated."""
    for short, long in known.items():
        whole = re.compile(rf"\b{re.escape(re.sub(r's$', '', short))}s?\b")
        if whole.search(title):
            title = whole.sub(lambda _match, long=long: long, title)  # type: ignore[misc]
        else:
            title = re.sub(rf"\b{re.escape(long)}\b", short, title, flags=re.IGNORECASE)
    return title


def _parts(title: str, chance: random.Random) -> list[str]:
    """Return the parts of a title, the last one first where it can be cut in two."""
    before, colon, after = title.partition(": ")
    if colon:
        return [after, before]
    hinges = [
        one for one in re.finditer(r"(?<=\S\s)\w+(?=\s\S)", title) if one[0].casefold() in HINGES
    ]
    if not hinges:
        return [title]
    hinge = chance.choice(hinges)
    return [title[hinge.end() :], title[: hinge.start()]]  # the hinge itself is forgotten


def _said(part: str, chance: random.Random) -> list[str]:
    words = []
    for word in _WORD.findall(part):
        is_small = word.casefold() in SMALL
        if chance.random() < (0.7 if is_small else FORGOTTEN):
            continue
        is_changed = not is_small and chance.random() < CHANGED
        words.append(_changed(word) if is_changed else word)
    return words


def _changed(word: str) -> str:
    """Return a synonym, or the other number of a noun; names and abbreviations stay."""
    plain = word.casefold()
    if plain in SYNONYMS:
        return SYNONYMS[plain]
    if not plain.isalpha() or not word[1:].islower() or len(word) < 5:  # noqa: PLR2004  # letters
        return word
    if plain.endswith("s") and not plain.endswith(("ss", "us", "is", "ics")):
        return word[:-1]
    if plain.endswith(("tion", "work", "model", "or", "er", "ment")):
        return f"{word}s"
    return word
