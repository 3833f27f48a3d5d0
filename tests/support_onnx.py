"""Tiny models in ONNX, written byte by byte: each input and output that exports have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, models, pre_tokenizers, processors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

WORDS = ["[UNK]", "[CLS]", "[SEP]", "</s>", "query", ":", "bees", "fly", "dig", ".", "wells"]
TYPES = {"float": 1, "int32": 6, "int64": 7, "bool": 9, "float16": 10}
DIM = 4
TABLE: npt.NDArray[np.float32] = (  # what the tiny models say of each word
    np.random.default_rng(7).normal(size=(len(WORDS), DIM)).astype(np.float32)
)

# --- protocol buffers: https://protobuf.dev/programming-guides/encoding ---


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


# --- onnx.proto ---


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: int) -> bytes:
    """Return one step of a graph; its attributes are whole numbers."""
    made = b"".join(_field(1, name) for name in inputs)
    made += b"".join(_field(2, name) for name in outputs) + _field(4, op)
    for name, value in attributes.items():
        made += _field(5, _field(1, name) + _field(3, value) + _field(20, 2))
    return made


def value(name: str, kind: str, *shape: str | int) -> bytes:
    """Return the description of an input or an output."""
    dims = b"".join(
        _field(1, _field(2, one) if isinstance(one, str) else _field(1, one)) for one in shape
    )
    tensor = _field(1, TYPES[kind]) + _field(2, dims)
    return _field(1, name) + _field(2, _field(1, tensor))


def tensor(name: str, array: npt.NDArray[Any], *, beside: str = "") -> bytes:
    """Return a constant; ``beside`` names the file that holds its numbers."""
    kind = {"f": "float", "i": "int64"}[array.dtype.kind]
    made = b"".join(_field(1, size) for size in array.shape)
    made += _field(2, TYPES[kind]) + _field(8, name)
    if not beside:
        return made + _field(9, array.tobytes())
    told = {"location": beside, "offset": "0", "length": str(array.nbytes)}
    made += b"".join(_field(13, _field(1, key) + _field(2, word)) for key, word in told.items())
    return made + _field(14, 1)


def graph(
    nodes: Sequence[bytes],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    constants: Sequence[bytes] = (),
) -> bytes:
    """Return a whole model."""
    made = b"".join(_field(1, one) for one in nodes) + _field(2, "tiny")
    made += b"".join(_field(5, one) for one in constants)
    made += b"".join(_field(11, one) for one in inputs)
    made += b"".join(_field(12, one) for one in outputs)
    opset = _field(1, "") + _field(2, 17)
    return _field(1, 8) + _field(7, made) + _field(8, opset)


# --- models ---

IDS = value("input_ids", "int64", "batch", "tokens")
MASK = value("attention_mask", "int64", "batch", "tokens")
STATES = value("last_hidden_state", "float", "batch", "tokens", DIM)
LOOKED_UP = node("Gather", ["table", "input_ids"], ["last_hidden_state"])


def bert(table: npt.NDArray[np.float32] = TABLE, *, beside: str = "") -> bytes:
    """Return a model that looks each token up: states of its tokens, and a pooler's output."""
    pooler = node("GlobalMaxPool", ["last_hidden_state"], ["pooler_output"])
    return graph(
        [LOOKED_UP, pooler],
        [IDS, MASK],
        [value("pooler_output", "float", "batch", "tokens", 1), STATES],
        [tensor("table", table, beside=beside)],
    )


def decoder() -> bytes:
    """Return a model as decoders are exported: positions, and a past of two layers.

    A token's state is what is looked up, times its position; the past is added up to it, which
    fails unless its shape is right.
    """
    past = [
        value(f"past_key_values.{layer}.{part}", "float", "batch", 2, "past_tokens", 3)
        for layer in range(2)
        for part in ("key", "value")
    ]
    names = [f"past_key_values.{layer}.{part}" for layer in range(2) for part in ("key", "value")]
    nodes = [
        node("Gather", ["table", "input_ids"], ["looked_up"]),
        node("Cast", ["position_ids"], ["positions"], to=TYPES["float"]),
        node("Unsqueeze", ["positions", "last"], ["columns"]),
        node("Mul", ["looked_up", "columns"], ["weighed"]),
        node("Concat", names, ["joined"], axis=2),
        node("ReduceSum", ["joined"], ["none"], keepdims=0),
        node("Add", ["weighed", "none"], ["last_hidden_state"]),
    ]
    positions = value("position_ids", "int64", "batch", "tokens")
    constants = [tensor("table", TABLE), tensor("last", np.array([2]))]
    return graph(nodes, [IDS, MASK, positions, *past], [STATES], constants)


def sentence() -> bytes:
    """Return a model that shows states first, and then a vector of its own: their sum."""
    own = node("ReduceSum", ["last_hidden_state", "axis"], ["sentence_embedding"], keepdims=0)
    vector = value("sentence_embedding", "float", "batch", DIM)
    constants = [tensor("table", TABLE), tensor("axis", np.array([1]))]
    return graph([LOOKED_UP, own], [IDS, MASK], [STATES, vector], constants)


# --- folders ---


def tokenizer(*, last: str = "[SEP]") -> Tokenizer:
    """Return a tokenizer of whole words that puts special tokens around a text."""
    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, "[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.add_special_tokens(["[CLS]", "[SEP]", "</s>"])
    frame = "$A </s>" if last == "</s>" else f"[CLS] $A {last}"
    used = [word for word in ("[CLS]", last) if word in frame]
    made.post_processor = processors.TemplateProcessing(
        single=frame, special_tokens=[(word, WORDS.index(word)) for word in used]
    )
    return made


def write_model(
    folder: Path,
    held: bytes,
    /,
    *,
    at: str = "onnx/model.onnx",
    last: str = "[SEP]",
    **files: Mapping[str, Any] | list[Any],
) -> Path:
    """Write a folder in Hugging Face layout.

    Args:
        folder: Made when missing.
        held: The model's bytes.
        at: Where it lies.
        last: The token that ends every text.
        **files: What the JSON files hold; ``pooling`` is that of sentence-transformers.
    """
    (folder / at).parent.mkdir(parents=True, exist_ok=True)
    (folder / at).write_bytes(held)
    tokenizer(last=last).save(str(folder / "tokenizer.json"))
    for name, values in files.items():
        path = folder / ("1_Pooling/config.json" if name == "pooling" else f"{name}.json")
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    return folder


def looked_up(*words: str) -> npt.NDArray[np.float32]:
    """Return what the tiny models say of these words, (words, DIM)."""
    return TABLE[[WORDS.index(word) for word in words]]


def unit(vector: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a vector at length 1."""
    made: npt.NDArray[Any] = vector / np.linalg.norm(vector)
    return made
