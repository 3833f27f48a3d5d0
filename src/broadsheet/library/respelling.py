"""Was a word misspelt? What no paper has is read as what was probably meant, and told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from broadsheet.model import ClauseKind
from broadsheet.text.query import leaves, parse

if TYPE_CHECKING:
    from broadsheet.model import Clause, Query
    from broadsheet.ports import Engine

_WORD = re.compile(r"[^\W\d_]+")
MAX_WORDS = 12  # of one query that are looked up: a pasted abstract is no slip of the finger


@dataclass(frozen=True, slots=True, kw_only=True)
class Respelt:
    """A query with its slips mended, as far as they were."""

    query: Query  # what is searched
    instead_of: str = ""  # what was typed, where the query was changed; its words as they stand
    suggestion: str = ""  # what else may have been meant; not searched


def respelt(engine: Engine, query: Query, /) -> Respelt:
    """Mend words that no paper has; offer another word for those that hardly any has.

    Quotations, names in capitals and words with digits are taken as they are, and so is a query
    that was not read from its text.
    """
    mended: dict[str, str] = {}
    offered: dict[str, str] = {}
    for word in _words(query):
        found = engine.spelling(word)
        if found.instead:
            (offered if found.papers else mended)[word] = found.instead
    if not (mended or offered) or parse(query.text) != query:
        return Respelt(query=query)
    text = _replaced(query.text, mended)
    return Respelt(
        query=parse(text) if mended else query,
        instead_of=_replaced(query.text, {word: f'"{word}"' for word in mended}) if mended else "",
        suggestion=_replaced(text, offered) if offered else "",
    )


def _words(query: Query) -> list[str]:
    """Return the words that may be misspelt, each once, in order."""
    found = dict.fromkeys(
        word
        for clause in leaves(query.clauses)
        if _is_prose(clause)
        for word in _WORD.findall(clause.text)
        if not word.isupper()
    )
    return list(found) if len(found) <= MAX_WORDS else []


def _is_prose(clause: Clause) -> bool:
    return clause.kind is ClauseKind.WORD and clause.field in {None, "title", "abstract"}


def _replaced(text: str, words: dict[str, str]) -> str:
    """Return the text with these words replaced where they stand outside quotations."""
    pieces = text.split('"')
    for place in range(0, len(pieces), 2):
        pieces[place] = _WORD.sub(lambda found: words.get(found[0], found[0]), pieces[place])
    return '"'.join(pieces)
