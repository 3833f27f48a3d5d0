"""Which vectors are nearest to this one? In memory, by faiss.

Two tiers. The *flat* tier holds float16 vectors and is searched exactly; a small library has no
other. The *approximate* tier (inverted lists of 4-bit product codes) is made once by
``approximate.train`` and never changed; its best candidates are scored again with the
vectors on disk. A vector that is newer than the approximate tier lives in the flat one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.index.faiss_ import faiss
from broadsheet.index.rows import grown
from broadsheet.index.vectors import BLANK, MAX_ENCODERS, encoder_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from broadsheet.index.approximate import Snapshot
    from broadsheet.index.rows import Mask, Slots
    from broadsheet.index.vectors import Vectors

MAX_TIES = 16_384  # neighbours looked through to order equal scores at the end of a list
CHUNK = 16_384  # vectors taken in at once: 12 MB
SUBSET = 2_000  # so few allowed rows are scored one by one, without the approximate tier

Found = tuple[Any, Any]  # slots, npt.NDArray[np.int64]; scores, npt.NDArray[np.float32]; unordered


class Flat:
    """Float16 vectors, searched exactly (1.5 ms for 50,000 on one core).

    A vector is replaced where it stands, and the last ones fill the gaps that others leave, so
    that a change costs what changes, whatever else is here.
    """

    def __init__(self, dim: int) -> None:
        self._index = faiss.IndexScalarQuantizer(
            dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self._slots: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)  # by place
        self._places: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)  # by slot; -1: not here

    def __len__(self) -> int:
        """Return how many vectors are here."""
        count: int = self._index.ntotal
        return count

    def put(self, slots: Slots, halves: npt.NDArray[np.float16]) -> None:
        """Take vectors in, (n, dim), in place of those of the same rows; each row once."""
        if not len(slots):
            return
        codes = np.ascontiguousarray(halves).view(np.uint8).reshape(len(slots), -1)
        self._places = grown(self._places, int(slots.max()) + 1, fill=-1)
        places = self._places[slots]
        is_here = places >= 0
        if is_here.any():
            self._codes()[places[is_here]] = codes[is_here]
        first, new = len(self), slots[~is_here]
        self._index.add_sa_codes(np.ascontiguousarray(codes[~is_here]))
        self._slots = grown(self._slots, len(self))
        self._slots[first : len(self)] = new
        self._places[new] = np.arange(first, len(self), dtype=np.int32)

    def drop(self, slots: Slots) -> None:
        """Forget the vectors of these rows."""
        known = slots[slots < len(self._places)]
        known = known[self._places[known] >= 0]
        if not len(known):
            return
        places, left = self._places[known], len(self) - len(known)
        self._places[known] = -1
        tail = self._slots[left : len(self)]
        staying = tail[self._places[tail] >= 0]
        gaps = places[places < left]
        codes = self._codes()
        codes[gaps] = codes[self._places[staying]]
        self._slots[gaps] = staying
        self._places[staying] = gaps
        self._index.remove_ids(faiss.IDSelectorRange(left, len(self)))

    def search(self, vector: npt.NDArray[np.float32], k: int, allowed: Mask | None) -> Found:
        """Return up to ``k`` nearest of the allowed rows."""
        k = min(k, len(self))
        if k == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        parameters = None
        if allowed is not None:
            selector = _selector(allowed[self._slots[: len(self)]])
            parameters = faiss.SearchParameters(sel=selector)
        scores, places = self._index.search(vector[None], k, params=parameters)
        is_found = places[0] >= 0
        return self._slots[places[0][is_found]].astype(np.int64), scores[0][is_found]

    def _codes(self) -> npt.NDArray[np.uint8]:
        """Return the codes where they stand, (n, bytes), to be written to."""
        width = self._index.code_size
        codes: npt.NDArray[np.uint8] = faiss.rev_swig_ptr(
            self._index.codes.data(), len(self) * width
        )
        return codes.reshape(-1, width)


class Nearest:
    """Both tiers, kept in step with what is on disk."""

    def __init__(self, dim: int, snapshot: Snapshot | None) -> None:
        self._dim = dim
        self._flat = Flat(dim)
        self._snapshot = snapshot
        self._stamps: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)  # 0: no vector
        self._searched: npt.NDArray[np.bool_] = np.empty(0, dtype=np.bool_)  # has one, not blank
        self._covered: npt.NDArray[np.bool_] = np.empty(0, dtype=np.bool_)  # by the snapshot
        self._covered_count = 0
        self._covering: Any = None  # the selector of what is covered; None: not made yet
        self._size = 0
        self._count = 0  # papers that can be found: those whose vector is not blank
        self._by_encoder = np.zeros(MAX_ENCODERS + 1, dtype=np.int64)

    @property
    def kind(self) -> str:
        """How meaning is searched: ``exact`` or ``ivf-pq``."""
        return "exact" if self._snapshot is None else "ivf-pq"

    def is_training_due(self, exact_limit: int) -> bool:
        """Tell whether too many vectors are searched one by one.

        That is more than the limit; beside an approximate tier, more than a tenth of it or of
        the limit, whichever is more.
        """
        if self._snapshot is None:
            return len(self._flat) > exact_limit
        return len(self._flat) > max(exact_limit, len(self._snapshot)) // 10

    def absorb(self, vectors: Vectors, is_alive: Mask, touched: Slots | None = None) -> None:
        """Take in what changed on disk since the last time.

        Args:
            vectors: As they are now.
            is_alive: Which rows count, (rows,).
            touched: Rows that may have changed; None: it is not known which, all are looked at.
        """
        self._size = len(is_alive)
        self._stamps = grown(self._stamps, self._size)
        self._searched = grown(self._searched, self._size)
        self._covered = grown(self._covered, self._size)
        changed, after = self._changed(vectors, is_alive, touched)
        for start in range(0, len(changed), CHUNK):
            part = slice(start, start + CHUNK)
            self._take(vectors, changed[part], after[part])

    def _changed(
        self, vectors: Vectors, is_alive: Mask, touched: Slots | None
    ) -> tuple[Slots, npt.NDArray[np.uint64]]:
        """Return the rows whose vector is another than it was, ascending, and their stamps."""
        stamps = vectors.marks["stamp"]
        if touched is None:
            wanted = np.where(is_alive, stamps, np.uint64(0))
            changed = np.flatnonzero(wanted != self._stamps[: self._size])
            return changed, wanted[changed]
        rows = np.unique(touched)
        wanted = np.where(is_alive[rows], stamps[rows], np.uint64(0))
        is_changed = wanted != self._stamps[rows]
        return rows[is_changed], wanted[is_changed]

    def _take(self, vectors: Vectors, changed: Slots, after: npt.NDArray[np.uint64]) -> None:
        before = self._stamps[changed]
        is_searched = _is_searched(after)
        is_covered = is_searched & self._is_in_snapshot(changed, after)
        self._flat.drop(changed[~is_searched | is_covered])
        fresh = changed[is_searched & ~is_covered]
        self._flat.put(fresh, vectors.read(fresh).astype(np.float16))
        self._covered_count += _count(is_covered) - _count(self._covered[changed])
        self._covering = None
        self._covered[changed] = is_covered
        self._searched[changed] = is_searched
        self._stamps[changed] = after
        self._count += _count(is_searched) - _count(_is_searched(before))
        self._by_encoder += _per_encoder(after) - _per_encoder(before)

    def count_by_encoder(self) -> list[int]:
        """Return how many vectors each encoder made, blank ones too; the first is none's."""
        counts: list[int] = self._by_encoder.tolist()
        return [0, *counts[1:]]

    def best(
        self,
        vector: npt.NDArray[np.float32],
        k: int,
        *,
        allowed: Mask | None,
        vectors: Vectors,
    ) -> tuple[Any, Any, int]:
        """Return rows and scores of at least the ``k`` nearest, and how many rows are allowed.

        Best first, with all that score like the last of the ``k``.
        """
        total = self._count
        if allowed is not None:
            allowed = allowed & self._searched[: self._size]
            total = _count(allowed)
        if total == 0 or k <= 0 or not vector.any():
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), total
        faiss.omp_set_num_threads(1)  # of this thread: one query is quickest alone
        limit = min(k, total) + 16
        while True:
            slots, scores = self._search(vector, limit, allowed=allowed, vectors=vectors)
            order = np.argsort(-scores)[:limit]
            slots, scores = slots[order], scores[order]
            is_whole = len(scores) < limit or scores[-1] < scores[min(k, limit) - 1]
            if is_whole or limit >= max(MAX_TIES, k):
                return slots, scores, total
            limit *= 4

    def _search(
        self,
        vector: npt.NDArray[np.float32],
        k: int,
        *,
        allowed: Mask | None,
        vectors: Vectors,
    ) -> Found:
        exact = self._flat.search(vector, k, allowed)
        if self._snapshot is None:
            return exact
        near = self._approximate(vector, k, allowed=allowed, vectors=vectors)
        return np.concatenate([exact[0], near[0]]), np.concatenate([exact[1], near[1]])

    def _approximate(
        self,
        vector: npt.NDArray[np.float32],
        k: int,
        *,
        allowed: Mask | None,
        vectors: Vectors,
    ) -> Found:
        assert self._snapshot is not None  # noqa: S101  # the caller looked
        if allowed is None:
            count, selector = self._covered_count, self._all_covered()
        else:
            allowed = allowed & self._covered[: self._size]
            count, selector = _count(allowed), None
        if count <= SUBSET:
            slots = np.flatnonzero(self._covered[: self._size] if allowed is None else allowed)
        else:
            selector = selector if allowed is None else _selector(allowed)
            share = count / len(self._snapshot)
            slots = self._snapshot.candidates(vector, k, selector=selector, share=share)
        return slots, vectors.cosines(slots, vector)

    def _all_covered(self) -> Any:
        """Return the selector of what of the snapshot still counts; None: all of it."""
        if self._snapshot is None or self._covered_count == len(self._snapshot):
            return None
        if self._covering is None:
            self._covering = _selector(self._covered[: self._size])
        return self._covering

    def to_train(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
        """Return the rows that can be found, ascending, and a copy of all rows' stamps."""
        stamps = self._stamps[: self._size].copy()
        stamps[~self._searched[: self._size]] = 0
        return np.flatnonzero(stamps), stamps

    def _is_in_snapshot(
        self, slots: npt.NDArray[np.int64], stamps: npt.NDArray[np.uint64]
    ) -> npt.NDArray[np.bool_]:
        if self._snapshot is None:
            return np.zeros(len(slots), dtype=np.bool_)
        return self._snapshot.holds(slots, stamps)


def _is_searched(stamps: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    searched: npt.NDArray[np.bool_] = (stamps != 0) & (stamps & BLANK == 0)
    return searched


def _count(mask: Mask) -> int:
    return int(np.count_nonzero(mask))


def _per_encoder(stamps: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    return np.bincount(encoder_of(stamps), minlength=MAX_ENCODERS + 1)


def _selector(mask: Mask) -> Any:
    return faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
