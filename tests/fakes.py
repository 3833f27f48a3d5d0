"""Real objects that stand in for the heavy parts: small, in memory, exact."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.index import language, marks, respelling
from broadsheet.model import Clause, ClauseKind, Counts, EngineStatus, Filters, Occur, Paper, Query
from broadsheet.ports import Completions, Scored, Spelling
from broadsheet.text import normal
from broadsheet.text.query import leaves
from tests.support import Answering

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    import numpy.typing as npt

BM25_K1, BM25_B = 1.2, 0.75


@dataclass(frozen=True)
class _Vector:
    numbers: npt.NDArray[np.float32]
    encoder: str
    text: tuple[str, str]


@dataclass
class FakeEngine(Answering):
    """An engine that looks at every paper for every question."""

    dim: int = 8
    papers: dict[int, Paper] = field(default_factory=dict)
    stored: dict[int, _Vector] = field(default_factory=dict)
    due: dict[int, tuple[str, str]] = field(default_factory=dict)
    wished: list[int] = field(default_factory=list)
    position: int = 0

    # --- searching ---

    def lexical(
        self, query: Query, filters: Filters, /, *, k: int, among: npt.NDArray[np.int64] | None
    ) -> Scored:
        """Return the ``k`` best by BM25; a query of filters alone scores 0, newest first."""
        allowed = [p for p in self._allowed(filters, among) if _is_match(query, p)]
        if next(leaves(query.clauses), None) is None:
            newest = sorted(allowed, key=lambda p: (_day(p), p.key), reverse=True)
            return _scored([(p.key, 0.0) for p in newest], k, total=len(newest))
        found = [(p.key, self._bm25(query, p)) for p in allowed]
        return _scored(sorted(found, key=_best_first), k, total=len(found))

    def dense(
        self,
        vector: npt.NDArray[np.float32],
        filters: Filters,
        /,
        *,
        k: int,
        among: npt.NDArray[np.int64] | None,
        space: str | None = None,
    ) -> Scored:
        """Return the ``k`` nearest by cosine, among papers that have a vector."""
        if space:
            return _scored([], k, total=0)
        keys = [
            paper.key
            for paper in self._allowed(filters, among)
            if paper.key in self.stored and self.stored[paper.key].numbers.any()
        ]
        if not vector.any():
            return _scored([], k, total=len(keys))
        found = [(key, float(self.stored[key].numbers @ vector)) for key in keys]
        return _scored(sorted(found, key=_best_first), k, total=len(found))

    def similarities(
        self, vector: npt.NDArray[np.float32], keys: Sequence[int], /, *, space: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the cosine of ``vector`` with each paper's vector, (n,), NaN where it has none."""
        found: npt.NDArray[np.float32] = self.vectors(keys, space=space) @ vector
        return found

    def vectors(
        self, keys: Sequence[int], /, *, space: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the vectors of these papers, (n, dim), unit rows; NaN rows where there is none."""
        found = np.full((len(keys), self.dim), np.nan, dtype=np.float32)
        for place, key in enumerate(keys):
            if key in self.stored and not space:
                found[place] = self.stored[key].numbers
        return found

    def matched_words(self, query: Query, keys: Sequence[int], /) -> list[tuple[str, ...]]:
        """Return for each paper the words of the query, as typed, that it has."""
        return [
            self._matched(query, self.papers[key]) if key in self.papers else () for key in keys
        ]

    def _matched(self, query: Query, paper: Paper) -> tuple[str, ...]:
        asked = leaves(query.clauses)
        found = [c.text for c in asked if _has(c, paper) or _has_every_word(c.text, paper)]
        return tuple(dict.fromkeys(found))

    def marks(self, query: Query, text: str, /, *, field: str) -> tuple[tuple[int, int], ...]:
        """Return where the query's words stand; a pure function, so it is the real one."""
        return marks.marks(query.clauses, text, field=field)

    def counts(
        self,
        query: Query,
        filters: Filters,
        /,
        *,
        among: npt.NDArray[np.int64] | None,
        beside: npt.NDArray[np.int64],
    ) -> Counts:
        """Return what the papers are that match by word, and those ``beside`` them."""
        found = self.lexical(query, filters, k=len(self.papers), among=among)
        keys = {*found.keys.tolist(), *beside.tolist()} & set(self.papers)
        matching = [self.papers[key] for key in keys]
        years = Counter(paper.published.year for paper in matching if paper.published)
        return Counts(
            total=len(matching),
            years=tuple(sorted(years.items())),
            categories=_counted(paper.categories for paper in matching),
            sources=_counted(paper.sources for paper in matching),
            topics=_counted(paper.topics for paper in matching)[:40],
        )

    def complete(self, text: str, /, *, limit: int) -> Completions:
        """Return authors, topics and titles that begin so."""
        typed = normal.fold(normal.clean(text))
        if sum(map(str.isalnum, typed)) < 2:
            return Completions()
        papers = sorted(self.papers.values(), key=lambda p: (_day(p), p.key), reverse=True)
        *before, last = _exact(text) or [""]
        titled = [
            p.key
            for p in papers
            if len(last) > 2
            and set(before) <= set(_exact(p.title))
            and any(word.startswith(last) for word in _exact(p.title))
        ]
        return Completions(
            authors=_beginning(
                " ".join(re.findall(r"\w+", typed)), (p.authors for p in papers), limit
            ),
            topics=_beginning(typed, (p.topics for p in papers), limit),
            titles=tuple(titled[:limit]),
        )

    def spelling(self, word: str, /) -> Spelling:
        """Tell how many papers have a word, and which one was probably meant."""
        forms = _exact(word)
        if len(forms) != 1:
            return Spelling(word=word, papers=0)
        counts = Counter(form for p in self.papers.values() for form in set(_exact(_text(p))))
        names = {form for p in self.papers.values() for name in p.authors for form in _exact(name)}
        stems = Counter(stem for p in self.papers.values() for stem in set(_stems(_text(p))))
        papers = max(counts[forms[0]], *(stems[stem] for stem in _stems(word)), forms[0] in names)
        if papers > respelling.RARE or not 5 <= len(forms[0]) <= 30:
            return Spelling(word=word, papers=papers)
        for distance in (1, 2):
            near = [o for o in counts if respelling.edits(forms[0], o, most=2) == distance]
            if distance == 2:
                near = [o for o in near if len(forms[0]) >= 8 and o[:3] == forms[0][:3]]
            best = max(near, key=lambda other: (counts[other], other), default="")
            if counts[best] >= max(1, papers * respelling.COMMONER):
                return Spelling(word=word, papers=papers, instead=best, instead_papers=counts[best])
        return Spelling(word=word, papers=papers)

    # --- writing ---

    def apply(self, papers: Sequence[Paper], gone: Collection[int], /, *, position: int) -> None:
        """Make papers findable by word, forget those gone, and remember ``position``."""
        for key in gone:
            self.papers.pop(key, None)
            self.stored.pop(key, None)
        self.papers.update({paper.key: paper for paper in papers})
        self.position = position

    def pending(
        self,
        *,
        encoder: str | None,
        limit: int,
        first: Sequence[int] = (),
        instead_of: Collection[str] | None = None,
    ) -> Sequence[int]:
        """Return papers whose vector is missing, stale or by another encoder."""
        waiting = [p for p in self.papers.values() if not self._is_current(p, encoder)]
        if instead_of is not None:
            waiting = [p for p in waiting if self._made_by(p.key) in instead_of]
        early = [*(self.wished if encoder else ()), *first]
        order = {key: place for place, key in reversed(list(enumerate(early)))}
        waiting.sort(key=lambda paper: (_day(paper), paper.key), reverse=True)
        waiting.sort(key=lambda paper: order.get(paper.key, len(early)))
        self.due.update({p.key: (p.title, p.abstract) for p in waiting[:limit]})
        return [paper.key for paper in waiting[:limit]]

    def _made_by(self, key: int) -> str:
        return self.stored[key].encoder if key in self.stored else ""

    def wish(self, keys: Sequence[int], /, *, encoder: str) -> None:
        """Say that somebody looks at these papers."""
        there = [key for key in keys if key in self.papers]
        new = [key for key in there if not self._is_current(self.papers[key], encoder)]
        self.wished = list(dict.fromkeys([*reversed(new), *self.wished]))

    def made_by(self, encoder: str, /) -> npt.NDArray[np.int64]:
        """Return the papers that have this encoder's vector of their present text."""
        found = [p.key for p in self.papers.values() if self._is_current(p, encoder)]
        return np.array(found, dtype=np.int64)

    def pace(self, encoder: str, /) -> float:
        """Return 0: nobody waits for it."""
        del encoder
        return 0.0

    def retire(self) -> None:
        """Do nothing: there is one space."""

    def put_vectors(
        self, keys: Sequence[int], vectors: npt.NDArray[np.float32], /, *, encoder: str
    ) -> None:
        """Store or replace vectors in place, (n, dim) unit rows, and what made them."""
        if vectors.shape != (len(keys), self.dim):
            raise ValueError(f"vectors must have shape ({len(keys)}, {self.dim})")
        for key, vector in zip(keys, np.nan_to_num(vectors), strict=True):
            if key in self.papers:
                paper = self.papers[key]
                text = self.due.pop(key, (paper.title, paper.abstract))
                self.stored[key] = _Vector(vector.copy(), encoder, text)

    def optimize(self) -> None:
        """Do nothing: there is nothing to train."""

    def clear(self) -> None:
        """Forget everything."""
        self.papers.clear()
        self.stored.clear()
        self.due.clear()
        self.position = 0

    # --- itself ---

    def status(self) -> EngineStatus:
        """Tell what is here."""
        return EngineStatus(
            position=self.position,
            indexed=len(self.papers),
            encoded=len(self.stored),
            encoders=Counter(vector.encoder for vector in self.stored.values()),
            kind="exact",
            bytes=0,
            newest=max(self.papers, default=0),
        )

    def try_lock(self) -> bool:
        """Memory has one process."""
        return True

    def refresh(self) -> None:
        """Memory has one process."""

    def check(self, keys: Collection[int], /) -> list[str]:
        """Compare with the keys of all papers; a sentence per problem."""
        missing = sorted(set(keys) - set(self.papers))
        return [f"paper {key} is missing from the index" for key in missing]

    def close(self) -> None:
        """Nothing is held."""

    # --- how it is done ---

    def _allowed(self, filters: Filters, among: npt.NDArray[np.int64] | None) -> list[Paper]:
        chosen = None if among is None else set(among.tolist())
        return [
            paper
            for paper in self.papers.values()
            if (chosen is None or paper.key in chosen) and passes(filters, paper)
        ]

    def _is_current(self, paper: Paper, encoder: str | None) -> bool:
        stored = self.stored.get(paper.key)
        if stored is None or stored.text != (paper.title, paper.abstract):
            return False
        return encoder in {None, stored.encoder}

    def _bm25(self, query: Query, paper: Paper) -> float:
        texts = {key: _stems(_text(other)) for key, other in self.papers.items()}
        counts, length = Counter(texts[paper.key]), len(texts[paper.key])
        average = sum(map(len, texts.values())) / len(texts)
        score = 0.0
        for clause in leaves(query.clauses):
            for stem in _stems(clause.text):
                frequency = sum(stem in text for text in texts.values())
                rarity = math.log(1 + (len(texts) - frequency + 0.5) / (frequency + 0.5))
                share = BM25_K1 * (1 - BM25_B + BM25_B * length / average)
                score += rarity * counts[stem] * (BM25_K1 + 1) / (counts[stem] + share)
        return score


def _beginning(
    typed: str, values: Iterable[Sequence[str]], limit: int
) -> tuple[tuple[str, int], ...]:
    found = Counter(
        value
        for several in values
        for value in set(several)
        if any(
            " ".join([*words[at:], *words[:at]]).startswith(typed)
            for words in [normal.author_key(value).split()]
            for at in range(len(words))
        )
    )
    return tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:limit])


