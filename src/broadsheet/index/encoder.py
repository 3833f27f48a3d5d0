"""Turns texts into vectors: a sentence-embedding model run by ONNX Runtime.

One text at a time, never in batches. The model's activations are quantised by one scale per
call, so a text in a batch would get another vector than alone (mean cosine .9957 in a batch of
16), and batches are no faster (65 against 68 abstracts/s on one core, 128 tokens). So the same
text always has the same vector, whatever it is encoded with, and threads share one session.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from broadsheet.config import Settings

BUILTIN = Path(__file__).parent / "models" / "all-MiniLM-L6-v2"
MODEL, TOKENIZER, FACTS = "model.onnx", "tokenizer.json", "model.json"
KNOWN_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
POOLINGS = ("mean", "cls")
FACT_TYPES: Mapping[str, type] = {"sha256": dict, "dim": int, "max_tokens": int}  # else text
UNKNOWN_TOKENS = ("[UNK]", "<unk>")
CHARACTERS_PER_TOKEN = 40  # more of a text is never tokenised: a 10 MB title costs what 5 KB cost
QUERIES_KEPT = 256  # 1.5 KB each: paging through an answer and going back encode once
BACKGROUND_NICENESS = 10  # of the threads that encode papers; queries run at the caller's own


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What ``model.json`` says of a model; every field may be absent there."""

    name: str = ""  # empty: the folder's name and the beginning of the model's digest
    precision: str = "onnx"  # a word for the encoder's name
    dim: int = 0  # >= 1; 0: found by encoding one word
    pooling: str = "mean"
    max_tokens: int = 512  # >= 1; longer than this the model was never trained
    query_prefix: str = ""
    document_prefix: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)  # file name -> digest, checked on load


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the model makes of one text."""

    tokens: tuple[int, ...]  # as the model reads them, special ones among them
    states: npt.NDArray[np.float32]  # (tokens, dim) of the last layer
    vector: npt.NDArray[np.float32]  # (dim,) of unit length, or all zero


def open_encoder(settings: Settings) -> OnnxEncoder:
    """Return the encoder that the settings name; its model is loaded at first use.

    Raises:
        EncoderError: the folder lacks a file, or its ``model.json`` cannot be used.
    """
    folder = BUILTIN if settings.encoder == "builtin" else Path(settings.encoder).expanduser()
    for name in (MODEL, TOKENIZER):
        if not (folder / name).is_file():
            raise EncoderError(
                f"the encoder needs {folder / name}, which is not there; "
                "set encoder to `builtin` or to a folder with model.onnx and tokenizer.json"
            )
    return OnnxEncoder(
        folder,
        facts=read_facts(folder),
        tokens=settings.encoder_tokens,
        threads=settings.encoder_threads or os.cpu_count() or 1,
    )


def read_facts(folder: Path) -> ModelFacts:
    """Read ``model.json``; without one the model is taken to want mean pooling.

    Raises:
        EncoderError: the file is no JSON object, or a value has the wrong type.
    """
    path = folder / FACTS
    if not path.exists():
        return ModelFacts()
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EncoderError(f"{path} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise EncoderError(f"{path} must hold a JSON object")
    known = {item.name: values[item.name] for item in fields(ModelFacts) if item.name in values}
    for name, value in known.items():
        if type(value) is not FACT_TYPES.get(name, str):
            raise EncoderError(f"{path}: {name} cannot be {value!r}")
    if min(known.get("dim", 1), known.get("max_tokens", 1)) < 1:
        raise EncoderError(f"{path}: dim and max_tokens must be at least 1")
    if known.get("pooling", "mean") not in POOLINGS:
        raise EncoderError(f"{path}: pooling must be mean or cls, not {known['pooling']!r}")
    return ModelFacts(**known)


class OnnxEncoder:
    """An encoder on the processor. Safe to share between threads; nothing is loaded until used."""

    def __init__(self, folder: Path, *, facts: ModelFacts, tokens: int, threads: int) -> None:
        self._folder = folder
        self._facts = facts
        self._tokens = min(tokens, facts.max_tokens)
        self._threads = threads
        self._lock = threading.RLock()
        self._pool: ThreadPoolExecutor | None = None
        self._kept = lru_cache(maxsize=QUERIES_KEPT)(self._encode_query)

    @property
    def tokens(self) -> int:
        """Where a text is cut."""
        return self._tokens

    @property
    def name(self) -> str:
        """``all-MiniLM-L6-v2/int8/128``: model, precision, tokens."""
        return f"{self.space}/{self._facts.precision}/{self._tokens}"

    @cached_property
    def space(self) -> str:
        """The model's name: precision and length leave a vector in its space."""
        if self._facts.name:
            return self._facts.name
        return f"{self._folder.resolve().name}@{_sha256(self._folder / MODEL)[:12]}"

    @cached_property
    def dim(self) -> int:
        """The length of a vector; asks the model itself where ``model.json`` is silent."""
        return self._facts.dim or len(self._run(self._tokenizer.encode("a").ids))

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return shape (len(texts), dim), float32, rows of unit length.

        A text of no known word has a row of zeros. Longest texts go first, so that all threads
        end together; they run at low priority, so that a search beside them hardly waits.
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
            EncoderError: the model pools by itself: it shows no states.
        """
        prefix = self._facts.document_prefix
        return list(self._workers().map(lambda text: self._read(prefix + text), texts))

    def _read(self, text: str) -> Read:
        encoding = self._tokenizer.encode(self._clipped(text))
        states = self._states(encoding.ids)
        if states.ndim == 1:
            raise EncoderError(f"{self._folder / MODEL} shows no states of single tokens")
        vector = np.zeros(self.dim, dtype=np.float32)
        if not _says_nothing(encoding):
            vector = _unit(self._pooled(states))
        return Read(tokens=tuple(encoding.ids), states=states, vector=vector)

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
        text = self._clipped(text)
        encoding = self._tokenizer.encode(prefix + text)
        if not text.strip() or _says_nothing(encoding):
            return np.zeros(self.dim, dtype=np.float32)
        return _unit(self._run(encoding.ids))

    def _clipped(self, text: str) -> str:
        return _readable(text[: self._tokens * CHARACTERS_PER_TOKEN])

    def _run(self, tokens: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the model's answer to one text, pooled, (dim,), not normalised."""
        states = self._states(tokens)
        return states if states.ndim == 1 else self._pooled(states)  # 1: the model pools by itself

    def _states(self, tokens: Sequence[int]) -> npt.NDArray[np.float32]:
        ids = np.array([tokens], dtype=np.int64)  # (1, tokens)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        wanted = {name: inputs[name] for name in self._inputs}
        states: npt.NDArray[np.float32] = self._session.run(None, wanted)[0][0]
        return states  # (tokens, dim) or (dim,)

    def _pooled(self, states: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        pooled: npt.NDArray[np.float32] = (
            states[0] if self._facts.pooling == "cls" else states.mean(axis=0)
        )
        return pooled  # (dim,)

    # --- loaded at first use ---

    @property
    def _session(self) -> Any:
        return self._loaded[0]

    @property
    def _tokenizer(self) -> Any:
        return self._loaded[1]

    @cached_property
    def _inputs(self) -> tuple[str, ...]:
        names = tuple(item.name for item in self._session.get_inputs())
        if unknown := sorted(set(names) - KNOWN_INPUTS):
            raise EncoderError(
                f"{self._folder / MODEL} asks for {', '.join(unknown)}: "
                "only models that read input_ids, attention_mask and token_type_ids can be used"
            )
        return names

    @property
    def _loaded(self) -> tuple[Any, Any]:
        with self._lock:
            return self._pair

    @cached_property
    def _pair(self) -> tuple[Any, Any]:
        import onnxruntime
        from tokenizers import Tokenizer

        self._verify()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # our threads share the session: no pool, no spinning
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(
                str(self._folder / MODEL), options, providers=["CPUExecutionProvider"]
            )
            tokenizer = Tokenizer.from_file(str(self._folder / TOKENIZER))
        except Exception as error:  # both libraries raise bare Exception subclasses of their own
            raise EncoderError(
                f"the encoder in {self._folder} cannot be loaded: {error}"
            ) from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(self._tokens)
        return session, tokenizer

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
                self._pool = ThreadPoolExecutor(
                    self._threads, thread_name_prefix="encoder", initializer=_lower_priority
                )
            return self._pool


def _unit(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the vector at length 1; what is not a number counts as 0, and zeros stay."""
    vector = np.nan_to_num(vector)
    norm = float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm > 0 else vector


def _says_nothing(encoding: Any) -> bool:
    """Tell whether no token stands for anything: only signs that the model never saw."""
    return all(
        is_special or token in UNKNOWN_TOKENS
        for token, is_special in zip(encoding.tokens, encoding.special_tokens_mask, strict=True)
    )


def _readable(text: str) -> str:
    """Replace lone surrogates, which the tokenizer refuses."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"{path} cannot be read: {error}") from error


def _lower_priority() -> None:
    """Give way to searches; only Linux has priorities per thread."""
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND_NICENESS)
