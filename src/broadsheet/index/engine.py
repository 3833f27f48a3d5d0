"""The embedded engine: words by tantivy, meaning by faiss, in one folder beside the store."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from hashlib import blake2b
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.errors import IndexFaultError
from broadsheet.index import (
    asking,
    checks,
    completing,
    disk,
    marks,
    respelling,
    state,
    tags,
    waiting,
    words,
)
from broadsheet.index.approximate import Snapshot
from broadsheet.index.holder import Holder
from broadsheet.index.pace import Pace
from broadsheet.index.readers import Readers
from broadsheet.index.rows import MAX_KEY, NewRow
from broadsheet.index.vectors import MAX_ENCODERS
from broadsheet.model import EngineStatus, Query
from broadsheet.ports import Scored
from broadsheet.text.query import leaves

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.index.disk import Space
    from broadsheet.index.meaning import Meaning
    from broadsheet.index.state import State
    from broadsheet.model import Counts, Filters, Paper
    from broadsheet.ports import Completions, Spelling

MEASURED_S = 5.0  # for so long a size on disk is taken for true
NOTHING = Scored(keys=np.empty(0, dtype=np.int64), scores=np.empty(0, dtype=np.float32), total=0)


class EmbeddedEngine:
    """The engine of one folder. Any number of processes read it, one at a time writes.

    A damaged folder can be opened: everything but ``clear`` then says what is wrong with it.
    """

    def __init__(self, folder: Path, space: Space, *, exact_limit: int, threads: int) -> None:
        self._folder = folder
        self._space = space  # today's encoder's
        self._exact_limit = exact_limit
        self._threads = threads
        self._held = Holder(folder, space)
        self._keeping = threading.Lock()  # one thread does housekeeping
        self._wishes = waiting.Wishes(folder)
        self._pace = Pace(folder)
        self._readers = Readers(folder)
        self._due: dict[int, int] = {}  # key: digest of the text that `pending` asked to encode
        self._measured: tuple[float, int] | None = None  # when, bytes on disk

    # --- searching ---

    def lexical(
        self, query: Query, filters: Filters, /, *, k: int, among: npt.NDArray[np.int64] | None
    ) -> Scored:
        """Return the ``k`` best by BM25; a query of filters alone scores 0, newest first."""
        if not query.clauses:
            return self._listing(filters, k=k, among=among)
        asked = asking.ask(query, filters, among)
        with self._held.reading() as opened:
            keys, scores, total = opened.words.best(
                asked, k, by_newness=not asking.has_words(query)
            )
        return Scored(keys=keys, scores=scores, total=total)

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
        """Return the ``k`` nearest by cosine, among papers that have a vector of this space."""
        with self._held.reading() as opened:
            meaning = self._meaning(opened, space)
            if meaning is None:
                return NOTHING
            wanted = meaning.checked(vector)
            allowed = opened.table.allowed(filters, _written(opened, filters, among))
            slots, scores, total = meaning.nearest.best(
                wanted, k, allowed=allowed, vectors=meaning.vectors
            )
            keys = opened.table.rows["key"][slots]
        order = np.lexsort((-keys, -scores))[: max(k, 0)]
        # Of the flat tier's float16 vectors the length is 1 within .001 only: a cosine is not more.
        cosines = np.clip(scores[order], -1, 1).astype(np.float32)
        return Scored(keys=keys[order], scores=cosines, total=total)

    def similarities(
        self, vector: npt.NDArray[np.float32], keys: Sequence[int], /, *, space: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the cosine of ``vector`` with each paper's vector, (n,), NaN where it has none."""
        found: npt.NDArray[np.float32] = self.vectors(keys, space=space) @ np.nan_to_num(vector)
        return np.clip(found, -1, 1)

    def vectors(
        self, keys: Sequence[int], /, *, space: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the vectors of these papers, (n, dim), unit rows; NaN rows where there is none."""
        with self._held.reading() as opened:
            meaning = self._meaning(opened, space)
            if meaning is None:
                return np.full((len(keys), self._space.dim), np.nan, dtype=np.float32)
            return meaning.vectors_of(opened.table, keys)

    def _meaning(self, opened: State, space: str | None) -> Meaning | None:
        return opened.meaning(self._space.name if space is None else space)

    def matched_words(self, query: Query, keys: Sequence[int], /) -> list[tuple[str, ...]]:
        """Return for each paper the words of the query, as typed, that the index has of it."""
        wanted = list({clause.text: clause for clause in leaves(query.clauses)}.values())
        if not (wanted and keys):
            return [()] * len(keys)
        with self._held.reading() as opened:
            found = opened.words.have(keys, [asking.has(clause) for clause in wanted])
        texts = [clause.text for clause in wanted]
        return [tuple(compress(texts, row)) for row in found.tolist()]

    def marks(self, query: Query, text: str, /, *, field: str) -> tuple[tuple[int, int], ...]:
        """Return where in a plain text the words stand that the query would find there."""
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
        asked = asking.ask(query, filters, among)
        if len(beside):
            asked = words.either([asked, words.among(np.sort(beside))])
        with self._held.reading() as opened:
            return opened.words.counts(asked)

    def complete(self, text: str, /, *, limit: int) -> Completions:
        """Return authors, topics and titles that begin so, ``limit`` of each at most."""
        with self._held.reading() as opened:
            return completing.complete(opened.words, text, limit, asking.titles(text))

    def spelling(self, word: str, /) -> Spelling:
        """Tell how many papers have a word, and which one was probably meant."""
        with self._held.reading() as opened:
            return respelling.spelling(opened.words, word)

    # --- writing ---

    def apply(self, papers: Sequence[Paper], gone: Collection[int], /, *, position: int) -> None:
        """Make papers findable by word, forget those gone, and remember ``position``.

        Words first, then rows, then the commit file that makes the rows count: what a kill
        leaves undone is done when the same changes are applied again.
        """
        latest = {paper.key: paper for paper in papers}
        for key in latest:
            if not 0 < key < MAX_KEY:
                raise ValueError(f"a paper's key must be from 1 to {MAX_KEY - 1}, not {key}")
        with self._held.changing() as opened:
            new = [row for paper in latest.values() if (row := self._row(opened, paper))]
            lost = sorted(key for key in set(gone) - set(latest) if 0 < key < MAX_KEY)
            if new or lost:
                self._write(opened, new, lost, papers=latest, position=position)
            elif position != opened.commit.position:
                opened.save(position=position)

    def _write(
        self,
        opened: State,
        new: Sequence[NewRow],
        lost: Sequence[int],
        *,
        papers: Mapping[int, Paper],
        position: int,
    ) -> None:
        keys = {*lost, *(row.key for row in new)}
        half_done = disk.load_intent(self._folder)
        disk.save_intent(self._folder, half_done | keys)
        changed = [papers[row.key] for row in new]
        documents = (
            words.document(paper, tag_numbers=[*row.facets, *tags.name_tags(paper)])
            for row, paper in zip(new, changed, strict=True)
        )
        opened.words.write(documents, gone={*_here(opened, keys), *(keys & half_done)})
        rows = self._append(opened, [*new, *_tombstones(opened, lost)])
        opened.save(rows=rows, position=position)
        disk.save_intent(self._folder, half_done - keys)
        self._held.absorb(opened)

    def pending(
        self,
        *,
        encoder: str | None,
        limit: int,
        first: Sequence[int] = (),
        instead_of: Collection[str] | None = None,
    ) -> Sequence[int]:
        """Return papers that wait for a vector: the wished ones, ``first``, then the newest."""
        wished = [] if encoder is None else self._wishes.read()
        with self._held.reading() as opened:
            meaning = self._writable(opened, encoder)
            is_waiting = meaning.is_waiting(opened.table, slice(None), encoder, instead_of)
            keys = waiting.in_turn(opened.table, is_waiting, limit, [*wished, *first])
            texts = opened.table.rows["text"][opened.table.slots(keys)].tolist()
            self._due.update(zip(keys, texts, strict=True))
        if wished and not set(wished).intersection(keys):
            self._wishes.forget()
        return keys

    def wish(self, keys: Sequence[int], /, *, encoder: str) -> None:
        """Say that somebody looks at these papers: those without such a vector get it first."""
        with suppress(IndexFaultError), self._held.reading() as opened:
            if (meaning := opened.meaning_for(encoder)) is not None:
                slots = opened.table.slots(keys)
                slots = slots[slots >= 0]
                slots = slots[meaning.is_waiting(opened.table, slots, encoder, None)]
                self._wishes.add(opened.table.rows["key"][slots].tolist())

    def answering(self) -> AbstractContextManager[None]:
        """Say that somebody waits for an answer, until the block ends; blocks may overlap."""
        return self._readers.waiting()

    def is_answering(self) -> bool:
        """Tell whether anybody waits for an answer just now, in any process."""
        return self._readers.are_waiting()

    def made_by(self, encoder: str, /) -> npt.NDArray[np.int64]:
        """Return the papers that have this encoder's vector of their present text."""
        with self._held.reading() as opened:
            meaning = opened.meaning_for(encoder)
            if meaning is None:
                return np.empty(0, dtype=np.int64)
            return meaning.made_by(opened.table, encoder)

    def put_vectors(
        self, keys: Sequence[int], vectors: npt.NDArray[np.float32], /, *, encoder: str
    ) -> None:
        """Store or replace vectors in place, (n, dim) unit rows, and what made them. Durable.

        A vector counts for the text that the paper had when ``pending`` named it: when that
        changed meanwhile, the paper is due again. Papers that are not here are passed over.
        """
        with self._held.changing() as opened:
            meaning = self._writable(opened, encoder)
            if vectors.shape != (len(keys), meaning.space.dim):
                raise ValueError(
                    f"vectors must have shape ({len(keys)}, {meaning.space.dim}), "
                    f"not {vectors.shape}"
                )
            place = {key: index for index, key in enumerate(keys)}  # of a key twice, the last
            slots = opened.table.slots(list(place))
            is_here = slots >= 0
            if not is_here.any():
                return
            chosen, slots = np.array(list(place.values()))[is_here], slots[is_here]
            texts = opened.table.rows["text"][slots].astype(np.uint64)
            for index, key in enumerate(opened.table.rows["key"][slots].tolist()):
                texts[index] = self._due.pop(key, texts[index])
            number = self._encoder_number(opened, meaning, encoder)
            meaning.vectors.write(slots, vectors[chosen], texts=texts, encoder=number)
            opened.save()
            self._held.absorb(opened, (meaning, slots))
        self._pace.note(encoder, len(slots))

    def pace(self, encoder: str, /) -> float:
        """Return the vectors per second of the last minutes, by any process; 0: none are made."""
        return self._pace.per_second(encoder)

    def _writable(self, opened: State, encoder: str | None) -> Meaning:
        """Return where this encoder's vectors go.

        Raises:
            IndexFaultError: another process holds the index, and has another encoder.
        """
        name = self._space.name
        meaning = opened.meaning(name) if encoder is None else opened.meaning_for(encoder)
        if meaning is None:
            raise disk.fault(f"holds no vectors like those of {encoder or name}")
        return meaning

    def retire(self) -> None:
        """Forget the vectors of the space before today's, and free their room."""
        with self._held.changing() as opened:
            if len(opened.commit.spaces) > 1:
                opened.save(spaces=opened.commit.spaces[:1])
                self._held.open()
                state.sweep(self._folder, disk.load_commit(self._folder))

    def optimize(self) -> None:
        """Drop rows that no longer count and train the approximate index, each when it is due."""
        if not self._keeping.acquire(blocking=False):
            return
        try:
            with self._held.changing() as opened:
                if opened.is_bloated:
                    opened.save_compacted()
                    self._held.open()
                count = len(opened.meanings)
            for place in range(count):
                self._train(place)
        finally:
            self._keeping.release()

    def clear(self) -> None:
        """Forget everything: position 0. Also mends a damaged index."""
        self._held.clear()
        self._due.clear()

    # --- itself ---

    def status(self) -> EngineStatus:
        """Tell how far the indexes have come."""
        with self._held.reading() as opened:
            meaning = self._meaning(opened, None)
            counts = meaning.counts() if meaning else {}
            former = [one for one in opened.meanings[1:] if one is not meaning]
            return EngineStatus(
                position=opened.commit.position,
                indexed=opened.table.alive_count,
                encoded=sum(counts.values()),
                encoders=counts,
                kind=meaning.nearest.kind if meaning else "none",
                bytes=self._bytes(),
                newest=opened.table.newest_key,
                former=former[0].counts() if former else {},
                former_origin=former[0].space.origin if former else "",
            )

    def check(self, keys: Collection[int], /) -> list[str]:
        """Compare with the keys of all papers at ``status().position``; a sentence per problem."""
        try:
            with self._held.reading() as opened:
                return checks.problems(opened, keys)
        except IndexFaultError as error:
            return [str(error)]

    def try_lock(self) -> bool:
        """Become the one process that may write the indexes; tell whether that worked."""
        return self._held.try_lock()

    def refresh(self) -> None:
        """See what another process has written since; one ``stat`` when nothing was."""
        self._held.refresh()

    def close(self) -> None:
        """Let go of files and locks."""
        self._held.close()

    # --- how it is done ---

    def _listing(self, filters: Filters, *, k: int, among: npt.NDArray[np.int64] | None) -> Scored:
        with self._held.reading() as opened:
            if filters.authors:  # the words know them
                asked = asking.ask(Query(text=""), filters, among)
                keys, scores, total = opened.words.best(asked, k, by_newness=True)
                return Scored(keys=keys, scores=scores, total=total)
            keys, total = opened.table.newest(opened.table.allowed(filters, among), k)
        return Scored(keys=keys, scores=np.zeros(len(keys), dtype=np.float32), total=total)

    def _train(self, place: int) -> None:
        """Make an approximate index of a space where too many vectors are searched one by one.

        Searching and writing go on meanwhile; what changes under it stays in the flat tier.
        """
        with self._held.reading() as opened:
            meaning = opened.meanings[place]
            if not meaning.nearest.is_training_due(self._exact_limit):
                return
            slots, stamps = meaning.nearest.to_train()
            name = f"ivf-{opened.commit.generation}.faiss"
        snapshot = Snapshot.train(
            meaning.vectors.read, slots, stamps, dim=meaning.space.dim, threads=self._threads
        )
        with self._held.changing() as current:
            if meaning not in current.meanings:  # cleared meanwhile
                return
            snapshot.save(meaning.folder / name)
            current.save_space(meaning, meaning=name)
            nearest = meaning.with_snapshot(snapshot, current.table.is_alive)
            self._held.use(meaning, nearest)
            state.sweep(self._folder, current.commit)

    def _bytes(self) -> int:
        """Return the size on disk, looked up every few seconds: every search asks for status."""
        now = time.monotonic()
        if self._measured is None or now - self._measured[0] > MEASURED_S:
            self._measured = (now, disk.size_on_disk(self._folder))
        return self._measured[1]

    def _row(self, opened: State, paper: Paper) -> NewRow | None:
        """Return the paper's new row, or None when nothing that is indexed changed."""
        facets = tags.facet_tags(paper)
        content = _digest(
            disk.LEXICON, paper.title, paper.abstract, paper.venue, paper.topics, paper.authors,
            paper.published, paper.day, facets, paper.identifiers,
        )  # fmt: skip
        slot = int(opened.table.slots([paper.key])[0])
        if slot >= 0 and int(opened.table.rows["content"][slot]) == content:
            return None
        return NewRow(
            key=paper.key,
            content=content,
            text=_digest(paper.title, paper.abstract),
            published=words.ordinal(paper.published),
            day=words.ordinal(paper.day or paper.published),
            facets=facets,
        )

    def _append(self, opened: State, new: Sequence[NewRow]) -> int:
        start = opened.commit.rows
        before = opened.table.slots([row.key for row in new]).tolist()
        count = opened.table.append(new)
        carried = [
            (old, start + place)
            for place, (old, row) in enumerate(zip(before, new, strict=True))
            if old >= 0 and not row.is_gone
        ]
        for meaning in opened.meanings:
            meaning.vectors.extend(start, count, carried=carried)
        return count

    def _encoder_number(self, opened: State, meaning: Meaning, encoder: str) -> int:
        names = meaning.space.encoders
        if encoder not in names:
            if len(names) == MAX_ENCODERS:
                raise disk.fault(f"knows {MAX_ENCODERS} encoders already")
            opened.save_space(meaning, encoders=(*names, encoder))
        return meaning.space.encoders.index(encoder) + 1


def _written(
    opened: State, filters: Filters, among: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.int64] | None:
    """Return the keys that are ``among``, of papers by the authors that are asked for, sorted."""
    asked = asking.by_authors(filters)
    if asked is None:
        return among
    keys = opened.words.matching(asked)
    return keys if among is None else np.intersect1d(keys, among)


def _here(opened: State, keys: Collection[int]) -> list[int]:
    """Return those papers that have a row: others have no document, and nothing to end."""
    asked = np.array([*keys], dtype=np.int64)
    here: list[int] = asked[opened.table.slots(asked) >= 0].tolist()
    return here


def _tombstones(opened: State, lost: Sequence[int]) -> list[NewRow]:
    """Return the rows that end papers."""
    return [NewRow(key=key, is_gone=True) for key in _here(opened, lost)]


def _digest(*parts: Any) -> int:
    text = repr(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")