def _counted(values: Iterable[Sequence[str]]) -> tuple[tuple[str, int], ...]:
    counts = Counter(value for several in values for value in set(several))
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def passes(filters: Filters, paper: Paper) -> bool:
    """Tell whether a paper meets the conditions, as their definition spells them."""
    published = paper.published
    if (filters.since or filters.until) and published is None:
        return False
    return (
        (filters.last_key is None or paper.key <= filters.last_key)
        and (not filters.since or (published is not None and published >= filters.since))
        and (not filters.until or (published is not None and published <= filters.until))
        and _shares(filters.sources, paper.sources)
        and _shares(filters.topics, paper.topics)
        and _shares(
            filters.categories,
            [part for name in paper.categories for part in (name, name.partition(".")[0])],
        )
        and (not filters.authors or any(_wrote(name, paper) for name in filters.authors))
        and {normal.fold(kind) for kind in filters.has}
        <= {normal.fold(link.kind) for link in paper.links}
    )


def _shares(wanted: Iterable[str], there: Iterable[str]) -> bool:
    folded = {normal.fold(value) for value in wanted}
    return not folded or bool(folded & {normal.fold(value) for value in there})


def _wrote(name: str, paper: Paper) -> bool:
    return any(
        goes_by(asked, there)
        for author in paper.authors
        for there in normal.name_words(author)
        for asked in normal.name_words(name)
    )


