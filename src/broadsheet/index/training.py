"""Fits a draft table to a model: what the model says of many papers, then linear algebra.

1. The teacher reads every paper once. Kept are its pieces, its vector, and for each piece the
   sum of the model's last states at its occurrences. What was read is saved as it goes: a
   training that was stopped goes on.
2. The prior: a piece's mean state, drawn to the mean of all by ``n / (n + 3)``, beside what the
   model says of the piece alone, mapped to the space by one least-squares fit.
3. Ridge regression to the prior: ``min ||X W - Y||^2 + RIDGE * ||W - W0||^2`` with ``X`` the
   papers' weighted pieces and ``Y`` their vectors, by conjugate gradients, column by column.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.errors import UsageError
from broadsheet.index.draft import Bags, combine, unit, weigh
from broadsheet.index.pieces import Cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.index.encoder import OnnxEncoder
    from broadsheet.index.pieces import WordPieces

    Floats = npt.NDArray[np.float32]

SHRINKAGE = 3.0  # occurrences: a piece seen so often is half its own mean, half that of all
RIDGE = 0.03  # .0014 nearer than .01 for 40,000 papers held out by fifties
STEPS = 10  # of conjugate gradients; the eleventh changes the cosine by less than .0001
READ_AT_ONCE = 64  # texts, by the teacher
SAVED_EVERY = 2_000  # texts: half a minute's work is the most that a kill costs
MIN_PAPERS = 200
HELD_OUT = 50  # every so many-th paper is not fitted, and tells how good the fit is
STATE = "state.json"
FILES = ("lengths.bin", "pieces.bin", "vectors.bin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What the teacher said of papers."""

    bags: Bags
    vectors: Floats  # (papers, dim) unit rows


class TeacherNotes:
    """What the teacher has said so far, in a folder.

    ``state.json`` says how much of the other files counts; it is replaced, by rename, after
    they are on disk. What a kill left behind it is cut off at the next opening.
    """

    def __init__(self, folder: Path, *, teacher: str, pieces: int, dim: int) -> None:
        """Open the notes of a folder, made when missing.

        Args:
            folder: Where they are.
            teacher: The encoder's name; notes of another one are of no use.
            pieces: How many word pieces there are.
            dim: The length of a vector.

        Raises:
            UsageError: the folder holds the notes of another teacher.
        """
        self._folder = folder
        self._dim = dim
        self._facts = {"teacher": teacher, "pieces": pieces, "dim": dim}
        folder.mkdir(parents=True, exist_ok=True)
        state = self._state()
        self.count: int = state["count"]
        self._sizes: dict[str, int] = state["sizes"]
        for name in FILES:
            with (folder / name).open("ab") as file:
                file.truncate(self._sizes[name])
        self._sums_path = folder / state["sums"] if state["sums"] else None
        self.sums = np.zeros((pieces, dim), dtype=np.float32)  # of last states
        self.seen = np.zeros(pieces, dtype=np.int64)  # occurrences
        if self._sums_path is not None:
            with np.load(self._sums_path) as kept:
                self.sums, self.seen = kept["sums"], kept["seen"]

    def _state(self) -> dict[str, Any]:
        path = self._folder / STATE
        if not path.exists():
            return {"count": 0, "sizes": dict.fromkeys(FILES, 0), "sums": ""}
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if any(state[name] != value for name, value in self._facts.items()):
            raise UsageError(
                f"{self._folder} holds what {state['teacher']} said, not "
                f"{self._facts['teacher']}: name another --work folder",
                field="work",
            )
        return state

    def add(
        self, cut: Sequence[Sequence[int]], vectors: Floats, states: Sequence[tuple[Any, Floats]]
    ) -> None:
        """Keep what was said of some papers.

        Args:
            cut: The pieces of each paper.
            vectors: Theirs, (papers, dim).
            states: For each paper its pieces as the model read them, special ones among them,
                (tokens,), and the states, (tokens, dim).
        """
        for tokens, state in states:
            np.add.at(self.sums, tokens, state)
            np.add.at(self.seen, tokens, 1)
        new = {
            "lengths.bin": np.array([len(one) for one in cut], dtype="<u4").tobytes(),
            "pieces.bin": np.array([piece for one in cut for piece in one], dtype="<u4").tobytes(),
            "vectors.bin": vectors.astype("<f2").tobytes(),
        }
        for name, content in new.items():
            with (self._folder / name).open("ab") as file:
                file.write(content)
            self._sizes[name] += len(content)
        self.count += len(cut)

    def save(self) -> None:
        """Make everything so far count."""
        sums = f"sums-{self.count}.npz"
        np.savez(self._folder / sums, sums=self.sums, seen=self.seen)
        state = {**self._facts, "count": self.count, "sizes": self._sizes, "sums": sums}
        draft = self._folder / f"{STATE}.part"
        draft.write_text(json.dumps(state), encoding="utf-8")
        for name in (*FILES, sums, draft.name):
            with (self._folder / name).open("rb") as file:
                os.fsync(file.fileno())
        draft.replace(self._folder / STATE)
        if self._sums_path is not None and self._sums_path.name != sums:
            self._sums_path.unlink()
        self._sums_path = self._folder / sums

    def lesson(self) -> Lesson:
        """Return what was said of all papers, as ``fit`` takes it."""
        lengths = np.fromfile(self._folder / "lengths.bin", dtype="<u4")[: self.count]
        flat = np.fromfile(self._folder / "pieces.bin", dtype="<u4")
        ends = np.cumsum(lengths, dtype=np.int64)
        texts = np.split(flat[: ends[-1] if len(ends) else 0], ends[:-1])
        vectors = np.fromfile(self._folder / "vectors.bin", dtype="<f2").reshape(-1, self._dim)
        return Lesson(
            bags=weigh(Cut.of([one.tolist() for one in texts[: self.count]])),
            vectors=unit(vectors[: self.count].astype(np.float32)),
        )


