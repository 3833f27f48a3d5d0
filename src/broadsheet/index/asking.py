"""What does this query ask of the lexical index? Built clause by clause, never as a string."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tantivy import Occur as Must
from tantivy import Query as Ask

from broadsheet.index import language, tags, words
from broadsheet.model import Clause, ClauseKind, Filters, Occur
from broadsheet.text.query import leaves
from broadsheet.text.stop_words import STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    import numpy.typing as npt

    from broadsheet.model import Query

MAX_WORDS = 64  # of one query; the rest is not asked, so that no query stalls the others
MAX_PARTS = 256  # demands and parts of groups; so many fit into what is read of a query
MIN_TITLE_PREFIX = 3  # letters
MAX_CLAUSE = 1_000  # characters of one clause
TITLE_WEIGHT = 0.3  # beside 1 for the combined text (see `words`)
EXACT_WEIGHT = 0.1
AUTHOR_WEIGHT = 0.5

Spot = tuple[int, str]  # position and word


def has_words(query: Query) -> bool:
    """Tell whether anything in the query gives a score."""
    return next(leaves(query.clauses), None) is not None


def ask(query: Query, filters: Filters, among: npt.NDArray[np.int64] | None) -> Ask:
    """Return what tantivy is asked."""
    parts = [*_scored(query.clauses), *((Must.Must, part) for part in _conditions(filters))]
    if among is not None:
        parts.append((Must.Must, words.among(among)))
    if not any(occur == Must.Must for occur, _ in parts):
        parts.append((Must.Must, Ask.const_score_query(Ask.all_query(), 0.0)))
    if len(parts) == 1:  # a fifth quicker than as the only part of another query
        return parts[0][1]
    return Ask.boolean_query(parts)


def _conditions(filters: Filters) -> Iterable[Ask]:
    if filters.since or filters.until:
        yield words.published_between(filters.since, filters.until)
    if filters.last_key is not None:
        yield words.arrived_by(filters.last_key)
    for group in tags.facet_conditions(filters):
        yield words.any_of_tags(group)
    if (written := by_authors(filters)) is not None:
        yield written


def by_authors(filters: Filters) -> Ask | None:
    """Return the query for the papers by one of the authors; None: no author is asked for."""
    names = [words.all_of_tags(group) for group in tags.name_conditions(filters)]
    return words.either(names) if names else None


def titles(text: str) -> Ask | None:
    """Return the query for titles with these words, of which the last may go on; None: none."""
    exact = language.exact_words(text[:MAX_CLAUSE])[:MAX_WORDS]
    if not exact or len(exact[-1][1]) < MIN_TITLE_PREFIX:
        return None
    parts = [(Must.Must, _term("exact_title", word)) for _, word in exact[:-1]]
    begins = Ask.regex_query(words.schema(), "exact_title", f"{exact[-1][1]}.*")
    return Ask.boolean_query([*parts, (Must.Must, begins)])


def _scored(clauses: Sequence[Clause]) -> list[tuple[Must, Ask]]:
    """Return what must and must not be, and one part that any wish fulfils."""
    demands = [clause for clause in clauses if clause.occur is not Occur.SHOULD]
    parts = [_demand(clause) for clause in demands[:MAX_PARTS]]
    wished = [clause for clause in clauses if clause.occur is Occur.SHOULD]
    if wished:
        is_required = any(clause.occur is Occur.MUST for clause in demands)
        parts.append((Must.Should if is_required else Must.Must, words.either(_wishes(wished))))
    return parts


def _demand(clause: Clause) -> tuple[Must, Ask]:
    """Return the part for a clause that must or must not be met; one without words is never met."""
    occur = Must.MustNot if clause.occur is Occur.NOT else Must.Must
    return occur, _whole(clause) or Ask.empty_query()


def _wishes(clauses: Sequence[Clause]) -> list[Ask]:
    """Return one query per word that counts towards the score.

    Stop words count only where there is nothing else.
    """
    plain = [c for c in clauses if c.field is None and c.kind is ClauseKind.WORD]
    text = " ".join(clause.text[:MAX_CLAUSE] for clause in plain[:MAX_WORDS])
    wishes = _words(text)
    for clause in plain[:MAX_WORDS]:
        if any(letter.isdecimal() for letter in clause.text):
            wishes.append(_term("ids", _id_word(clause.text)))
    others = [c for c in clauses if not (c.field is None and c.kind is ClauseKind.WORD)]
    wishes += [made for clause in others[:MAX_WORDS] if (made := _whole(clause)) is not None]
    return wishes


def _words(text: str) -> list[Ask]:
    exact = language.exact_words(text)[:MAX_WORDS]
    wishes: list[Ask] = []
    for stem, count in Counter(stem for _, stem in language.stems(text)[:MAX_WORDS]).items():
        if not language.is_ideograph(stem):
            wishes.append(_weighted(_term("text", stem), count))
            wishes.append(_weighted(_term("title", stem), TITLE_WEIGHT * count))
    is_empty = not wishes
    for word, count in Counter(word for _, word in exact).items():
        if language.is_ideograph(word) or (word in STOP_WORDS and not is_empty):
            continue
        wishes.append(_weighted(_term("exact", word), EXACT_WEIGHT * count))
        wishes.append(_weighted(_term("authors", word), AUTHOR_WEIGHT * count))
    return wishes + [_phrase("exact", run) for run in _bigrams(exact)]


def _bigrams(spots: Sequence[Spot]) -> list[list[Spot]]:
    """Return each two neighbouring ideographs, and those that stand alone."""
    found: list[list[Spot]] = []
    run: list[Spot] = []
    for spot in [*spots, (0, "")]:
        if language.is_ideograph(spot[1]):
            run.append(spot)
            continue
        found += [run[i : i + 2] for i in range(len(run) - 1)] if len(run) > 1 else [run] * len(run)
        run = []
    return found


def _whole(clause: Clause) -> Ask | None:
    """Return the query for what a clause asks for; None where it has no word."""
    if clause.kind in {ClauseKind.ALL, ClauseKind.ANY}:
        return _group(clause)
    if clause.filters is not None:
        return _conditions_of(clause.filters)
    return _leaf(clause)


def _leaf(clause: Clause) -> Ask | None:
    text = clause.text[:MAX_CLAUSE]
    exact = language.exact_words(text)[:MAX_WORDS]
    if not exact:
        return None
    if clause.kind is ClauseKind.PREFIX:
        return _prefix(clause.field, exact)
    if clause.field in _WHOLE_OF_FIELD:
        return _WHOLE_OF_FIELD[clause.field](text, exact)
    if clause.kind is ClauseKind.PHRASE:
        return _quotation(clause.field, text, exact)
    return _word_forms(clause.field, text, exact)


_WHOLE_OF_FIELD: dict[str | None, Callable[[str, Sequence[Spot]], Ask]] = {
    "id": lambda text, _: _term("ids", _id_word(text)),
    "author": lambda text, _: _conditions_of(Filters(authors=(text,))),
    "venue": lambda _, exact: _phrase("venue", exact),
}


def _conditions_of(filters: Filters) -> Ask:
    return _all_of([(Must.Must, part) for part in _conditions(filters)])


def _group(clause: Clause) -> Ask:
    """Return the query for a group; a part without words is never met."""
    wanted = Must.Should if clause.kind is ClauseKind.ANY else Must.Must
    parts = []
    for part in clause.parts[:MAX_PARTS]:
        occur, made = _demand(part)
        if occur == Must.Must:
            parts.append((wanted, made))
        elif wanted == Must.Must:
            parts.append((occur, made))
        else:
            parts.append((wanted, _all_of([(occur, made)])))
    return _all_of(parts) if parts or wanted == Must.Must else Ask.empty_query()


def _all_of(parts: Sequence[tuple[Must, Ask]]) -> Ask:
    """Return the boolean query of these parts; where none is asked for, of all papers but some."""
    if any(occur != Must.MustNot for occur, _ in parts):
        return Ask.boolean_query(list(parts))
    return Ask.boolean_query([(Must.Must, Ask.const_score_query(Ask.all_query(), 0.0)), *parts])


def _quotation(field: str | None, text: str, exact: Sequence[Spot]) -> Ask:
    """Return the query for words as they are written, side by side.

    Abstracts have no field of exact forms: what is quoted there stands there by its stems, and
    in the paper as it is written.
    """
    if field == "title":
        return _phrase("exact_title", exact)
    if field == "abstract":
        stems = language.stems(text)[:MAX_WORDS]
        there = [(Must.Must, _phrase("exact", exact))]
        return _all_of([*there, (Must.Must, _phrase("abstract", stems))] if stems else there)
    return words.either([_phrase("exact", exact), _phrase("authors", exact)])


def _word_forms(field: str | None, text: str, exact: Sequence[Spot]) -> Ask | None:
    """Return the query for words in any of their forms, side by side where there are several."""
    stems = language.stems(text)[:MAX_WORDS]
    if field in {"title", "abstract"}:
        return _phrase(field, stems) if stems else None
    choices = [_phrase("exact", exact), _phrase("authors", exact)]
    if len(stems) == len(exact) or len(stems) > 1:  # else "on demand" would find any demand
        choices.append(_weighted(_phrase("title", stems), TITLE_WEIGHT))
        choices.append(_phrase("abstract", stems) if len(stems) > 1 else _term("text", stems[0][1]))
    choices.append(_term("ids", _id_word(text)))
    return words.either(choices)


def _prefix(field: str | None, spots: Sequence[Spot]) -> Ask:
    """Return the query for words that begin like the last one, after those before it.

    Titles and abstracts are there by stems only: their words are cut to their stem or begin
    with what was typed.
    """
    name = {None: "exact", "author": "authors"}.get(field, field or "exact")
    if len(spots) > 1:
        return Ask.phrase_prefix_query(words.schema(), name, list(_from_zero(spots)))
    begins = Ask.regex_query(words.schema(), name, f"{spots[0][1]}.*")
    stems = language.stems(spots[0][1]) if field in {"title", "abstract"} else []
    return words.either([begins, *(_term(name, stem) for _, stem in stems)])


def _phrase(field: str, spots: Sequence[Spot]) -> Ask:
    if len(spots) == 1:
        return _term(field, spots[0][1])
    return Ask.phrase_query(words.schema(), field, list(_from_zero(spots)))


def _from_zero(spots: Sequence[Spot]) -> Iterable[Spot]:
    return ((position - spots[0][0], word) for position, word in spots)


def _term(field: str, word: str) -> Ask:
    return Ask.term_query(words.schema(), field, word, "freq")


def _id_word(text: str) -> str:
    return language.whole(text[:MAX_CLAUSE].lower())


def _weighted(query: Ask, weight: float) -> Ask:
    return query if weight == 1 else Ask.boost_query(query, weight)


def has(clause: Clause) -> Ask:
    """Return the query for the papers that a reader would say have this word or phrase.

    A word counts in any of its forms, wherever it stands; so do the parts of one such as
    "self-supervised", side by side or not. What names a field, is quoted or is a beginning is
    there where the index finds it.
    """
    if clause.kind is not ClauseKind.WORD or clause.field is not None:
        return _leaf(clause) or Ask.empty_query()
    text = clause.text[:MAX_CLAUSE]
    exact = [word for _, word in language.exact_words(text)[:MAX_WORDS]]
    stems = [stem for _, stem in language.stems(text)[:MAX_WORDS]]
    choices = [_term("ids", _id_word(text))]
    if stems:
        choices.append(_all_of([(Must.Must, _term("text", stem)) for stem in stems]))
    if exact:
        each = [words.either([_term("exact", word), _term("authors", word)]) for word in exact]
        choices.append(_all_of([(Must.Must, one) for one in each]))
    return words.either(choices)
