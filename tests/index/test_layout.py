"""Models as people have them: Hugging Face's layout, exports of every kind, known families."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from broadsheet.config import Settings
from broadsheet.errors import EncoderError
from broadsheet.index.encoder import OnnxEncoder, open_encoder
from broadsheet.index.families import FOR_PASSAGES, TASK
from broadsheet.index.layout import MODELS, fetched_folder, read_facts, wanted_files
from tests import support_onnx as tiny

if TYPE_CHECKING:
    from pathlib import Path

MEAN = {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}
CLS = {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
LAST = {"pooling_mode_lasttoken": True, "word_embedding_dimension": tiny.DIM}


def opened(folder: Path, **settings: Any) -> OnnxEncoder:
    """Open the encoder of a folder."""
    return open_encoder(Settings(encoder=str(folder), **settings))


def vector(encoder: OnnxEncoder, text: str) -> list[float]:
    """Return what a paper of this text gets, for `pytest.approx`."""
    return list(map(float, encoder.encode([text])[0]))


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        pytest.param(MEAN, tiny.looked_up("[CLS]", "bees", "fly", "[SEP]").mean(0), id="mean"),
        pytest.param(CLS, tiny.looked_up("[CLS]")[0], id="cls"),
        pytest.param({"pooling_mode": "cls"}, tiny.looked_up("[CLS]")[0], id="newer files"),
        pytest.param(LAST, tiny.looked_up("[SEP]")[0], id="last token"),
    ],
)
def test_pooling_is_what_the_folder_says(
    tmp_path: Path, pooling: dict[str, Any], expected: Any
) -> None:
    """Pooled otherwise than trained, a model finds next to nothing."""
    encoder = opened(tiny.write_model(tmp_path, tiny.bert(), pooling=pooling))

    assert vector(encoder, "bees fly") == pytest.approx(list(tiny.unit(expected)), abs=1e-6)


def test_states_are_read_and_no_pooler(tmp_path: Path) -> None:
    """BERT's `pooler_output` was trained for another task, and often is the first output."""
    encoder = opened(tiny.write_model(tmp_path, tiny.bert()))

    states = tiny.looked_up("[CLS]", "bees", "[SEP]")
    assert vector(encoder, "bees") == pytest.approx(list(tiny.unit(states.mean(0))), abs=1e-6)
    assert np.array_equal(encoder.read(["bees"])[0].states, states)


def test_a_vector_of_the_models_own_wins_over_its_states(tmp_path: Path) -> None:
    """It has gone through layers behind the pooling; the states stay readable."""
    modules = [{"type": f"sentence_transformers.models.{k}"} for k in ("Transformer", "Dense")]
    encoder = opened(tiny.write_model(tmp_path, tiny.sentence(), modules=modules))

    states = tiny.looked_up("[CLS]", "bees", "[SEP]")
    assert vector(encoder, "bees") == pytest.approx(list(tiny.unit(states.sum(0))), abs=1e-6)
    assert np.array_equal(encoder.read(["bees"])[0].states, states)


def test_layers_behind_the_pooling_are_not_left_out(tmp_path: Path) -> None:
    """An export without them would give vectors of another space, and nobody would notice."""
    modules = [{"type": f"sentence_transformers.models.{k}"} for k in ("Transformer", "Dense")]
    encoder = opened(tiny.write_model(tmp_path, tiny.bert(), modules=modules))

    with pytest.raises(EncoderError, match="has no output sentence_embedding, only"):
        encoder.encode(["bees"])


def test_a_decoder_gets_positions_and_an_empty_past(tmp_path: Path) -> None:
    """Exports of Qwen3 ask for both, and for the last token's state."""
    folder = tiny.write_model(tmp_path, tiny.decoder(), last="</s>", pooling=LAST)

    last = tiny.unit(tiny.looked_up("</s>")[0] * 2)
    assert vector(opened(folder), "bees fly") == pytest.approx(list(last), abs=1e-6)