def prior(lesson: Lesson, notes: TeacherNotes, alone: Floats, /) -> Floats:
    """Return the table before any paper is fitted, (pieces, dim).

    Args:
        lesson: The papers to map by.
        notes: With the states of each piece.
        alone: What the model says of each piece by itself, (pieces, dim).
    """
    seen = notes.seen[:, None].astype(np.float32)
    everywhere = notes.sums.sum(axis=0) / max(int(notes.seen.sum()), 1)  # (dim,)
    means = (notes.sums + SHRINKAGE * everywhere) / (seen + SHRINKAGE)
    features = np.concatenate([means, alone, np.ones_like(seen)], axis=1)  # (pieces, 2 dim + 1)
    read = combine(lesson.bags, features)  # (papers, 2 dim + 1)
    gram = read.T @ read + 1e-4 * np.eye(read.shape[1], dtype=np.float32)
    fitted = np.linalg.solve(gram.astype(np.float64), (read.T @ lesson.vectors).astype(np.float64))
    table: Floats = (features @ fitted).astype(np.float32)
    return table


def fit(
    lesson: Lesson,
    start: Floats,
    /,
    *,
    ridge: float = RIDGE,
    steps: int = STEPS,
    progress: Callable[[int, int], None] | None = None,
) -> Floats:
    """Return the table that fits the papers best while staying near ``start``, (pieces, dim).

    ``min ||X W - Y||^2 + ridge * ||W - start||^2`` for the change ``W - start``: each column by
    conjugate gradients of its own, all of them at once, preconditioned by the diagonal
    (Golub and van Loan, Matrix Computations, 4th edition, 11.5).

    Args:
        lesson: The papers: ``X`` and ``Y``.
        start: The table to stay near; pieces that no paper has keep their row.
        ridge: > 0. Larger values trust the papers less.
        steps: At most so many; fewer when nothing is left to gain.
        progress: Called with (step, steps).
    """
    turned = transpose(lesson.bags, len(start))
    weights = lesson.bags.weights
    squares = np.bincount(lesson.bags.pieces, weights=weights * weights, minlength=len(start))
    scale = (1 / (squares + ridge)).astype(np.float32)[:, None]  # (pieces, 1)
    left = combine(turned, lesson.vectors - combine(lesson.bags, start))  # (pieces, dim)
    change = np.zeros_like(start)
    ready = scale * left
    way = ready.copy()
    gain = np.einsum("ij,ij->j", left, ready)  # (dim,)
    for step in range(steps):
        pull = combine(turned, combine(lesson.bags, way)) + ridge * way
        size = _ratio(gain, np.einsum("ij,ij->j", way, pull))
        change += size * way
        left -= size * pull
        ready = scale * left
        gained = np.einsum("ij,ij->j", left, ready)
        way = ready + _ratio(gained, gain) * way
        gain = gained
        if progress is not None:
            progress(step + 1, steps)
    return start + change


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def transpose(bags: Bags, pieces: int, /) -> Bags:
    """Return for each piece the texts that have it: ``X`` turned."""
    owners = np.repeat(np.arange(len(bags.starts) - 1), np.diff(bags.starts))
    order = np.argsort(bags.pieces, kind="stable")
    starts = np.searchsorted(bags.pieces[order], np.arange(pieces + 1))
    return Bags(pieces=owners[order], weights=bags.weights[order], starts=starts.astype(np.int64))


