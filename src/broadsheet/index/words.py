"""Which papers have these words? The lexical index, by tantivy.

One combined field carries the ranking, the title counts again at a small weight: better and
faster than boosted separate fields (nDCG@10 on SciFact .698 against .604 for title 2.5 and
abstract 1). Exact forms add a little, so that among equals the word as typed comes first.
"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import tantivy

from broadsheet.index import completing, language
from broadsheet.index.disk import fault
from broadsheet.model import Counts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.model import Paper

HEAP_BYTES = 96_000_000  # of the writer; larger is no faster for batches of 5,000
MAX_SINGLE_KEYS = 1_000
EXACT_BITS = 24  # of a whole number in a score, which is a float32
MAX_TIES = (
    2_048  # hits looked through to order equal scores; `tr*` gives all the same: 46 ms at 16,384
)

COUNTED = ("category", "source", "topic")
MAX_VALUE = 200  # characters of a value that is counted
MAX_TOPICS = 40  # that are told, the most frequent
MAX_VALUES = 60_000  # different ones that are counted exactly in one segment of the index


@cache
def schema() -> tantivy.Schema:
    """Return the fields; nothing is stored, for the store has it all."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("key", indexed=True, fast=True)
    builder.add_unsigned_field("newness", fast=True)  # day, then key: the order of no score
    builder.add_integer_field("published", fast=True)  # proleptic ordinal; 0: unknown
    builder.add_unsigned_field("tags", indexed=True)
    builder.add_unsigned_field("year", fast=True)  # 0: unknown; counted, as are the next three
    for counted in COUNTED:
        builder.add_text_field(counted, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("offers", tokenizer_name="raw", index_option="basic")  # to complete
    builder.add_text_field("ids", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="stem", index_option="freq")  # all of it
    builder.add_text_field("title", tokenizer_name="stem", index_option="position")
    builder.add_text_field("abstract", tokenizer_name="stem", index_option="position")
    builder.add_text_field("exact", tokenizer_name="exact", index_option="position")  # all of it
    builder.add_text_field("exact_title", tokenizer_name="exact", index_option="position")
    builder.add_text_field("authors", tokenizer_name="exact", index_option="position")
    builder.add_text_field("venue", tokenizer_name="exact", index_option="position")
    return builder.build()


def document(paper: Paper, *, tag_numbers: Iterable[int]) -> tantivy.Document:
    """Return a paper as the index reads it."""
    title, abstract = language.plain(paper.title), language.plain(paper.abstract)
    venue, topics = language.plain(paper.venue), language.plain(", ".join(paper.topics))
    made = tantivy.Document()
    made.add_unsigned("key", paper.key)
    made.add_unsigned("newness", newness(paper))
    made.add_integer("published", ordinal(paper.published))
    for number in tag_numbers:
        made.add_unsigned("tags", number)
    made.add_unsigned("year", paper.published.year if paper.published else 0)
    for field, values in zip(COUNTED, (paper.categories, paper.sources, paper.topics), strict=True):
        for value in dict.fromkeys(values):
            made.add_text(field, language.whole(value[:MAX_VALUE]))
    for name in id_words(paper):
        made.add_text("ids", name)
    for offer in completing.offers(paper):
        made.add_text("offers", offer)
    spelt = [language.one_spelling(piece) for piece in (title, abstract, topics, venue)]
    made.add_text("text", "\n".join(spelt))
    made.add_text("title", spelt[0])
    made.add_text("abstract", spelt[1])
    made.add_text("exact_title", title)
    for piece in (title, abstract, topics, venue):  # values of one field meet in no phrase
        made.add_text("exact", piece)
    for name in paper.authors:
        made.add_text("authors", _plain_name(name))
    made.add_text("venue", venue)
    return made


@lru_cache(maxsize=16_384)
def _plain_name(name: str) -> str:
    return language.plain(name)


def ordinal(day: date | None) -> int:
    """Return a day as a number; 0 when it is unknown."""
    return day.toordinal() if day else 0


def newness(paper: Paper) -> int:
    """Return a number that is larger for the newer paper, then for the newer arrival."""
    return ordinal(paper.day or paper.published) << 32 | paper.key


def id_words(paper: Paper) -> set[str]:
    """Return what a word of a query may be to name this paper."""
    names = {str(identifier) for identifier in paper.identifiers}
    names |= {identifier.value for identifier in paper.identifiers}
    return {language.whole(name.lower()) for name in names}


class Words:
    """The lexical index in its folder."""

    def __init__(self, folder: Path) -> None:
        """Open the index, made when missing.

        Raises:
            IndexFaultError: its files are damaged or of another kind.
        """
        try:
            folder.mkdir(exist_ok=True)
            self._index = tantivy.Index(schema(), str(folder))
            self._index.register_tokenizer("stem", language.stem_analyzer())
            self._index.register_tokenizer("exact", language.exact_analyzer())
            self._index.config_reader(reload_policy="manual")
            self._index.reload()
        except (ValueError, OSError) as error:
            raise fault(f"of words cannot be opened ({error})") from error
        self._writer: tantivy.IndexWriter | None = None

    def write(self, documents: Iterable[tantivy.Document], *, gone: Iterable[int]) -> None:
        """Take those with these keys away, then put documents in; durable when it returns."""
        try:
            if self._writer is None:
                self._writer = self._index.writer(heap_size=HEAP_BYTES, num_threads=1)
            for key in gone:
                self._writer.delete_documents_by_query(_has_key(key))
            for made in documents:
                self._writer.add_document(made)
            self._writer.commit()
        except BaseException:
            self._writer = None  # what was not committed is forgotten: half a batch never counts
            raise
        self.refresh()

    def refresh(self) -> None:
        """See what was committed since."""
        try:
            self._index.reload()
        except (ValueError, OSError) as error:
            raise fault(f"of words cannot be read ({error})") from error

    def best(
        self, query: tantivy.Query, k: int, *, by_newness: bool = False
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], int]:
        """Return keys and scores of the ``k`` best hits, and how many there are.

        Ties are broken by key, larger first; or all score 0, newest first.
        """
        searcher = self._index.searcher()
        if k <= 0:
            empty = np.empty(0, dtype=np.int64)
            return empty, empty.astype(np.float32), _search(searcher, query, 1).count
        if by_newness:
            limit = min(k, max(1, searcher.num_docs))
            hits = _search(searcher, query, limit, order_by_field="newness")
            newnesses = np.array([value for value, _ in hits.hits], dtype=np.int64)
            keys = newnesses & 0xFFFF_FFFF
            return keys, np.zeros(len(keys), dtype=np.float32), hits.count
        return self._by_score(searcher, query, k)

    def _by_score(
        self, searcher: tantivy.Searcher, query: tantivy.Query, k: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], int]:
        everything = max(1, searcher.num_docs)
        limit = min(k + 16, everything)
        while True:
            hits = _search(searcher, query, limit)
            scores = np.array([score for score, _ in hits.hits], dtype=np.float32)
            is_whole = len(scores) < limit or len(scores) <= k or scores[-1] < scores[k - 1]
            if is_whole or limit >= min(max(MAX_TIES, k), everything):
                break
            limit = min(4 * limit, everything)
        addresses = [address for _, address in hits.hits]
        keys = np.array(searcher.fast_field_values("key", addresses), dtype=np.int64)
        order = np.lexsort((-keys, -scores))[:k]
        return keys[order], scores[order], hits.count

    def keys(self) -> npt.NDArray[np.int64]:
        """Return the keys of all documents, sorted, as often as they are there."""
        return self.matching(tantivy.Query.all_query())

    def matching(self, query: tantivy.Query) -> npt.NDArray[np.int64]:
        """Return the keys of all documents that match, sorted."""
        searcher = self._index.searcher()
        count = _search(searcher, query, 1).count
        if not count:
            return np.empty(0, dtype=np.int64)
        hits = _search(searcher, query, count, count=False)
        values = searcher.fast_field_values("key", [address for _, address in hits.hits])
        return np.sort(np.array(values, dtype=np.int64))

    def have(self, keys: Sequence[int], queries: Sequence[tantivy.Query]) -> npt.NDArray[np.bool_]:
        """Tell which of these papers match which query, (len(keys), len(queries)).

        Each query scores a power of two of its own, so that one search answers for many: the
        sum of a paper's scores says which of them it matches.
        """
        wanted = np.array(keys, dtype=np.int64)
        found = np.zeros((len(wanted), len(queries)), dtype=np.bool_)
        these, searcher = among(np.unique(wanted)), self._index.searcher()
        for first in range(0, len(queries), EXACT_BITS):
            part = queries[first : first + EXACT_BITS]
            bits = [
                tantivy.Query.const_score_query(_all_of([these, one]), float(1 << place))
                for place, one in enumerate(part)
            ]
            hits = _search(searcher, either(bits), len(wanted), count=False).hits
            there = searcher.fast_field_values("key", [address for _, address in hits])
            sums = dict(zip(there, (int(score) for score, _ in hits), strict=True))
            bitmaps = np.array([sums.get(key, 0) for key in keys], dtype=np.int64)
            found[:, first : first + len(part)] = bitmaps[:, None] >> np.arange(len(part)) & 1
        return found

    def counts(self, query: tantivy.Query) -> Counts:
        """Return how many of the papers that match have each value; exact.

        Where the library has more than 60,000 topics, those told are counted exactly in each
        part of the index that holds no more.
        """
        asked: dict[str, Any] = {
            name: {"terms": {"field": name, "size": size, "segment_size": MAX_VALUES}}
            for name, size in (
                ("year", MAX_VALUES),
                ("category", MAX_VALUES),
                ("source", MAX_VALUES),
                ("topic", MAX_TOPICS),
            )
        }
        asked["total"] = {"value_count": {"field": "key"}}  # each paper has one
        try:
            found = self._index.searcher().aggregate(query, asked)
        except (ValueError, OSError) as error:
            raise fault(f"of words cannot be counted ({error})") from error
        years = sorted(_buckets(found, "year"))
        return Counts(
            total=int(found["total"]["value"]),
            years=tuple((int(year), count) for year, count in years if year),
            categories=_most_first(found, "category"),
            sources=_most_first(found, "source"),
            topics=_most_first(found, "topic"),
        )

    def frequency(self, field: str, term: str) -> int:
        """Return how many papers have a term; some that went away lately may still count."""
        try:
            return int(self._index.searcher().doc_freq(field, term))
        except (ValueError, OSError) as error:
            raise fault(f"of words cannot be searched ({error})") from error

    def beginning(self, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Return terms that begin so, and how many papers have each, most first."""
        try:
            return self._index.searcher().terms_with_prefix(field, prefix, limit=limit)
        except (ValueError, OSError) as error:
            raise fault(f"of words cannot be searched ({error})") from error

    def newest(self, query: tantivy.Query, k: int) -> npt.NDArray[np.int64]:
        """Return the keys of the ``k`` newest papers that match, without counting the rest."""
        searcher = self._index.searcher()
        hits = _search(searcher, query, k, order_by_field="newness", count=False)
        return np.array([value & 0xFFFF_FFFF for value, _ in hits.hits], dtype=np.int64)

    def count(self) -> int:
        """Return how many papers can be found."""
        return int(self._index.searcher().num_docs)

    def close(self) -> None:
        """Let go of the writer and its lock."""
        self._writer = None


def _buckets(found: dict[str, Any], name: str) -> list[tuple[Any, int]]:
    return [(bucket["key"], bucket["doc_count"]) for bucket in found[name]["buckets"]]


def _most_first(found: dict[str, Any], name: str) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(_buckets(found, name), key=lambda pair: (-pair[1], pair[0])))


def _search(searcher: tantivy.Searcher, query: tantivy.Query, limit: int, **options: Any) -> Any:
    """Search, and say so where the files turn out to be damaged."""
    try:
        return searcher.search(query, limit, **options)  # its type lacks `count`
    except (ValueError, OSError) as error:
        raise fault(f"of words cannot be searched ({error})") from error


def _has_key(key: int) -> tantivy.Query:
    # `delete_documents_by_term` makes a signed term of it, which an unsigned field never has.
    return tantivy.Query.term_query(schema(), "key", key)


def any_of_tags(numbers: Collection[int]) -> tantivy.Query:
    """Return the query for documents that have one of these tags; it scores 0."""
    return _unscored(either(_of_tags(numbers)))


def all_of_tags(numbers: Collection[int]) -> tantivy.Query:
    """Return the query for documents that have all of these tags; it scores 0."""
    return _unscored(_all_of(_of_tags(numbers)))


def _of_tags(numbers: Collection[int]) -> list[tantivy.Query]:
    return [tantivy.Query.term_query(schema(), "tags", number) for number in numbers]


def among(keys: npt.NDArray[np.int64]) -> tantivy.Query:
    """Return the query for documents with these keys; it scores 0.

    Single terms take 0.5 ms for 100 keys where a set of terms takes 5, and lose above a thousand.
    """
    if len(keys) > MAX_SINGLE_KEYS:
        return _unscored(tantivy.Query.term_set_query(schema(), "key", keys.tolist()))
    return _unscored(either([_has_key(key) for key in keys.tolist()]))


def arrived_by(key: int) -> tantivy.Query:
    """Return the query for documents with keys up to this one; it scores 0."""
    return _unscored(
        tantivy.Query.range_query(
            schema(), "key", tantivy.FieldType.Unsigned, lower_bound=0, upper_bound=key
        )
    )


def published_between(since: date | None, until: date | None) -> tantivy.Query:
    """Return the query for documents whose day is known and in this range; it scores 0."""
    first = ordinal(since) if since else 1
    last = ordinal(until) if until else date.max.toordinal()
    return _unscored(
        tantivy.Query.range_query(
            schema(), "published", tantivy.FieldType.Integer, lower_bound=first, upper_bound=last
        )
    )


def either(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    """Return the query for what any of these find."""
    if not queries:
        return tantivy.Query.empty_query()
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _all_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])


def _unscored(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.const_score_query(query, 0.0)
