from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from broadsheet.config import Settings
from broadsheet.errors import EncoderError
from broadsheet.index.encoder import OnnxEncoder, open_encoder
from broadsheet.index.layout import BUILTIN, FACTS, MODEL, TOKENIZER

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = [
    "Sparse attention with a learned budget.",
    "Soil moisture from orbit. " * 40,
    "日本語の要旨",
    "On polygons",
]

POOLED = (  # the mean of the token numbers: one output of shape (batch, 1), as pooled models have
    "CAg6iwEKHwoJaW5wdXRfaWRzEgFmIgRDYXN0KgkKAnRvGAGgAQIKMAoBZhIBbyIKUmVkdWNlTWVhbioLCgRheGVz"
    "QAGgAQcqDwoIa2VlcGRpbXMYAaABAhIBZ1odCglpbnB1dF9pZHMSEAoOCAcSCgoDEgFiCgMSAXRiFAoBbxIPCg0I"
    "ARIJCgMSAWIKAggBQgQKABAR"
)
IMAGES = (  # the same of an input called pixel_values
    "CAg6kQEKIgoMcGl4ZWxfdmFsdWVzEgFmIgRDYXN0KgkKAnRvGAGgAQIKMAoBZhIBbyIKUmVkdWNlTWVhbioLCgRh"
    "eGVzQAGgAQcqDwoIa2VlcGRpbXMYAaABAhIBZ1ogCgxwaXhlbF92YWx1ZXMSEAoOCAcSCgoDEgFiCgMSAXRiFAoB"
    "bxIPCg0IARIJCgMSAWIKAggBQgQKABAR"
)


@pytest.fixture(scope="module")
def encoder() -> OnnxEncoder:
    """The encoder of the package; tests only read from it."""
    return open_encoder(Settings())


def copy_of_model(folder: Path, **facts: Any) -> Path:
    """Return a folder with the package's model and a ``model.json`` of these facts, or none."""
    for name in (MODEL, TOKENIZER):
        shutil.copyfile(BUILTIN / name, folder / name)
    if facts:
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")
    return folder


def test_rows_have_unit_length(encoder: OnnxEncoder) -> None:
    """The engine takes inner products for cosines."""
    vectors = encoder.encode(TEXTS)

    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)


def test_meaning_is_nearer_than_words(encoder: OnnxEncoder) -> None:
    """A query without a word in common finds the text about the same thing."""
    query = encoder.encode_query("automobile fuel consumption")
    near, far = encoder.encode(["How much petrol does a car burn?", "The consumption of novels"])

    assert query @ near > query @ far


def test_company_does_not_change_a_vector(encoder: OnnxEncoder) -> None:
    """Two encoders of one name give the same vectors, however papers are put together."""
    together = encoder.encode(TEXTS)

    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.array_equal(together, alone)


def test_queries_and_documents_share_a_space(encoder: OnnxEncoder) -> None:
    """The same text is its own nearest neighbour."""
    assert np.array_equal(encoder.encode_query(TEXTS[0]), encoder.encode(TEXTS[:1])[0])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n\t", id="white space"),
        pytest.param("🚀🚀", id="signs the model never saw"),
    ],
)
def test_what_says_nothing_is_zero(encoder: OnnxEncoder, text: str) -> None:
    """No division by zero, no NaN, and no neighbours for an empty text."""
    assert not encoder.encode([text]).any()
    assert not encoder.encode_query(text).any()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("lone \ud800 surrogate", id="surrogate"),
        pytest.param("a\x00b null", id="null"),
        pytest.param("word " * 2_000_000, id="ten megabytes"),
        pytest.param("שלום עולם", id="right to left"),
    ],
)
def test_hostile_text_has_a_finite_vector(encoder: OnnxEncoder, text: str) -> None:
    """One strange paper must not stop the encoding of the rest."""
    vector = encoder.encode([text])[0]

    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_nothing_gives_no_rows(encoder: OnnxEncoder) -> None:
    """An empty batch keeps its second dimension."""
    assert encoder.encode([]).shape == (0, 384)


def test_a_text_is_cut_at_the_limit() -> None:
    """What lies beyond the limit has no influence, and the name says where it lies."""
    short = open_encoder(Settings(encoder_tokens=16))
    head = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"

    assert short.name == "all-MiniLM-L6-v2/int8/16"
    assert np.array_equal(*short.encode([f"{head} bees", f"{head} galaxies and stars"]))


def test_the_limit_is_never_above_what_the_model_learned() -> None:
    """The model was trained on 256 tokens; more would be noise."""
    long = open_encoder(Settings(encoder_tokens=512))

    assert (long.name, long.space) == ("all-MiniLM-L6-v2/int8/256", "all-MiniLM-L6-v2")


def test_a_kept_query_cannot_be_spoiled(encoder: OnnxEncoder) -> None:
    """Answers are shared between callers, so they are read-only."""
    with pytest.raises(ValueError, match="read-only"):
        encoder.encode_query("sparse")[0] = 7


def test_threads_agree(encoder: OnnxEncoder) -> None:
    """Searches of many readers share one session."""
    expected = encoder.encode(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: encoder.encode(TEXTS), range(8)))

    assert all(np.array_equal(answer, expected) for answer in answers)


