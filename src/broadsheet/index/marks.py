"""Where in a text are the words that a query found it by? The index's own comparison, in place.

A word is marked when the index would have found it there: by its stem, by its exact form where it
was quoted, by its beginning before an asterisk, by two neighbouring characters in scripts without
spaces. Stop words are marked only within quotations, or where the query has nothing else.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from broadsheet.index import language
from broadsheet.model import ClauseKind, Occur
from broadsheet.text.query import leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from broadsheet.model import Clause

MAX_CLAUSE = 300  # characters of one clause that are looked for
MAX_WANTED = 200  # words and sequences of one query
_ASCII_WORD = re.compile("[a-z0-9]+")
_LAST_MARK = 0x3100  # combining marks of living scripts lie below

Span = tuple[int, int]
Word = tuple[int, int, str]  # start, end and exact form of a word, or of a part of one


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Words that must stand in these places, from 0: exact forms, or stems."""

    places: tuple[tuple[int, str], ...]
    is_exact: bool
    is_open: bool = False  # the last word goes on as it likes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """All that is marked for a query in one field."""

    exact: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()
    runs: tuple[_Run, ...] = ()
    may_be: re.Pattern[str] | None  # ASCII words in small letters worth a look; None: none
    initials: frozenset[str]  # of ASCII words worth a look, in both cases

    def has(self, word: str) -> bool:
        """Tell whether this exact form is marked wherever it stands."""
        if word in self.exact or (self.beginnings and word.startswith(self.beginnings)):
            return True
        return bool(self.stems) and language.stem_of(word) in self.stems


def marks(clauses: Sequence[Clause], text: str, /, *, field: str) -> tuple[Span, ...]:
    """Return where (start, end) the words of a query stand in a plain text, ascending, apart.

    Args:
        clauses: Of the query.
        text: A title or an abstract as readable Unicode; its LaTeX was read before.
        field: "title" or "abstract": words that were asked for in the other are not marked.
    """
    wanted = _wanted(tuple(clauses), field)
    text = text[: language.MAX_TEXT]
    found: set[Span] = set()
    if text.isascii():
        if wanted.may_be:
            read = text.lower()
            found |= {one.span() for one in wanted.may_be.finditer(read) if wanted.has(one[0])}
    else:
        found |= {
            one.span()
            for one in _any_word().finditer(text)
            if (one[0][0] in wanted.initials or not one[0][0].isascii())
            and any(map(wanted.has, _forms_of(one[0])))
        }
    if wanted.runs:
        words = _words(text)
        for run in wanted.runs:
            found.update(_places_of(run, words))
    return tuple(sorted(found))


# --- what is wanted ---


@lru_cache(maxsize=512)  # each hit of a page asks twice
def _wanted(clauses: tuple[Clause, ...], field: str) -> _Wanted:
    mine = [one for one in leaves(clauses) if one.field in {None, field}]
    telling = [one for one in mine if not _is_idle(one)] or mine
    exact: set[str] = set()
    stems: set[str] = set()
    beginnings: list[str] = []
    runs: list[_Run] = []
    for clause in telling[:MAX_WANTED]:
        for run in _runs(clause):
            word = run.places[0][1]
            if len(run.places) > 1:
                runs.append(run)
            elif run.is_open:
                beginnings.append(word)
            else:
                (exact if run.is_exact else stems).add(word)
    initials = _initials({*exact, *stems, *beginnings})
    return _Wanted(
        exact=frozenset(exact),
        stems=frozenset(stems),
        beginnings=tuple(beginnings),
        runs=tuple(runs),
        may_be=re.compile(f"(?<![a-z0-9])[{initials}][a-z0-9]*", re.ASCII) if initials else None,
        initials=frozenset(initials + initials.upper()),
    )


def _initials(words: set[str]) -> str:
    """Return the ASCII letters and digits with which what may match begins: few words of a text do.

    British "oestrogen" and "aetiology" have stems in e.
    """
    initials = {word[0] for word in words if word[0].isascii()}
    return "".join(sorted(initials | ({"a", "o"} if "e" in initials else set())))


