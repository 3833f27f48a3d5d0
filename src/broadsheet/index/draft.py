"""Meaning at ingest speed: a static table with one vector per word piece, in a model's own space.

A paper's draft vector is the weighted sum of the rows of its pieces. The table is fitted, in
closed form, to what the model itself says of many papers (``training``), so drafts may stand
beside the model's vectors in one index and be replaced by them one by one; a query is always
encoded by the model. On their own drafts find worse than words do; beside words they keep most
of what the model adds (docs/encoder.md).
"""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.errors import EncoderError
from broadsheet.index.encoder import open_encoder
from broadsheet.index.layout import BUILTIN
from broadsheet.index.pieces import WordPieces
from broadsheet.library.encoding import JOINT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from broadsheet.config import Settings
    from broadsheet.index.pieces import Cut

TABLE, FACTS = "table.npy", "draft.json"
BUILTIN_DRAFT = BUILTIN / "draft"
TOKENS = 256
"""Pieces of a text that a draft is made of, however many the table was fitted to.

Of a table fitted to 64: on SciFact's train split drafts of 64 pieces, fused with words, have
nDCG@10 .710, of 128 .718, of 256 .724; the encoder itself .730 at 128 tokens.
"""

HEAD = 1.5
"""By how much the first piece of a text weighs more than one far behind: titles say most."""

FADES = 30.0
"""Pieces after which so much of that is gone as e says: a title and a sentence.

Of 40,000 papers, held out: cosine .8835 where all pieces weigh alike, .8912 for (1, 10), .8933
(1, 20), .8942 (1, 30), .8949 (1.5, 30), .8949 (2, 40), .8911 (1, 80).
"""

REFIT_HELD_OUT = 10  # every so many-th paper judges a refit
MIN_GAIN = 0.005  # of the mean cosine; less is not worth encoding all drafts again
AT_ONCE = 256  # texts: 30 MB of rows in memory
TOGETHER = 32  # texts whose rows are summed by one product: their pieces are read once
ROW_LIMIT = 127  # the largest entry of a row of int8


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFacts:
    """What ``draft.json`` says of a table."""

    space: str  # of the model that it was fitted to
    tokens: int  # of a text that are read, >= 1
    sha256: str  # of ``table.npy``
    base: str = ""  # the digest of the table that this one was refitted from; "": none
    papers: int = 0  # that it was refitted to


@dataclass(frozen=True, slots=True, kw_only=True)
class Refit:
    """What came of fitting a table to a library's own papers."""

    papers: int
    before: float  # mean cosine to the model over the papers held out, in [-1, 1]
    after: float
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bags:
    """The pieces of several texts, each piece of a text once.

    Text ``i`` has the entries from ``starts[i]`` to ``starts[i + 1]``; a text may have none.
    """

    pieces: npt.NDArray[np.int64]  # (entries,) numbers of word pieces
    weights: npt.NDArray[np.float32]  # (entries,) > 0, sum 1 within a text
    starts: npt.NDArray[np.int64]  # (texts + 1,)


def weigh(cut: Cut, /) -> Bags:
    """Return each text's pieces with weights that sum to 1.

    In proportion to ``log(1 + count) * (1 + HEAD * exp(-place / FADES))`` where ``place`` is that
    of the piece's first occurrence, from 0.
    """
    lengths, texts = cut.lengths, len(cut.lengths)
    owners = np.repeat(np.arange(texts, dtype=np.int64), lengths)
    joint, first, counts = np.unique(  # by text, then piece
        owners << 32 | cut.pieces, return_index=True, return_counts=True
    )
    owners = joint >> 32
    places = first - (np.cumsum(lengths) - lengths)[owners]
    weights = np.log1p(counts) * (1 + HEAD * np.exp(-places / FADES))
    sums = np.bincount(owners, weights=weights, minlength=texts)
    starts = np.searchsorted(owners, np.arange(texts + 1))
    return Bags(
        pieces=joint & 0xFFFF_FFFF,
        weights=(weights / sums[owners]).astype(np.float32),
        starts=starts.astype(np.int64),
    )