def test_the_last_token_is_never_cut_off(tmp_path: Path) -> None:
    """Where it is pooled, a long text without it would have the vector of its last word."""
    folder = tiny.write_model(tmp_path, tiny.decoder(), last="</s>", pooling=LAST)

    read = opened(folder, encoder_tokens=8).read(["bees " * 30])[0]
    assert read.tokens == (*[tiny.WORDS.index("bees")] * 7, tiny.WORDS.index("</s>"))


def test_a_prefix_takes_no_room_from_the_text(tmp_path: Path) -> None:
    """An instruction of thirty tokens would leave nothing of a question at a small limit."""
    prompts = {"prompts": {"query": "query : ", "document": ""}}
    folder = tiny.write_model(
        tmp_path, tiny.bert(), pooling=MEAN, config_sentence_transformers=prompts
    )
    encoder = opened(folder, encoder_tokens=8)

    words = ["[CLS]", "query", ":", *["bees"] * 6, "[SEP]"]
    expected = tiny.unit(tiny.looked_up(*words).mean(0))
    assert list(encoder.encode_query("bees " * 30)) == pytest.approx(list(expected), abs=1e-6)
    longest = opened(tiny.write_model(folder, tiny.bert(), model={"max_tokens": 6}))
    words = ["[CLS]", "query", ":", *["bees"] * 2, "[SEP]"]
    expected = tiny.unit(tiny.looked_up(*words).mean(0))
    assert list(longest.encode_query("bees " * 30)) == pytest.approx(list(expected), abs=1e-6)


def test_a_prefix_alone_says_nothing(tmp_path: Path) -> None:
    """A query of no known word has no neighbours, whatever stands before it."""
    prompts = {"prompts": {"query": "query : "}}
    folder = tiny.write_model(tmp_path, tiny.bert(), config_sentence_transformers=prompts)

    assert not opened(folder).encode_query("🚀").any()


@pytest.mark.parametrize(
    ("name", "pooling", "prefixes", "joint"),
    [
        pytest.param("e5-small-v2", "mean", ("query: ", "passage: "), ". ", id="E5"),
        pytest.param(
            "multilingual-e5-large-instruct", "mean", (f"{TASK} ", ""), ". ", id="E5 task"
        ),
        pytest.param("bge-small-en-v1.5", "cls", (FOR_PASSAGES, ""), ". ", id="BGE"),
        pytest.param("bge-m3", "cls", ("", ""), ". ", id="BGE-M3"),
        pytest.param("gte-small", "mean", ("", ""), ". ", id="GTE"),
        pytest.param("gte-base-en-v1.5", "cls", ("", ""), ". ", id="GTE 1.5"),
        pytest.param("Qwen3-Embedding-0.6B", "last", (TASK, ""), ". ", id="Qwen3"),
        pytest.param("specter2_base", "cls", ("", ""), "[SEP]", id="SPECTER2"),
        pytest.param("all-MiniLM-L6-v2", "mean", ("", ""), ". ", id="none"),
    ],
)
def test_a_family_is_known_by_name(
    tmp_path: Path, name: str, pooling: str, prefixes: tuple[str, str], joint: str
) -> None:
    """Bare exports say nothing of what the model wants; its name does."""
    facts = read_facts(tiny.write_model(tmp_path / name, tiny.bert()))

    assert (facts.query_prefix, facts.document_prefix) == prefixes
    assert (facts.pooling, facts.joint) == (pooling, joint)


def test_the_folder_wins_over_the_family_and_ours_over_both(tmp_path: Path) -> None:
    """A fine-tuned model is often called after its base."""
    prompts = {"prompts": {"query": "ask: ", "passage": "told: "}}
    folder = tiny.write_model(
        tmp_path / "my-e5-small",
        tiny.bert(),
        pooling=CLS,
        config_sentence_transformers=prompts,
    )
    assert (read_facts(folder).query_prefix, read_facts(folder).pooling) == ("ask: ", "cls")
    tiny.write_model(folder, tiny.bert(), model={"query_prefix": "?", "pooling": "last"})

    facts = read_facts(folder)
    assert (facts.query_prefix, facts.document_prefix) == ("?", "told: ")
    assert facts.pooling == "last"


