"""Turns texts into vectors: a sentence-embedding model run by ONNX Runtime.

One text at a time, never in batches. The model's activations are quantised by one scale per
call, so a text in a batch would get another vector than alone (mean cosine .9957 in a batch of
16), and batches are no faster (65 against 68 abstracts/s on one core, 128 tokens). So the same
text always has the same vector, whatever it is encoded with, and threads share one session.
"""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.errors import EncoderError
from broadsheet.index.layout import (
    FACTS,
    TOKENIZER,
    ModelFacts,
    data_files,
    model_folder,
    read_facts,
)
from broadsheet.index.network import Network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.config import Settings

UNKNOWN_TOKENS = ("[UNK]", "<unk>")
CHARACTERS_PER_TOKEN = 40  # more of a text is never tokenised: a 10 MB title costs what 5 KB cost
QUERIES_KEPT = 256  # 1.5 KB each: paging through an answer and going back encode once


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the model makes of one text."""

    tokens: tuple[int, ...]  # as the model reads them, special ones among them
    states: npt.NDArray[np.float32]  # (tokens, dim) of the last layer
    vector: npt.NDArray[np.float32]  # (dim,) of unit length, or all zero


def open_encoder(settings: Settings) -> OnnxEncoder:
    """Return the encoder that the settings name; its model is loaded at first use.

    Raises:
        EncoderError: the folder lacks a file, its description cannot be used, or the model was
            not trained for vectors as short as `encoder_dim`.
    """
    folder = model_folder(settings.encoder, settings.data)
    facts = read_facts(folder)
    for name in (facts.file, TOKENIZER):
        if not (folder / name).is_file():
            raise EncoderError(
                f"the encoder needs {folder / name}, which is not there; set encoder to `builtin`, "
                "to a folder with model.onnx and tokenizer.json, or to owner/model of a hub"
            )
    return OnnxEncoder(
        folder,
        facts=facts,
        tokens=settings.encoder_tokens,
        threads=settings.encoder_threads or os.cpu_count() or 1,
        cut=settings.encoder_dim,
    )


class OnnxEncoder:
    """An encoder on the processor. Safe to share between threads; nothing is loaded until used."""

    def __init__(
        self, folder: Path, *, facts: ModelFacts, tokens: int, threads: int, cut: int = 0
    ) -> None:
        """Describe an encoder.

        Args:
            folder: Where its files are.
            facts: What they are.
            tokens: Where a text is cut, unless the model was trained on fewer.
            threads: For the texts of papers.
            cut: The length of a vector, where the model was trained for it; 0: as it is.

        Raises:
            EncoderError: the model was not trained for vectors of that length.
        """
        self._folder = folder
        self._facts = facts
        self._tokens = min(tokens, facts.max_tokens)
        self._threads = threads
        self._lock = threading.RLock()
        self._pool: ThreadPoolExecutor | None = None
        self._kept = lru_cache(maxsize=QUERIES_KEPT)(self._encode_query)
        self._cut = 0 if cut == facts.dim else cut
        if self._cut and self._cut not in facts.matryoshka_dims:
            raise EncoderError(
                f"encoder_dim cannot be {cut}: {facts.name or folder.name} "
                f"{_lengths_of(facts.matryoshka_dims)}; set it to 0 for whole vectors"
            )

    @property
    def tokens(self) -> int:
        """Where a text is cut."""
        return self._tokens

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model."""
        return self._facts

    @property
    def joint(self) -> str:
        """What stands between title and abstract."""
        return self._facts.joint

    @property
    def name(self) -> str:
        """``all-MiniLM-L6-v2/int8/128``: model, precision, tokens."""
        return f"{self.space}/{self._facts.precision}/{self._tokens}"

    @cached_property
    def space(self) -> str:
        """The model's name, and the length of vectors that are cut.

        Precision and length of the text leave a vector in its space. A model without a name is
        known by its files and by how it is asked.
        """
        name = self._facts.name
        if not name:
            name = f"{self._folder.resolve().name}@{self._digest()[:12]}"
        return f"{name}:{self._cut}" if self._cut else name

    def _digest(self) -> str:
        facts = self._facts
        files = [self._folder / facts.file, *data_files(self._folder, facts.file)]
        asked = (facts.pooling, facts.output, facts.query_prefix, facts.document_prefix)
        parts = [*map(_sha256, files), *asked, facts.joint]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @cached_property
    def dim(self) -> int:
        """The length of a vector; asks the model itself where its description is silent."""
        return self._cut or self._facts.dim or len(self._run(self._tokenizer.encode("a").ids))

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return shape (len(texts), dim), float32, rows of unit length.

        A text of no known word has a row of zeros. Longest texts go first, so that all threads
        end together.
        """
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))
        prefix = self._facts.document_prefix
        rows = self._workers().map(lambda number: self._vector(prefix, texts[number]), order)
        for number, row in zip(order, rows, strict=True):
            vectors[number] = row
        return vectors

    def encode_query(self, text: str, /) -> npt.NDArray[np.float32]:
        """Return shape (dim,), float32, unit length (or all zero), not to be written to."""
        return self._kept(text)

    def _encode_query(self, text: str) -> npt.NDArray[np.float32]:
        vector = self._vector(self._facts.query_prefix, text)
        vector.flags.writeable = False
        return vector

    def read(self, texts: Sequence[str], /) -> list[Read]:
        """Return what the model makes of each text, as of a paper, piece by piece.

        Raises:
            EncoderError: the model pools by itself and shows no states, or vectors are cut.
        """
        if self._cut:
            raise EncoderError("single tokens are read in whole vectors: set encoder_dim to 0")
        prefix = self._facts.document_prefix
        return list(self._workers().map(lambda text: self._read(prefix, text), texts))

    def _read(self, prefix: str, text: str) -> Read:
        tokens, is_said = self._tokens_of(prefix, text)
        return Read(
            tokens=tuple(tokens),
            states=self._network.states(tokens),
            vector=_unit(self._run(tokens)) if is_said else np.zeros(self.dim, dtype=np.float32),
        )

    def encode_pieces(self, pieces: Sequence[int], /) -> npt.NDArray[np.float32]:
        """Return what the model says of single word pieces, (len(pieces), dim), unit rows."""
        first, last = self._frame
        return np.stack(
            list(self._workers().map(lambda one: _unit(self._run([*first, one, *last])), pieces))
        )

    @cached_property
    def _frame(self) -> tuple[list[int], list[int]]:
        """The special pieces that stand before and behind every text."""
        encoding = self._tokenizer.encode("a")
        mask = encoding.special_tokens_mask
        start = mask.index(0)
        end = len(mask) - mask[::-1].index(0)
        return encoding.ids[:start], encoding.ids[end:]

    def tokenizer(self) -> Any:
        """Return a tokenizer of the model, for somebody else to set as they like."""
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self._folder / TOKENIZER))

    def _vector(self, prefix: str, text: str) -> npt.NDArray[np.float32]:
        """Return a unit vector, (dim,), or zeros when the text has no word the model knows."""
        tokens, is_said = self._tokens_of(prefix, text)
        return _unit(self._run(tokens)) if is_said else np.zeros(self.dim, dtype=np.float32)

    def _tokens_of(self, prefix: str, text: str) -> tuple[list[int], bool]:
        """Return prefix and text as the model reads them, and whether the text says anything.

        A prefix takes no room from the text, as long as the model can read both; what the
        tokenizer puts around a text (the last token of a decoder, say) is always there.
        """
        clipped = _readable(text[: self._tokens * CHARACTERS_PER_TOKEN])
        before = len(self._tokenizer.encode(prefix, add_special_tokens=False).ids) if prefix else 0
        encoding = self._tokenizer.encode(prefix + clipped, add_special_tokens=False)
        frame = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        room = min(self._tokens + before, self._facts.max_tokens) - frame
        encoding.truncate(max(room, 1))
        is_said = bool(clipped.strip()) and not _says_nothing(encoding.tokens[before:])
        tokens: list[int] = self._tokenizer.post_process(encoding).ids
        return tokens, is_said

    def _run(self, tokens: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the model's answer to one text, pooled and cut, (dim,), not normalised.

        Raises:
            EncoderError: its vectors are of another length than its description says.
        """
        states = self._network.run(tokens)
        vector = states if states.ndim == 1 else self._pooled(states)  # 1: it pools by itself
        if self._facts.dim not in {0, len(vector)} or len(vector) < self._cut:
            raise EncoderError(
                f"{self._folder / self._facts.file} makes vectors of {len(vector)} numbers, not "
                f"of {self._facts.dim or self._cut}; say `dim` in {FACTS}"
            )
        return vector[: self._cut] if self._cut else vector

    def _pooled(self, states: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        pooled: npt.NDArray[np.float32]
        if self._facts.pooling == "cls":
            pooled = states[0]
        elif self._facts.pooling == "last":
            pooled = states[-1]
        else:
            pooled = states.mean(axis=0)
        return pooled  # (dim,)

    # --- loaded at first use ---

    @property
    def _network(self) -> Network:
        return self._loaded[0]

    @property
    def _tokenizer(self) -> Any:
        return self._loaded[1]

    @property
    def _loaded(self) -> tuple[Network, Any]:
        with self._lock:
            return self._pair

    @cached_property
    def _pair(self) -> tuple[Network, Any]:
        self._verify()
        network = Network(self._folder / self._facts.file, output=self._facts.output)
        try:
            tokenizer = self.tokenizer()
        except Exception as error:  # the library raises bare Exception subclasses of its own
            raise EncoderError(
                f"the encoder in {self._folder} cannot be loaded: {error}"
            ) from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return network, tokenizer

    def _verify(self) -> None:
        for name, expected in self._facts.sha256.items():
            if _sha256(self._folder / name) != expected:
                raise EncoderError(
                    f"{self._folder / name} is not the file that {FACTS} describes "
                    "(its SHA-256 differs); install it again"
                )

    def _workers(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="encoder")
            return self._pool


def _unit(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the vector at length 1; what is not a number counts as 0, and zeros stay."""
    vector = np.nan_to_num(vector)
    norm = float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm > 0 else vector


def _says_nothing(tokens: Sequence[str]) -> bool:
    """Tell whether no token of a text, without special ones, stands for anything known."""
    return all(token in UNKNOWN_TOKENS for token in tokens)


def _lengths_of(dims: Sequence[int]) -> str:
    """Return for which shorter vectors a model was trained, in words."""
    if not dims:
        return "was not trained for shorter vectors"
    if list(dims) == list(range(dims[0], dims[-1] + 1)):
        return f"was trained for {dims[0]} to {dims[-1]}"
    return f"was trained for {', '.join(map(str, sorted(dims)))}"


def _readable(text: str) -> str:
    """Replace lone surrogates, which the tokenizer refuses."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"{path} cannot be read: {error}") from error