def test_opening_loads_no_model() -> None:
    """Search by word alone must not pay for the model: half a second and 100 MB."""
    code = (
        "import sys; from broadsheet.index.encoder import open_encoder;"
        "from broadsheet.config import Settings;"
        "e = open_encoder(Settings()); e.dim, e.name;"
        "sys.exit('onnxruntime' in sys.modules or 'tokenizers' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_without_facts_is_usable(tmp_path: Path, encoder: OnnxEncoder) -> None:
    """A folder with the two files is enough: mean pooling, size found by trying."""
    other = open_encoder(Settings(encoder=str(copy_of_model(tmp_path))))

    assert other.dim == 384
    assert other.space.startswith(f"{tmp_path.name}@")
    assert np.array_equal(other.encode(TEXTS[:1]), encoder.encode(TEXTS[:1]))


def test_an_unnamed_model_is_known_by_its_digest(tmp_path: Path) -> None:
    """Vectors of another file under the same folder name must be made again."""
    folder = copy_of_model(tmp_path)
    before = open_encoder(Settings(encoder=str(folder))).name
    (folder / MODEL).write_bytes(b"another model")

    assert open_encoder(Settings(encoder=str(folder))).name != before


def test_prefixes_and_pooling_are_obeyed(tmp_path: Path, encoder: OnnxEncoder) -> None:
    """Models of the E5 and BGE families ask for them."""
    folder = copy_of_model(tmp_path, query_prefix="query: ", pooling="mean")
    e5 = open_encoder(Settings(encoder=str(folder)))

    assert np.array_equal(e5.encode_query("bees"), encoder.encode_query("query: bees"))
    assert np.array_equal(e5.encode(["bees"]), encoder.encode(["bees"]))
    first = OnnxEncoder(folder, facts=replace(e5._facts, pooling="cls"), tokens=64, threads=1)
    assert not np.allclose(first.encode(["bees"]), encoder.encode(["bees"]), atol=0.01)


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        pytest.param({"pooling": "max"}, "pooling must be mean, cls or last", id="pooling"),
        pytest.param({"dim": "384"}, "dim cannot be '384'", id="dim as text"),
        pytest.param({"max_tokens": 0}, "dim and max_tokens must be at least 1", id="no tokens"),
    ],
)
def test_facts_that_cannot_be_used_are_named(
    tmp_path: Path, facts: dict[str, Any], complaint: str
) -> None:
    """A typing mistake in a model's description is found at the start."""
    with pytest.raises(EncoderError, match=complaint):
        open_encoder(Settings(encoder=str(copy_of_model(tmp_path, **facts))))


def test_facts_that_are_no_json_are_named(tmp_path: Path) -> None:
    """The file is named, not only the parser's complaint."""
    copy_of_model(tmp_path)
    (tmp_path / FACTS).write_text("[1,", encoding="utf-8")
    with pytest.raises(EncoderError, match=r"model\.json cannot be read"):
        open_encoder(Settings(encoder=str(tmp_path)))
    (tmp_path / FACTS).write_text("[1]", encoding="utf-8")
    with pytest.raises(EncoderError, match="must hold a JSON object"):
        open_encoder(Settings(encoder=str(tmp_path)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message says which file is missing and what else can be set."""
    with pytest.raises(EncoderError, match=r"model\.onnx, which is not there; set encoder to"):
        open_encoder(Settings(encoder=str(tmp_path)))


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    """A damaged download must not fill the index with noise."""
    folder = copy_of_model(tmp_path)
    shutil.copyfile(BUILTIN / FACTS, folder / FACTS)
    (folder / TOKENIZER).write_bytes((folder / TOKENIZER).read_bytes() + b" ")

    with pytest.raises(EncoderError, match=r"tokenizer\.json is not the file that model\.json"):
        open_encoder(Settings(encoder=str(folder))).encode_query("bees")


def test_a_model_that_pools_by_itself_is_taken_at_its_word(tmp_path: Path) -> None:
    """Some exports end with a sentence embedding instead of token states."""
    (copy_of_model(tmp_path) / MODEL).write_bytes(base64.b64decode(POOLED))

    pooled = open_encoder(Settings(encoder=str(tmp_path)))
    assert pooled.dim == 1
    assert pooled.encode(["bees"]).tolist() == [[1.0]]


def test_a_model_that_reads_something_else_is_refused(tmp_path: Path) -> None:
    """The message names the input that nobody can fill."""
    (copy_of_model(tmp_path, dim=1) / MODEL).write_bytes(base64.b64decode(IMAGES))

    with pytest.raises(EncoderError, match="asks for pixel_values"):
        open_encoder(Settings(encoder=str(tmp_path))).encode_query("bees")


def test_a_digest_of_a_missing_file_is_named(tmp_path: Path) -> None:
    """A half-copied folder."""
    copy_of_model(tmp_path, dim=384, sha256={"vocabulary.txt": "0" * 64})

    with pytest.raises(EncoderError, match=r"vocabulary\.txt cannot be read"):
        open_encoder(Settings(encoder=str(tmp_path))).encode_query("bees")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """ONNX Runtime's complaint is passed on under our own name."""
    (copy_of_model(tmp_path, dim=384) / MODEL).write_bytes(b"not a model")

    with pytest.raises(EncoderError, match="cannot be loaded"):
        open_encoder(Settings(encoder=str(tmp_path))).encode_query("bees")
