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
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.errors import EncoderError
from broadsheet.index.encoder import CHARACTERS_PER_TOKEN, UNKNOWN_TOKENS, open_encoder
from broadsheet.library.encoding import JOINT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from broadsheet.config import Settings

TABLE, FACTS = "table.npy", "draft.json"
WORDS_KEPT = 400_000  # 60 MB at most: words seen before are looked up, not cut into pieces again
AT_ONCE = 256  # texts: 30 MB of rows in memory
ROW_LIMIT = 127  # the largest entry of a row of int8


_CONTROLS = dict.fromkeys((0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x1F, 0x85))
"""White space to Python, but nothing at all to BERT's tokenizer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFacts:
    """What ``draft.json`` says of a table."""

    space: str  # of the model that it was fitted to
    tokens: int  # of a text that are read, >= 1
    sha256: str  # of ``table.npy``


@dataclass(frozen=True, slots=True, kw_only=True)
class Bags:
    """The pieces of several texts, each piece of a text once.

    Text ``i`` has the entries from ``starts[i]`` to ``starts[i + 1]``; a text may have none.
    """

    pieces: npt.NDArray[np.int64]  # (entries,) numbers of word pieces
    weights: npt.NDArray[np.float32]  # (entries,) > 0, sum 1 within a text
    starts: npt.NDArray[np.int64]  # (texts + 1,)


class WordPieces:
    """Cuts texts into the numbers of their word pieces, as the model's own tokenizer does.

    BERT's tokenizer cuts at white space before anything else, so what it makes of a word does
    not depend on the words around it: each word is cut once and then remembered, which is eight
    times as fast. Other tokenizers are given whole texts.
    """

    def __init__(self, tokenizer: Any, *, tokens: int) -> None:
        """Take over a tokenizer: from now on it neither pads nor truncates.

        Args:
            tokenizer: Of ``tokenizers``, not used by anybody else.
            tokens: So many pieces of a text are read, >= 1.
        """
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._tokens = tokens
        self._unknown = {tokenizer.token_to_id(sign) for sign in UNKNOWN_TOKENS}
        steps = json.loads(tokenizer.to_str())
        self._is_wordwise = (steps.get("pre_tokenizer") or {}).get("type") == "BertPreTokenizer"
        self._known: dict[str, tuple[int, ...]] = {}

    @property
    def count(self) -> int:
        """How many pieces there are."""
        size: int = self._tokenizer.get_vocab_size(with_added_tokens=True)
        return size

    def cut(self, text: str, /) -> list[int]:
        """Return the first pieces of a text, at most ``tokens``; neither special nor unknown."""
        text = text[: self._tokens * CHARACTERS_PER_TOKEN].encode("utf-8", "replace").decode()
        words = text.translate(_CONTROLS).split() if self._is_wordwise else [text]
        known = self._known
        if missing := [word for word in dict.fromkeys(words) if word not in known]:
            known = self._learn(missing, known)
        return list(chain.from_iterable(map(known.__getitem__, words)))[: self._tokens]

    def _learn(
        self, words: Sequence[str], known: dict[str, tuple[int, ...]]
    ) -> dict[str, tuple[int, ...]]:
        """Return the known words and these; other threads may go on with what they have."""
        found = {word: self._pieces(word) for word in words}
        if not self._is_wordwise:
            return found
        if len(known) + len(found) > WORDS_KEPT:
            self._known = dict(found)
            return {**known, **found}
        known.update(found)
        return known

    def _pieces(self, word: str) -> tuple[int, ...]:
        cut = self._tokenizer.encode(word, add_special_tokens=False).ids
        return tuple(one for one in cut if one not in self._unknown)


def weigh(texts: Sequence[Sequence[int]], /) -> Bags:
    """Return each text's pieces with weights ``log(1 + count)``, divided by their sum."""
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    flat = np.fromiter(chain.from_iterable(texts), dtype=np.int64, count=int(lengths.sum()))
    owners = np.repeat(np.arange(len(texts), dtype=np.int64), lengths)
    joint, counts = np.unique(owners << 32 | flat, return_counts=True)  # by text, then piece
    owners = joint >> 32
    weights = np.log1p(counts)
    sums = np.bincount(owners, weights=weights, minlength=len(texts))
    starts = np.searchsorted(owners, np.arange(len(texts) + 1))
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
    sums = np.zeros((len(bags.starts) - 1, table.shape[1]), dtype=np.float32)
    is_some = bags.starts[1:] > bags.starts[:-1]
    if is_some.any():
        rows = table[bags.pieces] * bags.weights[:, None]  # (entries, dim)
        sums[is_some] = np.add.reduceat(rows, bags.starts[:-1][is_some], axis=0)
    return sums


def unit(vectors: npt.NDArray[np.float32], /) -> npt.NDArray[np.float32]:
    """Return rows of unit length; a row of zeros stays one."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)
    return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)


class DraftEncoder:
    """Encodes papers with a table, thousands a second. Safe to share between threads."""

    def __init__(self, folder: Path, tokenizer: Any) -> None:
        """Read the table of a folder.

        Args:
            folder: With ``table.npy`` and ``draft.json``.
            tokenizer: Of the model that the table was fitted to.

        Raises:
            EncoderError: a file is missing, altered, or of another kind.
        """
        self._facts = read_facts(folder)
        rows, scales = _read_table(folder, self._facts)
        self._rows = rows
        self._scales = scales
        self._cutter = WordPieces(tokenizer, tokens=self._facts.tokens)

    @property
    def joint(self) -> str:
        """What stands between title and abstract: as where the table was fitted."""
        return JOINT

    @property
    def name(self) -> str:
        """``all-MiniLM-L6-v2/draft-1f2e3d4c/128``: the model, the table's digest, tokens."""
        return f"{self.space}/draft-{self._facts.sha256[:8]}/{self._facts.tokens}"

    @property
    def space(self) -> str:
        """The space of the model that the table was fitted to."""
        return self._facts.space

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return int(self._rows.shape[1])

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return shape (len(texts), dim), float32, rows of unit length.

        A text without a known piece has a row of zeros.
        """
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), AT_ONCE):
            cut = [self._cutter.cut(text) for text in texts[start : start + AT_ONCE]]
            bags = weigh(cut)
            scaled = Bags(
                pieces=bags.pieces,
                weights=bags.weights * self._scales[bags.pieces],
                starts=bags.starts,
            )
            vectors[start : start + AT_ONCE] = unit(combine(scaled, self._rows))
        return vectors


def open_draft(settings: Settings) -> DraftEncoder:
    """Return the draft encoder that the settings name.

    Raises:
        EncoderError: its files are missing, altered, or fitted to another encoder.
    """
    teacher = open_encoder(settings)
    folder = Path(settings.draft).expanduser()
    draft = DraftEncoder(folder, teacher.tokenizer())
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
        facts = DraftFacts(**{item.name: values[item.name] for item in fields(DraftFacts)})
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
    scales = np.abs(table).max(axis=1) / ROW_LIMIT  # (pieces,)
    rows = np.rint(table / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8)
    packed = np.concatenate([rows, scales.astype("<f4")[:, None].view(np.int8)], axis=1)
    path = folder / TABLE
    np.save(path, packed)
    facts = {"space": space, "tokens": tokens, "sha256": _sha256(path), **told}
    (folder / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _read_table(
    folder: Path, facts: DraftFacts
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    path = folder / TABLE
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
    return rows, scales


_SCALE_BYTES = 4


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