def combine(bags: Bags, table: npt.NDArray[Any], /) -> npt.NDArray[np.float32]:
    """Return for each text the weighted sum of its pieces' rows, (texts, dim); none: zeros.

    Args:
        bags: Of the texts.
        table: Any numeric dtype, (pieces, dim).
    """
    texts = len(bags.starts) - 1
    sums = np.zeros((texts, table.shape[1]), dtype=np.float32)
    for start in range(0, texts, TOGETHER):
        stop = min(start + TOGETHER, texts)
        starts = bags.starts[start : stop + 1]
        entries = slice(int(starts[0]), int(starts[-1]))
        pieces, places = np.unique(bags.pieces[entries], return_inverse=True)
        weights = np.zeros((stop - start, len(pieces)), dtype=np.float32)
        weights[np.repeat(np.arange(stop - start), np.diff(starts)), places] = bags.weights[entries]
        sums[start:stop] = weights @ table[pieces].astype(np.float32)
    return sums


def unit(vectors: npt.NDArray[np.float32], /) -> npt.NDArray[np.float32]:
    """Return rows of unit length; a row of zeros stays one."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)
    return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A table and what is known of it."""

    facts: DraftFacts
    rows: npt.NDArray[np.int8]  # (pieces, dim)
    scales: npt.NDArray[np.float32]  # (pieces,)

    def whole(self) -> npt.NDArray[np.float32]:
        """Return it as numbers, (pieces, dim): 47 MB."""
        whole: npt.NDArray[np.float32] = self.rows * self.scales[:, None]
        return whole