def goes_by(asked: list[str], there: list[str]) -> bool:
    """Tell whether these words name an author: any of the name's, given names as initials too."""
    family = normal.family_word(there)
    wanted = sorted(set(asked))
    whole = [word for word in asked if len(word) > 1]
    if 2 <= len(whole) < len(asked) and whole == there:
        return True
    for chosen in permutations(sorted(set(there)), len(wanted)):
        is_shortened = family in wanted and len(wanted) > 1
        pairs = list(zip(wanted, chosen, strict=True))
        if wanted and all(
            word == real or (is_shortened and real != family and word == real[0])
            for word, real in pairs
        ):
            return True
    return False


def _is_match(query: Query, paper: Paper) -> bool:
    shoulds = [clause for clause in query.clauses if clause.occur is Occur.SHOULD]
    musts = [clause for clause in query.clauses if clause.occur is Occur.MUST]
    if any(c.occur is Occur.NOT and _has(c, paper) for c in query.clauses):
        return False
    if not all(_has(clause, paper) for clause in musts):
        return False
    return bool(musts) or not shoulds or any(_has_some(clause, paper) for clause in shoulds)


def _has_some(clause: Clause, paper: Paper) -> bool:
    """Tell whether a wish is met: of a plain word, by any of its parts."""
    if clause.field is not None or clause.kind is not ClauseKind.WORD:
        return _has(clause, paper)
    asked, stems = _exact(clause.text), _stems(clause.text)
    names = {word for name in paper.authors for word in _exact(name)}
    there = _stems(_text(paper)) if stems else _exact(_text(paper))
    return bool(set(asked) & names) or bool(set(stems or asked) & set(there))