def test_empty_prompts_are_no_choice(tmp_path: Path) -> None:
    """Newer versions of sentence-transformers write them for every model they save."""
    prompts = {"prompts": {"query": "", "document": ""}}
    folder = tiny.write_model(
        tmp_path / "e5-base-v2", tiny.bert(), config_sentence_transformers=prompts
    )

    assert read_facts(folder).document_prefix == "passage: "


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"config": {"max_position_embeddings": 300}}, 300, id="positions"),
        pytest.param(
            {"config": {"max_position_embeddings": 514, "model_type": "roberta"}}, 512, id="roberta"
        ),
        pytest.param({"tokenizer_config": {"model_max_length": 1e30}}, 512, id="nobody said"),
        pytest.param(
            {
                "config": {"max_position_embeddings": 512},
                "sentence_bert_config": {"max_seq_length": 256},
            },
            256,
            id="trained on fewer",
        ),
    ],
)
def test_the_longest_text_is_what_the_files_agree_on(
    tmp_path: Path, files: dict[str, Any], expected: int
) -> None:
    """Beyond its positions a model fails; beyond its training it is noise."""
    assert read_facts(tiny.write_model(tmp_path, tiny.bert(), **files)).max_tokens == expected


def test_the_quantised_model_is_taken(tmp_path: Path) -> None:
    """A quarter of the size and twice the speed; the space is the same."""
    tiny.write_model(tmp_path, b"never read")
    folder = tiny.write_model(tmp_path, tiny.bert(), at="onnx/model_int8.onnx")

    assert read_facts(folder).precision == "int8"
    assert opened(folder).encode(["bees"]).any()
    assert "/int8/" in opened(folder).name


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param(["model.safetensors", "config.json"], [], id="no ONNX"),
        pytest.param(
            ["onnx/model.onnx", "onnx/model.onnx_data", "x/model.onnx_data", "tokenizer.json"],
            ["onnx/model.onnx", "onnx/model.onnx_data", "tokenizer.json"],
            id="weights beside it",
        ),
        pytest.param(
            ["onnx/model.onnx", "onnx/model_quantized.onnx", "1_Pooling/config.json", "a.bin"],
            ["onnx/model_quantized.onnx", "1_Pooling/config.json"],
            id="quantised",
        ),
        pytest.param(list(MODELS), ["model.onnx"], id="ours"),
    ],
)
def test_only_what_is_needed_is_wanted(paths: list[str], expected: list[str]) -> None:
    """A model's repository holds its weights five times over."""
    assert wanted_files(paths) == expected


def test_weights_beside_the_model_belong_to_it(tmp_path: Path) -> None:
    """Of two fine-tuned models only these files differ: they are other encoders."""
    names = []
    for table in (tiny.TABLE, -tiny.TABLE):
        folder = tiny.write_model(tmp_path, tiny.bert(table, beside="model.onnx_data"))
        (folder / "onnx" / "model.onnx_data").write_bytes(table.tobytes())
        encoder = opened(folder)
        assert encoder.encode(["bees"]).any()
        names.append(encoder.space)

    assert names[0] != names[1]


def test_asked_otherwise_it_is_another_encoder(tmp_path: Path) -> None:
    """Vectors with and without a prefix must never be compared as if they were of one kind."""
    before = opened(tiny.write_model(tmp_path, tiny.bert())).space
    tiny.write_model(tmp_path, tiny.bert(), model={"document_prefix": "passage: "})

    assert opened(tmp_path).space != before


# --- shorter vectors ---