class DraftEncoder:
    """Encodes papers with a table, thousands a second. Safe to share between threads.

    A search needs none, so the table is read, and held against its checksum, when it is first
    asked for.
    """

    def __init__(
        self, folder: Path, tokenizer: Callable[[], Any], *, own: Path | None = None
    ) -> None:
        """Describe the table of a folder.

        Args:
            folder: With ``table.npy`` and ``draft.json``.
            tokenizer: Makes one of the model that the table was fitted to.
            own: Where ``refit`` keeps a table; one that is there and was made from this one is
                used instead. None: no refit is kept.

        Raises:
            EncoderError: a file is missing. One that is altered is found at first use.
        """
        self._base = folder
        self._facts = read_facts(folder)
        self._own = own
        self._tokenizer = tokenizer
        self._lock = threading.RLock()  # one thread reads the table, the others wait for it
        self._refitted: _Table | None = None
        if not (folder / TABLE).is_file():
            raise EncoderError(f"{folder / TABLE} cannot be read: it is not there")

    @property
    def _table(self) -> _Table:
        """What drafts are made with."""
        with self._lock:
            return self._refitted or self._kept

    @cached_property
    def _kept(self) -> _Table:
        """The table that an earlier process refitted from this one, else this one."""
        base, own = _read(self._base), self._own
        if own is not None and (own / FACTS).exists():
            with suppress(EncoderError):  # a damaged one is made again some night
                kept = _read(own)
                if kept.facts.base == base.facts.sha256:
                    return kept
        return base

    @property
    def _cutter(self) -> WordPieces:
        with self._lock:
            return self._made_cutter

    @cached_property
    def _made_cutter(self) -> WordPieces:
        return WordPieces(self._tokenizer(), tokens=self._facts.tokens)

    @property
    def joint(self) -> str:
        """What stands between title and abstract: as where the table was fitted."""
        return JOINT

    @property
    def name(self) -> str:
        """``all-MiniLM-L6-v2/draft-1f2e3d4c/128``: the model, the table's digest, tokens."""
        facts = self._table.facts
        return f"{facts.space}/draft-{facts.sha256[:8]}/{facts.tokens}"

    @property
    def space(self) -> str:
        """The space of the model that the table was fitted to."""
        return self._facts.space

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return int(self._table.rows.shape[1])

    @property
    def own_papers(self) -> int:
        """How many papers of this library the table was fitted to; 0: it is as it came."""
        return self._table.facts.papers if self._table.facts.base else 0

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return shape (len(texts), dim), float32, rows of unit length.

        A text without a known piece has a row of zeros.
        """
        table = self._table
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), AT_ONCE):
            bags = self._bags(texts[start : start + AT_ONCE])
            scaled = Bags(
                pieces=bags.pieces,
                weights=bags.weights * table.scales[bags.pieces],
                starts=bags.starts,
            )
            vectors[start : start + AT_ONCE] = unit(combine(scaled, table.rows))
        return vectors

    def _bags(self, texts: Sequence[str]) -> Bags:
        return weigh(self._cutter.cut_all(texts))

    def refit(self, texts: Sequence[str], vectors: npt.NDArray[np.float32], /) -> Refit:
        """Fit the table to what the model made of these texts; keep it where it became better.

        Always beginning with the table as it came, so that nothing drifts. Every tenth text is
        held out to judge by.

        Args:
            texts: What was read of papers.
            vectors: What the model made of them, (len(texts), dim) unit rows.

        Raises:
            OSError: the table cannot be written.
        """
        from broadsheet.index import training

        base = _read(self._base)
        lesson = training.Lesson(bags=self._bags(texts), vectors=vectors)
        fitted, held = training.split(lesson, every=REFIT_HELD_OUT)
        before = training.mean_cosine(held, self._table.whole())
        made = training.fit(fitted, base.whole())
        after = training.mean_cosine(held, made)
        is_kept = after >= before + MIN_GAIN
        if is_kept and self._own is not None:
            facts = base.facts
            save_table(
                self._own,
                made,
                space=facts.space,
                tokens=facts.tokens,
                base=facts.sha256,
                papers=len(texts),
            )
            self._refitted = _read(self._own)
        return Refit(papers=len(texts), before=before, after=after, is_kept=is_kept)


def open_draft(settings: Settings) -> DraftEncoder | None:
    """Return the draft encoder that the settings name.

    The built-in table goes with the built-in encoder alone; with another one there is none.

    Raises:
        EncoderError: its files are missing, or fitted to another encoder.
    """
    teacher = open_encoder(settings)
    if settings.draft == "builtin":
        if settings.encoder != "builtin":
            return None
        folder = BUILTIN_DRAFT
    else:
        folder = Path(settings.draft).expanduser()
    draft = DraftEncoder(folder, teacher.tokenizer, own=settings.data / "draft")
    if draft.space != teacher.space:
        raise EncoderError(
            f"{folder} was fitted to {draft.space}, but the encoder is {teacher.space}: "
            "train a table for it, or leave `draft` empty"
        )
    return draft


def read_facts(folder: Path) -> DraftFacts:
    """Read ``draft.json``; what else it says is for people.

    Raises:
        EncoderError: it is missing, no JSON object, or lacks an entry.
    """
    path = folder / FACTS
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        known = {item.name: values[item.name] for item in fields(DraftFacts) if item.name in values}
        facts = DraftFacts(**known)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise EncoderError(f"{path} cannot be read: {error!r}") from error
    if not isinstance(facts.tokens, int) or facts.tokens < 1:
        raise EncoderError(f"{path}: tokens must be at least 1, not {facts.tokens!r}")
    return facts


def save_table(
    folder: Path, table: npt.NDArray[np.float32], *, space: str, tokens: int, **told: Any
) -> None:
    """Write a table, (pieces, dim), as int8 with one scale per row, and what is known of it.

    A row's scale makes its largest entry 127; it is kept in the row's last four bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FACTS).unlink(missing_ok=True)  # a kill leaves a folder without facts: no table
    scales = np.abs(table).max(axis=1) / ROW_LIMIT  # (pieces,)
    rows = np.rint(table / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8)
    packed = np.concatenate([rows, scales.astype("<f4")[:, None].view(np.int8)], axis=1)
    path = folder / TABLE
    np.save(path, packed)
    facts = {"space": space, "tokens": tokens, "sha256": _sha256(path), **told}
    (folder / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _read(folder: Path) -> _Table:
    facts, path = read_facts(folder), folder / TABLE
    try:
        if _sha256(path) != facts.sha256:
            raise EncoderError(f"{path} is not the file that {FACTS} describes; train it again")
        packed = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise EncoderError(f"{path} cannot be read: {error}") from error
    if packed.dtype != np.int8 or packed.ndim != 2 or packed.shape[1] <= _SCALE_BYTES:  # noqa: PLR2004  # rows and columns
        raise EncoderError(f"{path} holds no table of int8 rows")
    rows = np.ascontiguousarray(packed[:, :-_SCALE_BYTES])
    scales = np.ascontiguousarray(packed[:, -_SCALE_BYTES:]).view("<f4")[:, 0]
    return _Table(facts=facts, rows=rows, scales=scales)


_SCALE_BYTES = 4


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