def _is_idle(clause: Clause) -> bool:
    """Tell whether a clause is a stop word, which counts only beside nothing else."""
    return clause.kind is ClauseKind.WORD and not _stems(clause)


def _exact(clause: Clause) -> list[tuple[int, str]]:
    return language.exact_words(clause.text[:MAX_CLAUSE])


def _stems(clause: Clause) -> list[tuple[int, str]]:
    return language.stems(clause.text[:MAX_CLAUSE])


def _runs(clause: Clause) -> list[_Run]:
    exact = _exact(clause)
    if not exact:
        return []
    if clause.kind is ClauseKind.PREFIX:
        return [_run(exact, is_exact=True, is_open=True)]
    if clause.kind is ClauseKind.PHRASE:
        return [_run(exact, is_exact=True)]
    runs = [_run(pair, is_exact=True) for pair in _neighbours(exact)]
    spots = [spot for spot in _stems(clause) if not language.is_ideograph(spot[1])]
    if not spots:
        return runs or [_run(exact, is_exact=True)]
    if clause.field is None and clause.occur is Occur.SHOULD:  # each word counts by itself
        return [*runs, *(_run([spot], is_exact=False) for spot in spots)]
    return [*runs, _run(spots, is_exact=False)]


def _neighbours(exact: Sequence[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Return each two neighbouring ideographs, and a lone one."""
    spots = [spot for spot in exact if language.is_ideograph(spot[1])]
    pairs = [[one, other] for one, other in itertools.pairwise(spots) if other[0] == one[0] + 1]
    paired = {spot for pair in pairs for spot in pair}
    return [*pairs, *([spot] for spot in spots if spot not in paired)]


def _run(spots: Sequence[tuple[int, str]], *, is_exact: bool, is_open: bool = False) -> _Run:
    first = spots[0][0]
    places = tuple((place - first, word) for place, word in spots)
    return _Run(places=places, is_exact=is_exact, is_open=is_open)


# --- where it is ---


def _places_of(run: _Run, words: Sequence[Word]) -> Iterable[Span]:
    """Yield the spans of the words of each place where a run stands."""
    width = run.places[-1][0]
    for first in range(len(words) - width):
        if all(_is_at(run, words[first + place][2], place, word) for place, word in run.places):
            yield from (words[first + place][:2] for place, _ in run.places)


def _is_at(run: _Run, there: str, place: int, word: str) -> bool:
    if run.is_open and place == run.places[-1][0]:
        return there.startswith(word)
    return (there if run.is_exact else language.stem_of(there)) == word


def _words(text: str) -> list[Word]:
    """Return the words of a text in order; one that the index takes apart as several."""
    if text.isascii():
        return [(*one.span(), one[0]) for one in _ASCII_WORD.finditer(text.lower())]
    return [
        (*one.span(), exact) for one in _any_word().finditer(text) for exact in _forms_of(one[0])
    ]


@lru_cache(maxsize=16_384)
def _forms_of(word: str) -> tuple[str, ...]:
    return tuple(exact for _, exact in language.exact_words(word))


@cache  # one for all queries: reading its classes takes longer than a page of results
def _any_word() -> re.Pattern[str]:
    """Return what finds words of any script: an ideograph, or letters with their marks."""
    ideograph, marks = f"[{language.IDEOGRAPHS}]", _combining_marks()
    return re.compile(
        f"{ideograph}|(?<![^\\W_{language.IDEOGRAPHS}])(?<![{marks}])"
        "(?=[0-9A-Za-z]|[^\\x00-\\x7f])"
        f"(?:(?!{ideograph})[^\\W_][{marks}\u200c\u200d]*)+"
    )


@cache
def _combining_marks() -> str:
    """Return the marks that stand over, under and behind letters, for a class of characters."""
    return "".join(
        re.escape(chr(code))
        for code in range(0x300, _LAST_MARK)
        if unicodedata.category(chr(code))[0] == "M"
    )
