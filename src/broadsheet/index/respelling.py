"""Which word was meant? Words that hardly any paper has, mended by those that many have.

The index's own dictionary is all there is to look in: every word at one edit is tried in it, and
of those at two edits the ones that begin alike are compared. Nothing is kept in memory, and a new
paper's words count at once. An edit is a letter more, less, another, or two that changed places
(Damerau, CACM 7(3), 1964, doi:10.1145/363958.363994: four of five slips are one such).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.index import language
from broadsheet.ports import Spelling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.index.words import Words

MIN_LENGTH = 5  # letters; shorter words are names of methods as often as slips
MAX_LENGTH = 30
TWO_EDITS_FROM = 8  # letters
RARE = 2  # papers; a word that more papers have is known, and never mended
COMMONER = 50  # times as many papers have what is offered for a word that is there at all
ALIKE = 3  # letters at the beginning, of words at two edits
MAX_LISTED = 2_000  # words of one beginning that are compared, most frequent first
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def spelling(words: Words, word: str) -> Spelling:
    """Tell how many papers have a word, and which one was probably meant; "" where none was.

    Only words of 5 to 30 letters from a to z are mended. Of several the one of fewest edits,
    then the one that most papers have, then the first by alphabet.
    """
    exact = [form for _, form in language.exact_words(word)]
    if len(exact) != 1:
        return Spelling(word=word, papers=0)
    form = exact[0]
    papers = _papers(words, form)
    is_word = form.isascii() and form.isalpha() and MIN_LENGTH <= len(form) <= MAX_LENGTH
    if papers > RARE or not is_word:
        return Spelling(word=word, papers=papers)
    least = COMMONER * papers if papers else 1
    for candidates in (_near(words, form), _further(words, form)):
        best = max(candidates, key=lambda pair: (pair[1], pair[0]), default=("", 0))
        if best[1] >= least:
            return Spelling(word=word, papers=papers, instead=best[0], instead_papers=best[1])
    return Spelling(word=word, papers=papers)


def _papers(words: Words, form: str) -> int:
    """Return how many papers have the word in any form, or as a name; no more than needed."""
    as_typed = words.frequency("exact", form)
    if as_typed > RARE:
        return as_typed
    stem = language.stem_of(form)
    counts = [words.frequency(field, form) for field in ("authors", "venue", "ids")]
    return max(as_typed, *counts, words.frequency("text", stem) if stem else 0)


def _near(words: Words, form: str) -> Iterator[tuple[str, int]]:
    """Yield the words of the library at one edit, and how many papers have each."""
    for other in one_edit(form):
        papers = words.frequency("exact", other)
        if papers:
            yield other, papers


def _further(words: Words, form: str) -> Iterator[tuple[str, int]]:
    """Yield the words of the library at two edits that begin alike."""
    if len(form) < TWO_EDITS_FROM:
        return
    for other, papers in words.beginning("exact", form[:ALIKE], MAX_LISTED):
        if abs(len(other) - len(form)) <= 2 and edits(form, other, most=2) == 2:  # noqa: PLR2004
            yield other, papers


def one_edit(word: str) -> set[str]:
    """Return all words at one edit: some 54 for each letter."""
    splits = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    found = {before + after[1:] for before, after in splits if after}
    found |= {b + a[1] + a[0] + a[2:] for b, a in splits if len(a) > 1}
    found |= {
        before + letter + after[1:] for before, after in splits if after for letter in LETTERS
    }
    found |= {before + letter + after for before, after in splits for letter in LETTERS}
    return found - {word}


def edits(one: str, other: str, *, most: int) -> int:
    """Return the distance of optimal string alignment, or ``most + 1`` when it is larger."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, its in enumerate(other, start=1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != its))
            is_swap = i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its
            row.append(min(cost, earlier[j - 2] + 1) if is_swap else cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
