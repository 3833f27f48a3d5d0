"""The embedded engine: words by tantivy, meaning by faiss, in one folder beside the store."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.errors import ConflictError, IndexFaultError, UsageError
from broadsheet.index import asking, checks, completing, disk, marks, respelling, state, tags, words
from broadsheet.index.approximate import Snapshot
from broadsheet.index.rows import MAX_KEY, NewRow
from broadsheet.index.turns import Turns
from broadsheet.index.vectors import MAX_ENCODERS, encoder_of
from broadsheet.model import EngineStatus, Query
from broadsheet.ports import Scored

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.index.rows import Slots
    from broadsheet.index.state import State
    from broadsheet.model import Counts, Filters, Paper
    from broadsheet.ports import Completions, Spelling

MEASURED_S = 5.0  # for so long a size on disk is taken for true
CREATION_S = 10.0  # how long to wait while another process makes the index


class EmbeddedEngine:
    """The engine of one folder. Any number of processes read it, one at a time writes.

    A damaged folder can be opened: everything but ``clear`` then says what is wrong with it.
    """

    def __init__(self, folder: Path, *, dim: int, exact_limit: int, threads: int) -> None:
        self._folder = folder
        self._dim = dim
        self._exact_limit = exact_limit
        self._threads = threads
        self._lock = disk.ProcessLock(folder / disk.LOCK_FILE)
        self._writing = threading.RLock()  # one thread changes the files
        self._keeping = threading.Lock()  # one thread does housekeeping
        self._turns = Turns()  # many threads search, or one changes what is in memory
        self._due: dict[int, int] = {}  # key: digest of the text that `pending` asked to encode
        self._state: State | None = None
        self._fault: IndexFaultError | None = None
        self._is_closed = False
        self._measured: tuple[float, int] | None = None  # when, bytes on disk
        folder.mkdir(parents=True, exist_ok=True)
        self._make_if_missing()
        self._renew_if_old()
        self._open()

    # --- searching ---

    def lexical(
        self, query: Query, filters: Filters, /, *, k: int, among: npt.NDArray[np.int64] | None
    ) -> Scored:
        """Return the ``k`` best by BM25; a query of filters alone scores 0, newest first."""
        if not query.clauses:
            return self._listing(filters, k=k, among=among)
        asked = asking.ask(query, filters, among)
        with self._reading() as opened:
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
    ) -> Scored:
        """Return the ``k`` nearest by cosine, among papers that have a vector."""
        wanted = self._checked(vector)
        with self._reading() as opened:
            allowed = opened.table.allowed(filters, among)
            slots, scores, total = opened.nearest.best(
                wanted, k, allowed=allowed, vectors=opened.vectors
            )
            keys = opened.table.rows["key"][slots]
        order = np.lexsort((-keys, -scores))[: max(k, 0)]
        # Float16 rows are of unit length within .001 only: keep the promise of a cosine.
        cosines = np.clip(scores[order], -1, 1).astype(np.float32)
        return Scored(keys=keys[order], scores=cosines, total=total)

    def similarities(
        self, vector: npt.NDArray[np.float32], keys: Sequence[int], /
    ) -> npt.NDArray[np.float32]:
        """Return the cosine of ``vector`` with each paper's vector, (n,), NaN where it has none."""
        found: npt.NDArray[np.float32] = self.vectors(keys) @ self._checked(vector)  # (n,)
        return np.clip(found, -1, 1)

    def vectors(self, keys: Sequence[int], /) -> npt.NDArray[np.float32]:
        """Return the vectors of these papers, (n, dim), unit rows; NaN rows where there is none."""
        found = np.full((len(keys), self._dim), np.nan, dtype=np.float32)
        with self._reading() as opened:
            slots = opened.table.slots(keys)
            is_there = slots >= 0
            is_there[is_there] = opened.vectors.marks["stamp"][slots[is_there]] != 0
            found[is_there] = opened.vectors.read(slots[is_there])
        return found

    def matched_words(self, query: Query, paper: Paper, /) -> tuple[str, ...]:
        """Return the words of the query, as typed, that the paper has (stemmed comparison)."""
        return asking.matched_words(query, paper)

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
            asked = asking.either([asked, words.among(np.sort(beside))])
        with self._reading() as opened:
            return opened.words.counts(asked)

    def complete(self, text: str, /, *, limit: int) -> Completions:
        """Return authors, topics and titles that begin so, ``limit`` of each at most."""
        with self._reading() as opened:
            return completing.complete(opened.words, text, limit, asking.titles(text))

    def spelling(self, word: str, /) -> Spelling:
        """Tell how many papers have a word, and which one was probably meant."""
        with self._reading() as opened:
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
        with self._changing() as opened:
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
        documents = (
            (row.key, words.document(papers[row.key], tag_numbers=[*row.facets, *row.names]))
            for row in new
        )
        opened.words.write(documents, lost)
        rows = self._append(opened, [*new, *_tombstones(opened, lost)])
        opened.save(rows=rows, position=position)
        disk.save_intent(self._folder, half_done - keys)
        self._absorb(opened, np.empty(0, dtype=np.int32))

    def pending(self, *, encoder: str | None, limit: int) -> Sequence[int]:
        """Return papers whose vector is missing, stale or by another encoder, newest first."""
        with self._reading() as opened:
            rows, marks = opened.table.rows, opened.vectors.marks
            is_done = marks["text"] == rows["text"]
            is_done &= _is_by(opened, encoder)
            waiting = np.flatnonzero(opened.table.is_alive & ~is_done)
            keys: list[int] = opened.table.by_newness(waiting, limit).tolist()
            texts = rows["text"][opened.table.slots(keys)].tolist()
            self._due.update(zip(keys, texts, strict=True))
        return keys

    def put_vectors(
        self, keys: Sequence[int], vectors: npt.NDArray[np.float32], /, *, encoder: str
    ) -> None:
        """Store or replace vectors in place, (n, dim) unit rows, and what made them. Durable.

        A vector counts for the text that the paper had when ``pending`` named it: when that
        changed meanwhile, the paper is due again. Papers that are not here are passed over.
        """
        if vectors.shape != (len(keys), self._dim):
            raise ValueError(
                f"vectors must have shape ({len(keys)}, {self._dim}), not {vectors.shape}"
            )
        with self._changing() as opened:
            place = {key: index for index, key in enumerate(keys)}  # of a key twice, the last
            slots = opened.table.slots(list(place))
            is_here = slots >= 0
            if not is_here.any():
                return
            chosen, slots = np.array(list(place.values()))[is_here], slots[is_here]
            texts = opened.table.rows["text"][slots].astype(np.uint64)
            for index, key in enumerate(opened.table.rows["key"][slots].tolist()):
                texts[index] = self._due.pop(key, texts[index])
            number = self._encoder_number(opened, encoder)
            opened.vectors.write(slots, vectors[chosen], texts=texts, encoder=number)
            opened.save()
            self._absorb(opened, slots)

    def optimize(self) -> None:
        """Drop rows that no longer count and train the approximate index, each when it is due."""
        if not self._keeping.acquire(blocking=False):
            return
        try:
            with self._changing() as opened:
                if opened.is_bloated:
                    opened.save_compacted()
                    self._open()
            self._train()
        finally:
            self._keeping.release()

    def clear(self) -> None:
        """Forget everything: position 0. Also mends a damaged index."""
        with self._writing:
            self._require_lock()
            self._recreate()
            self._due.clear()
            self._open()
            if self._fault is not None:
                raise self._fault

    # --- itself ---

    def status(self) -> EngineStatus:
        """Tell how far the indexes have come."""
        with self._reading() as opened:
            counts = opened.nearest.count_by_encoder()
            return EngineStatus(
                position=opened.commit.position,
                indexed=opened.table.alive_count,
                encoded=sum(counts),
                encoders={
                    name: counts[number]
                    for number, name in enumerate(opened.commit.encoders, start=1)
                    if counts[number]
                },
                kind=opened.nearest.kind,
                bytes=self._bytes(),
                newest=opened.table.newest_key,
            )

    def try_lock(self) -> bool:
        """Become the one process that may write the indexes; tell whether that worked."""
        with self._writing:
            had_it = self._lock.is_held
            if not self._lock.try_take():
                return False
        if not had_it:
            self.refresh()  # the process before may have written since
        return True

    def refresh(self) -> None:
        """See what another process has written since; one ``stat`` when nothing was."""
        current = self._state
        if current is not None and disk.stamp(self._folder) == current.stamp:
            return
        with self._writing:
            self._follow()

    def check(self, keys: Collection[int], /) -> list[str]:
        """Compare with the keys of all papers at ``status().position``; a sentence per problem."""
        try:
            with self._reading() as opened:
                return checks.problems(opened, keys)
        except IndexFaultError as error:
            return [str(error)]

    def close(self) -> None:
        """Let go of files and locks."""
        with self._writing, self._turns.writing():
            if self._state is not None:
                self._state.close()
            self._state = None
            self._fault = IndexFaultError("the index is closed")
            self._is_closed = True
            self._lock.release()

    # --- how it is done ---

    def _listing(self, filters: Filters, *, k: int, among: npt.NDArray[np.int64] | None) -> Scored:
        with self._reading() as opened:
            if filters.authors:  # few papers: the words know them without a look at every name
                asked = asking.ask(Query(text=""), filters, among)
                keys, scores, total = opened.words.best(asked, k, by_newness=True)
                return Scored(keys=keys, scores=scores, total=total)
            keys, total = opened.table.newest(opened.table.allowed(filters, among), k)
        return Scored(keys=keys, scores=np.zeros(len(keys), dtype=np.float32), total=total)

    def _train(self) -> None:
        """Make an approximate index of all vectors where too many are searched one by one.

        Searching and writing go on meanwhile; what changes under it stays in the flat tier.
        """
        with self._reading() as opened:
            if not opened.nearest.is_training_due(self._exact_limit):
                return
            slots, stamps = opened.nearest.to_train()
            name = f"ivf-{opened.commit.generation}.faiss"
        snapshot = Snapshot.train(
            opened.vectors.read, slots, stamps, dim=self._dim, threads=self._threads
        )
        with self._changing() as current:
            if current is not opened:  # cleared meanwhile
                return
            snapshot.save(current.papers / name)
            current.save(meaning=name)
            nearest = current.with_snapshot(snapshot)
            with self._turns.writing():
                current.nearest = nearest
            state.sweep(self._folder, current.commit)

    @contextmanager
    def _reading(self) -> Iterator[State]:
        with self._turns.reading():
            if self._state is None:
                raise self._fault or disk.fault("is not open")
            yield self._state

    @contextmanager
    def _changing(self) -> Iterator[State]:
        """Have the right to write: of this process, and in it."""
        with self._writing:
            self._require_lock()
            if self._state is None:
                raise self._fault or disk.fault("is not open")
            yield self._state

    def _require_lock(self) -> None:
        if not self.try_lock():
            raise ConflictError("another process is writing the index; try again when it is done")

    def _absorb(self, opened: State, encoded: Slots) -> None:
        with self._turns.writing():
            opened.absorb(encoded)

    def _make_if_missing(self) -> None:
        """Make an empty index where there is none; let one process do it."""
        deadline = time.monotonic() + CREATION_S
        while not state.exists(self._folder):
            if self._lock.try_take():
                if not state.exists(self._folder):
                    state.create(self._folder, dim=self._dim, generation=0)
                self._lock.release()
            elif time.monotonic() > deadline:
                raise ConflictError("another process has been making the index for too long")
            else:
                time.sleep(0.02)

    def _renew_if_old(self) -> None:
        """Begin the words anew where an older program made them; opening says what else is wrong.

        Of two processes one does it; where another one holds the index, it stays as it is.
        """
        with suppress(IndexFaultError, FileNotFoundError):
            is_old = disk.load_commit(self._folder, dim=self._dim).lexicon < disk.LEXICON
            if is_old and self._lock.try_take():
                try:
                    state.renew_words(self._folder, dim=self._dim)
                finally:
                    self._lock.release()

    def _recreate(self) -> None:
        generation = time.time_ns()  # larger than any before, whatever is left of the old index
        state.create(self._folder, dim=self._dim, generation=generation)

    def _open(self) -> None:
        """Open what is in the folder in place of what was open; note what is wrong with it."""
        opened, problem = None, None
        try:
            opened = state.State.open(self._folder, dim=self._dim)
        except FileNotFoundError as error:
            problem = disk.fault(f"has lost a file ({error})")
        except IndexFaultError as error:
            problem = error
        with self._turns.writing():
            before, self._state, self._fault = self._state, opened, problem
            if before is not None:
                before.close()

    def _follow(self) -> None:
        current = self._state
        if self._is_closed:
            return
        try:
            read_at = disk.stamp(self._folder)
            if current is not None and read_at == current.stamp:
                return
            commit = disk.load_commit(self._folder, dim=self._dim)
            if current is not None and current.can_follow(commit):
                nearest = current.prepared(commit)
                with self._turns.writing():
                    current.follow(commit, read_at, nearest)
                return
        except (FileNotFoundError, IndexFaultError):
            pass  # opening says what is wrong
        self._open()

    def _bytes(self) -> int:
        """Return the size on disk, looked up every few seconds: every search asks for status."""
        now = time.monotonic()
        if self._measured is None or now - self._measured[0] > MEASURED_S:
            self._measured = (now, disk.size_on_disk(self._folder))
        return self._measured[1]

    def _checked(self, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if vector.shape != (self._dim,):
            raise UsageError(f"a vector must have length {self._dim}, not shape {vector.shape}")
        return state.unit(vector)

    def _row(self, opened: State, paper: Paper) -> NewRow | None:
        """Return the paper's new row, or None when nothing that is indexed changed."""
        facets, names = tags.facet_tags(paper), tags.name_tags(paper)
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
            names=names,
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
        opened.vectors.extend(start, count, carried=carried)
        return count

    def _encoder_number(self, opened: State, encoder: str) -> int:
        names = opened.commit.encoders
        if encoder not in names:
            if len(names) == MAX_ENCODERS:
                raise disk.fault(f"knows {MAX_ENCODERS} encoders already")
            opened.save(encoders=(*names, encoder))
        return opened.commit.encoders.index(encoder) + 1


def _tombstones(opened: State, lost: Sequence[int]) -> list[NewRow]:
    """Return the rows that end papers; one that is not here has nothing to end."""
    is_here = opened.table.slots(list(lost)) >= 0
    return [NewRow(key=key, is_gone=True) for key in np.array(lost, dtype=int)[is_here].tolist()]


def _digest(*parts: Any) -> int:
    text = repr(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def _is_by(opened: State, encoder: str | None) -> npt.NDArray[np.bool_]:
    """Return which rows have a vector by this encoder, (rows,); None: by any."""
    makers = encoder_of(opened.vectors.marks["stamp"])
    names = opened.commit.encoders
    number = names.index(encoder) + 1 if encoder in names else -1
    found: npt.NDArray[np.bool_] = makers != 0 if encoder is None else makers == number
    return found