def test_a_vector_is_cut_where_the_model_was_trained_for_it(tmp_path: Path) -> None:
    """Cut first and then brought to length 1; vectors of another length are another space."""
    (tiny.write_model(tmp_path, tiny.bert()) / "README.md").write_text(
        'Loss: {"loss": "X", "matryoshka_dims": [\n 4, 2\n]}', encoding="utf-8"
    )
    whole, cut = opened(tmp_path), opened(tmp_path, encoder_dim=2)

    expected = tiny.unit(whole.encode(["bees"])[0][:2])
    assert vector(cut, "bees") == pytest.approx(list(expected), abs=1e-6)
    assert (cut.dim, cut.space) == (2, f"{whole.space}:2")
    with pytest.raises(EncoderError, match="set encoder_dim to 0"):
        cut.read(["bees"])


def test_any_other_length_is_refused(tmp_path: Path) -> None:
    """The first numbers of other models are noise; the error says what can be set."""
    with pytest.raises(EncoderError, match=r"encoder_dim cannot be 64: all-MiniLM.* not trained"):
        open_encoder(Settings(encoder_dim=64))
    assert open_encoder(Settings(encoder_dim=384)).space == "all-MiniLM-L6-v2"
    folder = tiny.write_model(tmp_path, tiny.bert(), model={"matryoshka_dims": [2, 3]})
    with pytest.raises(EncoderError, match="trained for 2 to 3; set it to 0"):
        opened(folder, encoder_dim=1)


# --- mistakes ---


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        pytest.param({"pooling": {"pooling_mode_max_tokens": True}}, "by max_tokens", id="max"),
        pytest.param(
            {"pooling": MEAN | {"pooling_mode_cls_token": True}},
            "by mean_tokens, cls_token",
            id="two",
        ),
        pytest.param({"pooling": MEAN | {"include_prompt": False}}, "include_prompt", id="prompt"),
        pytest.param({"model": {"matryoshka_dims": ["2"]}}, "list of lengths", id="text"),
        pytest.param({"config": []}, r"config\.json must hold", id="no object"),
    ],
)
def test_what_is_not_done_here_is_refused(
    tmp_path: Path, files: dict[str, Any], complaint: str
) -> None:
    """At the start and by name; never a vector of another kind in silence."""
    with pytest.raises(EncoderError, match=complaint):
        opened(tiny.write_model(tmp_path, tiny.bert(), **files))


def test_a_length_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    """The index is made for the length that is said."""
    folder = tiny.write_model(tmp_path, tiny.bert(), config={"hidden_size": 7})

    with pytest.raises(EncoderError, match="makes vectors of 4 numbers, not of 7"):
        opened(folder).encode(["bees"])


def test_a_model_of_a_hub_is_found_once_fetched(tmp_path: Path) -> None:
    """Nothing is fetched by itself; the error says the command."""
    settings = Settings(encoder="ada/tiny@v1", data=tmp_path)
    with pytest.raises(EncoderError, match="`broadsheet encoder fetch ada/tiny --revision v1`"):
        open_encoder(settings)
    tiny.write_model(fetched_folder(tmp_path, "ada/tiny", "v1"), tiny.bert())

    assert open_encoder(settings).encode(["bees"]).any()
    with pytest.raises(EncoderError, match="`broadsheet encoder fetch ada/tiny`"):
        open_encoder(Settings(encoder="ada/tiny", data=tmp_path))


def test_what_is_neither_folder_nor_name_is_refused(tmp_path: Path) -> None:
    """A slip in a path must not be taken for a name."""
    with pytest.raises(EncoderError, match="set encoder to `builtin`, to a folder"):
        open_encoder(Settings(encoder=str(tmp_path / "nowhere")))


def test_our_own_description_is_checked(tmp_path: Path) -> None:
    """Of a model that lies where it says."""
    folder = tiny.write_model(tmp_path, tiny.bert(), model={"file": "elsewhere.onnx"})

    with pytest.raises(EncoderError, match=r"elsewhere\.onnx, which is not there"):
        opened(folder)
    assert json.loads((folder / "model.json").read_text())["file"] == "elsewhere.onnx"