def split(lesson: Lesson, /, *, every: int = HELD_OUT) -> tuple[Lesson, Lesson]:
    """Return the papers to fit, and every so many-th one to judge by."""
    places = np.arange(len(lesson.vectors))
    is_held = places % every == 0
    return _those(lesson, places[~is_held]), _those(lesson, places[is_held])


def _those(lesson: Lesson, places: npt.NDArray[np.int64]) -> Lesson:
    starts = lesson.bags.starts
    lengths = np.diff(starts)[places]
    ends = np.cumsum(lengths)
    entries = np.arange(int(ends[-1]) if len(ends) else 0)
    entries += np.repeat(starts[:-1][places] - (ends - lengths), lengths)
    return Lesson(
        bags=Bags(
            pieces=lesson.bags.pieces[entries],
            weights=lesson.bags.weights[entries],
            starts=np.concatenate([[0], ends]).astype(np.int64),
        ),
        vectors=lesson.vectors[places],
    )


def mean_cosine(lesson: Lesson, table: Floats, /) -> float:
    """Return how near a table's vectors are to the teacher's, in the mean; 0 of no papers."""
    if not len(lesson.vectors):
        return 0.0
    cosines = np.einsum("ij,ij->i", unit(combine(lesson.bags, table)), lesson.vectors)
    return float(cosines.mean())


def batches(texts: Iterator[str], size: int, /) -> Iterator[list[str]]:
    """Yield texts in lists of ``size``; the last may be shorter."""
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def teach(
    teacher: OnnxEncoder,
    cutter: WordPieces,
    notes: TeacherNotes,
    texts: Iterator[str],
    /,
    *,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Let the teacher read the texts that it has not read yet, and note what it says.

    Args:
        teacher: The model.
        cutter: Of its tokenizer.
        notes: Where what it says is kept; its first ``count`` texts are passed over.
        texts: The same ones in the same order at every call.
        progress: Called with how many texts have been read.
    """
    for batch in batches(islice(texts, notes.count, None), READ_AT_ONCE):
        read = teacher.read(batch)
        vectors = np.stack([one.vector for one in read])
        states = [(np.array(one.tokens), one.states) for one in read]
        notes.add([cutter.cut(text) for text in batch], vectors, states)
        if notes.count // SAVED_EVERY > (notes.count - len(batch)) // SAVED_EVERY:
            notes.save()
        if progress is not None:
            progress(notes.count)
    notes.save()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A table and how good it is."""

    table: Floats  # (pieces, dim)
    papers: int  # fitted
    held_out: int  # papers that the fit did not see
    prior_cosine: float  # of the prior to the teacher, over the held-out papers
    cosine: float  # of the table


def train(
    notes: TeacherNotes, alone: Floats, /, *, progress: Callable[[int, int], None] | None = None
) -> Trained:
    """Return the table that the notes make.

    Raises:
        UsageError: there are too few papers to learn from.
    """
    fitted, held = split(notes.lesson())
    if len(fitted.vectors) < MIN_PAPERS:
        raise UsageError(
            f"{notes.count} papers are too few to learn from: name a larger corpus "
            f"({MIN_PAPERS} at least, 200,000 for good drafts)",
            field="corpus",
        )
    start = prior(fitted, notes, alone)
    table = fit(fitted, start, progress=progress)
    return Trained(
        table=table,
        papers=len(fitted.vectors),
        held_out=len(held.vectors),
        prior_cosine=mean_cosine(held, start),
        cosine=mean_cosine(held, table),
    )
