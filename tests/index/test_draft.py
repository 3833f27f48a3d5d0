"""Drafts: a table of word pieces in the space of a model, and how it is fitted."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from broadsheet.config import Settings
from broadsheet.errors import EncoderError, UsageError
from broadsheet.index import open_draft
from broadsheet.index.draft import (
    FACTS,
    TABLE,
    DraftEncoder,
    combine,
    save_table,
    unit,
    weigh,
)
from broadsheet.index.encoder import OnnxEncoder, open_encoder
from broadsheet.index.layout import BUILTIN, MODEL, TOKENIZER
from broadsheet.index.pieces import Cut, WordPieces
from broadsheet.index.training import (
    RIDGE,
    Lesson,
    TeacherNotes,
    fit,
    mean_cosine,
    split,
    teach,
    train,
    transpose,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

TOKENS = 16
PIECES, DIM = 40, 6
SUBJECTS = ("sparse attention", "soil moisture", "graph colouring", "protein folding")
bags = st.lists(st.lists(st.integers(0, PIECES - 1), max_size=12), min_size=1, max_size=9)


@pytest.fixture(scope="module")
def model() -> OnnxEncoder:
    """The encoder of the package, cut at few tokens so that reading is quick."""
    return open_encoder(Settings(encoder_tokens=TOKENS))


@pytest.fixture(scope="module")
def table(model: OnnxEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table of random rows for the package's model."""
    folder = tmp_path_factory.mktemp("table")
    cutter = WordPieces(model.tokenizer(), tokens=TOKENS)
    save_table(folder, rows(cutter.count, model.dim), space=model.space, tokens=TOKENS)
    return folder


def rows(count: int, dim: int) -> npt.NDArray[np.float32]:
    """Return random rows, the same at every call."""
    return np.random.default_rng(7).normal(size=(count, dim)).astype(np.float32)


def dense_of(texts: list[list[int]]) -> npt.NDArray[np.float64]:
    """Return what ``weigh`` says as a full matrix, (texts, PIECES), by the formula itself."""
    matrix = np.zeros((len(texts), PIECES))
    for place, text in enumerate(texts):
        for piece in text:
            head = 1 + 1.5 * np.exp(-text.index(piece) / 30)
            matrix[place, piece] = np.log(1 + text.count(piece)) * head
        if text:
            matrix[place] /= matrix[place].sum()
    return matrix


@given(bags)
def test_a_draft_is_the_weighted_sum_of_its_pieces(texts: list[list[int]]) -> None:
    """Whatever is repeated, missing or empty: the sparse sum is the product of full matrices."""
    made = combine(weigh(Cut.of(texts)), rows(PIECES, DIM))

    assert made == pytest.approx(dense_of(texts) @ rows(PIECES, DIM), abs=1e-5)


@given(bags)
def test_turning_twice_changes_nothing(texts: list[list[int]]) -> None:
    """The fit needs products with the matrix and with its transpose."""
    turned = transpose(weigh(Cut.of(texts)), PIECES)
    product = combine(turned, np.eye(len(texts), dtype=np.float32))

    assert product == pytest.approx(dense_of(texts).T, abs=1e-6)


@pytest.fixture(scope="module")
def cutters(model: OnnxEncoder) -> tuple[WordPieces, Any]:
    """What remembers words, and a tokenizer of the same model that does not."""
    return WordPieces(model.tokenizer(), tokens=400), model.tokenizer()


@settings(deadline=None)
@given(text=st.text(max_size=80) | st.text("ab[]SEP#,.- \t\x00\x7f\xa0\u00e9\u6f22", max_size=40))
@example(text="Soil[SEP]moisture, re-read from ORBIT.")
def test_pieces_are_those_of_the_models_own_tokenizer(
    cutters: tuple[WordPieces, Any], text: str
) -> None:
    """Remembering words one by one must not change what the model was trained on."""
    remembering, tokenizer = cutters
    unknown = tokenizer.token_to_id("[UNK]")
    whole = [one for one in tokenizer.encode(text, add_special_tokens=False).ids if one != unknown]

    assert remembering.cut(text) == whole


def test_only_the_beginning_of_a_text_is_read(model: OnnxEncoder) -> None:
    """A 10 MB title costs what a short one costs."""
    cutter = WordPieces(model.tokenizer(), tokens=3)

    assert len(cutter.cut("soil moisture from orbit " * 400_000)) == 3
    assert cutter.cut("\ud800") == cutter.cut("?")


def test_drafts_have_unit_length_or_none(table: Path, model: OnnxEncoder) -> None:
    """Raw sums are short: in one index with the model's vectors they would never be near."""
    draft = DraftEncoder(table, model.tokenizer)
    vectors = draft.encode(["Soil moisture", "", "\u4e00" * 3, "a" * 400, "Soil moisture"])

    assert vectors.shape == (5, 384)
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)
    assert not vectors[1].any()
    assert vectors[4] == pytest.approx(vectors[0], abs=1e-6)
    assert np.isfinite(vectors).all()