def _has(clause: Clause, paper: Paper) -> bool:
    """Tell whether some field of the paper has the clause's words side by side."""
    if clause.kind in {ClauseKind.ALL, ClauseKind.ANY}:
        met = [_has(part, paper) is (part.occur is not Occur.NOT) for part in clause.parts]
        return all(met) if clause.kind is ClauseKind.ALL else any(met)
    if clause.filters is not None:
        return passes(clause.filters, paper)
    if clause.field == "id":
        return clause.text.lower() in {str(name).lower() for name in paper.identifiers}
    if clause.field == "author" and clause.kind is not ClauseKind.PREFIX:
        return _wrote(clause.text, paper)
    fields: dict[str | None, list[str]] = {
        "title": [paper.title],
        "abstract": [paper.abstract],
        "author": list(paper.authors),
        "venue": [paper.venue],
    }
    topics = ", ".join(paper.topics)
    fields[None] = [*(text for texts in fields.values() for text in texts), topics]
    splitters: list[Callable[[str], list[str]]] = [_exact]
    is_stemmed = clause.field in {None, "title", "abstract"}
    is_enough = len(_stems(clause.text)) in {len(_exact(clause.text)), *range(2, 100)}
    if is_stemmed and is_enough and clause.kind is ClauseKind.WORD:
        splitters.append(_stems)
    return any(
        _contains(split(text), split(clause.text), is_prefix=clause.kind is ClauseKind.PREFIX)
        for text in fields[clause.field]
        for split in splitters
    )


def _has_every_word(text: str, paper: Paper) -> bool:
    there = {*_stems(_text(paper)), *(word for name in paper.authors for word in _exact(name))}
    return bool(_stems(text)) and set(_stems(text)) <= there


def _contains(words: list[str], wanted: list[str], *, is_prefix: bool) -> bool:
    if not wanted:
        return False
    if is_prefix:
        *before, last = wanted
        return any(
            words[start : start + len(before)] == before
            and words[start + len(before)].startswith(last)
            for start in range(len(words) - len(before))
        )
    width = len(wanted)
    return any(words[start : start + width] == wanted for start in range(len(words) - width + 1))


def _exact(text: str) -> list[str]:
    return [word for _, word in language.exact_words(text)]


def _stems(text: str) -> list[str]:
    return [stem for _, stem in language.stems(text)]


def _text(paper: Paper) -> str:
    return "\n".join([paper.title, paper.abstract, ", ".join(paper.topics), paper.venue])


def _day(paper: Paper) -> int:
    day = paper.day or paper.published
    return day.toordinal() if day else 0


def _best_first(item: tuple[int, float]) -> tuple[float, int]:
    return (-item[1], -item[0])


def _scored(found: list[tuple[int, float]], k: int, *, total: int) -> Scored:
    return Scored(
        keys=np.array([key for key, _ in found[:k]], dtype=np.int64),
        scores=np.array([score for _, score in found[:k]], dtype=np.float32),
        total=total,
    )