def test_the_name_says_which_table_it_is(table: Path, model: OnnxEncoder) -> None:
    """A new table makes drafts due again; both are of the model's space."""
    draft = DraftEncoder(table, model.tokenizer)
    digest = json.loads((table / FACTS).read_text())["sha256"]

    assert draft.name == f"all-MiniLM-L6-v2/draft-{digest[:8]}/{TOKENS}"
    assert draft.name.startswith(f"{model.space}/")


def test_a_table_of_bytes_is_as_good_as_one_of_numbers(tmp_path: Path, model: OnnxEncoder) -> None:
    """Int8 with a scale per row loses nothing that is seen: 12 MB instead of 47."""
    cutter = WordPieces(model.tokenizer(), tokens=TOKENS)
    exact = rows(cutter.count, model.dim)
    save_table(tmp_path, exact, space=model.space, tokens=TOKENS)
    text = "Soil moisture from orbit"
    wanted = unit(combine(weigh(cutter.cut_all([text])), exact))[0]
    [made] = DraftEncoder(tmp_path, model.tokenizer).encode([text])

    assert made @ wanted > 0.9999
    assert (tmp_path / TABLE).stat().st_size < 12_000_000


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(lambda folder: (folder / TABLE).unlink(), "cannot be read", id="no table"),
        pytest.param(lambda folder: (folder / FACTS).unlink(), "cannot be read", id="no facts"),
        pytest.param(lambda folder: (folder / FACTS).write_text("[]"), "cannot", id="no object"),
        pytest.param(
            lambda folder: (folder / TABLE).write_bytes(b"\x93NUMPY"), "not the file", id="altered"
        ),
    ],
)
def test_a_spoilt_table_is_named(
    spoil: object, reason: str, tmp_path: Path, model: OnnxEncoder
) -> None:
    """Whoever copied half a folder learns which file is wrong."""
    save_table(tmp_path, rows(4, 6), space=model.space, tokens=TOKENS)
    spoil(tmp_path)  # type: ignore[operator]

    with pytest.raises(EncoderError, match=reason):
        DraftEncoder(tmp_path, model.tokenizer).encode(["Soil moisture"])


def test_opening_reads_no_table(table: Path) -> None:
    """A new process answers a tenth of a second sooner; space and name are of the small file."""

    def tokenizer() -> Any:
        raise AssertionError("nobody asked for a draft yet")

    draft = DraftEncoder(table, tokenizer)

    assert draft.space == json.loads((table / FACTS).read_text())["space"]
    assert "_kept" not in vars(draft)


def test_a_table_of_another_space_is_refused(tmp_path: Path) -> None:
    """Its drafts would be compared with queries of another model: nonsense, without a sign."""
    save_table(tmp_path, rows(4, 6), space="other-model", tokens=TOKENS)

    with pytest.raises(EncoderError, match="fitted to other-model"):
        open_draft(Settings(draft=str(tmp_path)))


def lesson(count: int = 400) -> tuple[Lesson, npt.NDArray[np.float32]]:
    """Return papers whose vectors are exactly what a table makes of them, and the table."""
    chance = np.random.default_rng(3)
    true = rows(PIECES, DIM)
    texts = [chance.integers(0, PIECES, size=chance.integers(3, 12)).tolist() for _ in range(count)]
    made = weigh(Cut.of(texts))
    return Lesson(bags=made, vectors=unit(combine(made, true))), true


def test_the_fit_is_the_solution_of_its_equations() -> None:
    """Conjugate gradients end where solving ``(X'X + r I) D = X'(Y - X W0)`` ends."""
    papers, _ = lesson()
    start = np.ones((PIECES, DIM), dtype=np.float32)
    matrix = combine(transpose(papers.bags, PIECES), np.eye(400, dtype=np.float32)).T
    exact = np.linalg.solve(
        matrix.T @ matrix + RIDGE * np.eye(PIECES), matrix.T @ (papers.vectors - matrix @ start)
    )

    assert fit(papers, start, steps=200) == pytest.approx(start + exact, abs=1e-3)


def test_pieces_that_no_paper_has_keep_their_row() -> None:
    """What was learnt elsewhere is not forgotten."""
    papers = Lesson(bags=weigh(Cut.of([[0, 1], [1, 2]])), vectors=rows(2, DIM))
    start = rows(PIECES, DIM)

    assert fit(papers, start)[3:].tolist() == start[3:].tolist()


def test_every_fiftieth_paper_is_held_out() -> None:
    """Quality is told by papers that the fit did not see."""
    papers, true = lesson(101)
    fitted, held = split(papers)

    assert (len(fitted.vectors), len(held.vectors)) == (98, 3)
    assert mean_cosine(held, true) == pytest.approx(1, abs=1e-5)
    assert mean_cosine(fitted, true) == pytest.approx(1, abs=1e-5)


def texts(count: int) -> Iterator[str]:
    """Yield papers of four subjects."""
    for number in range(count):
        yield f"{SUBJECTS[number % 4]} by method {number % 17}, measured {number} times"


def notes_of(folder: Path, model: OnnxEncoder, teacher: str = "") -> TeacherNotes:
    """Open notes for the model."""
    return TeacherNotes(folder, teacher=teacher or model.name, pieces=30_522, dim=model.dim)


class StopReading(Exception):  # noqa: N818  # a kill, not an error
    """The training is killed."""


def test_a_training_that_was_stopped_goes_on(
    tmp_path: Path, model: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading takes hours: what was read before a kill is not read again, nor counted twice."""
    monkeypatch.setattr("broadsheet.index.training.READ_AT_ONCE", 16)
    monkeypatch.setattr("broadsheet.index.training.SAVED_EVERY", 32)
    cutter = WordPieces(model.tokenizer(), tokens=TOKENS)
    whole = notes_of(tmp_path / "whole", model)
    teach(model, cutter, whole, texts(48))

    def stop(done: int) -> None:
        if done >= 48:
            raise StopReading

    with pytest.raises(StopReading):
        teach(model, cutter, notes_of(tmp_path / "killed", model), texts(48), progress=stop)
    again = notes_of(tmp_path / "killed", model)

    assert again.count == 32
    teach(model, cutter, again, texts(48))
    assert again.count == 48
    assert again.lesson().vectors.tolist() == whole.lesson().vectors.tolist()
    assert again.lesson().bags.pieces.tolist() == whole.lesson().bags.pieces.tolist()
    assert again.seen.tolist() == whole.seen.tolist()
    assert np.allclose(again.sums, whole.sums, rtol=1e-5, atol=1e-4)


def test_notes_of_another_teacher_are_refused(tmp_path: Path, model: OnnxEncoder) -> None:
    """Vectors of two models in one fit would make a table of neither."""
    notes_of(tmp_path, model).save()

    with pytest.raises(UsageError, match="--work"):
        notes_of(tmp_path, model, "other/int8/16")


def test_a_trained_table_comes_near_its_teacher(tmp_path: Path, model: OnnxEncoder) -> None:
    """From papers to a table: its drafts of unseen papers point where the model's vectors do."""
    cutter = WordPieces(model.tokenizer(), tokens=TOKENS)
    notes = notes_of(tmp_path, model)
    teach(model, cutter, notes, texts(256))
    alone = model.encode_pieces(range(200))
    padded = np.concatenate([alone, np.zeros((cutter.count - 200, model.dim), dtype=np.float32)])
    trained = train(notes, padded)

    assert (trained.papers, trained.held_out) == (250, 6)
    assert trained.cosine > 0.95
    assert trained.table.shape == (cutter.count, model.dim)


def test_a_handful_of_papers_is_no_training(tmp_path: Path, model: OnnxEncoder) -> None:
    """The mistake is named, with how many there must be."""
    cutter = WordPieces(model.tokenizer(), tokens=TOKENS)
    notes = notes_of(tmp_path, model)
    teach(model, cutter, notes, texts(3))

    with pytest.raises(UsageError, match="3 papers are too few"):
        train(notes, np.zeros((cutter.count, model.dim), dtype=np.float32))


def refit_lesson(model: OnnxEncoder) -> tuple[list[str], npt.NDArray[np.float32]]:
    """Return papers of this library and what the model says of them."""
    there = list(texts(120))
    return there, model.encode(there)


def test_a_refit_brings_drafts_nearer_and_stays(
    table: Path, tmp_path: Path, model: OnnxEncoder
) -> None:
    """What the model read here makes better drafts, also after a restart; never worse ones."""
    draft = DraftEncoder(table, model.tokenizer, own=tmp_path)
    before = draft.name
    there, vectors = refit_lesson(model)

    told = draft.refit(there, vectors)

    assert told.is_kept
    assert told.after > told.before + 0.3
    assert (draft.own_papers, draft.space) == (120, model.space)
    assert draft.name != before
    [made] = draft.encode([there[11]])
    assert made @ vectors[11] > 0.6

    again = DraftEncoder(table, model.tokenizer, own=tmp_path)
    assert again.name == draft.name
    assert not again.refit(there, vectors).is_kept  # the same once more: nothing gained
    assert again.name == draft.name


def test_a_refit_of_another_table_is_passed_over(
    table: Path, tmp_path: Path, model: OnnxEncoder
) -> None:
    """A program with a newer table begins with that; half a table is none."""
    DraftEncoder(table, model.tokenizer, own=tmp_path).refit(*refit_lesson(model))
    other = tmp_path / "other"
    save_table(other, rows(30_522, model.dim) + 1, space=model.space, tokens=TOKENS)

    assert DraftEncoder(other, model.tokenizer, own=tmp_path).own_papers == 0

    (tmp_path / TABLE).write_bytes(b"half a table")
    assert DraftEncoder(table, model.tokenizer, own=tmp_path).own_papers == 0


def test_another_encoder_has_no_builtin_drafts(tmp_path: Path) -> None:
    """The table speaks for one model."""
    for name in (MODEL, TOKENIZER):
        shutil.copyfile(BUILTIN / name, tmp_path / name)

    assert open_draft(Settings(encoder=str(tmp_path))) is None
