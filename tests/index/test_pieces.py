"""Many texts at once are cut as each is alone, which is as the model's own tokenizer cuts it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from broadsheet.config import Settings
from broadsheet.index import pieces
from broadsheet.index.encoder import open_encoder
from broadsheet.index.pieces import Cut, WordPieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadsheet.index.encoder import OnnxEncoder

TOKENS = 60
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.just("\n"), max_size=200)
words = st.text("abcxyz019", min_size=1, max_size=80)
anything = st.text(max_size=80)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> OnnxEncoder:
    """The built-in encoder."""
    return open_encoder(Settings(data=tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def cutter(model: OnnxEncoder) -> WordPieces:
    """One that remembers what the tests before asked."""
    return WordPieces(model.tokenizer(), tokens=TOKENS)


def lists(cut: Cut) -> list[list[int]]:
    """Return the pieces text by text."""
    ends = np.cumsum(cut.lengths)
    return [part.tolist() for part in np.split(cut.pieces, ends[:-1])] if len(ends) else []


def alone(cutter: WordPieces, texts: Sequence[str]) -> list[list[int]]:
    """Return what each text is cut into by itself."""
    return [cutter.cut(text) for text in texts]


@example(["", " ", "\n", "a", "", "naïve a", "[SEP] b", "x" * 64, "x" * 65, "x" * 300, "a" * 40])
@example(["self-supervised (O(n log n)), e.g. Foo_Bar's; $x^{2}$!", "\ud800", "深度学习 dL"])
@given(st.lists(plain | words | anything, max_size=12))
@settings(max_examples=150, deadline=None)
def test_many_texts_are_cut_as_each_is_alone(cutter: WordPieces, texts: list[str]) -> None:
    """Whatever stands beside it: plain or not, empty, longer than what is read."""
    assert lists(cutter.cut_all(texts)) == alone(cutter, texts)


def test_many_long_texts_are_cut_as_each_is_alone(cutter: WordPieces) -> None:
    """More than is looked through at once; every text ends at its last piece that is read."""
    chance = np.random.default_rng(3)
    some = "the of attention, sparse; moisture (orbit) 3.14 transformers zqxj"
    counts = chance.integers(900, size=80).tolist()
    texts = [" ".join(chance.choice(some.split(" "), size=count)) for count in counts]
    assert sum(map(len, texts)) > 3 * pieces.TOGETHER

    cut = cutter.cut_all(texts)

    assert lists(cut) == alone(cutter, texts)
    assert max(cut.lengths) == TOKENS


def test_new_words_are_remembered_within_bounds(
    model: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words get digests when many are new; when too many are known, the first ones go."""
    monkeypatch.setattr(pieces, "MIN_NEW", 50)
    monkeypatch.setattr(pieces, "NEW_SHARE", 10_000)
    monkeypatch.setattr(pieces, "WORDS_KEPT", 25_000)
    cutter = WordPieces(model.tokenizer(), tokens=TOKENS)
    at_first = len(cutter._digests.hashes)
    sizes = []
    for start in range(0, 8_000, 40):
        texts = [f"word{number} and number{number}" for number in range(start, start + 40)]
        assert lists(cutter.cut_all(texts)) == alone(cutter, texts)
        assert lists(cutter.cut_all(texts)) == alone(cutter, texts)
        sizes.append(len(cutter._digests.hashes))

    assert at_first < max(sizes) <= 25_000
    assert sizes != sorted(sizes)  # at least once it began anew
    assert len(cutter._new) < 200


def test_endless_words_are_not_remembered(cutter: WordPieces) -> None:
    """Nobody fills the memory with them."""
    before = len(cutter._new)

    for size in range(65, 90):
        assert lists(cutter.cut_all(["y" * size])) == alone(cutter, ["y" * size])

    assert len(cutter._new) == before


def test_threads_may_share_one(model: OnnxEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one gives new words their digests, others go on with what they have."""
    monkeypatch.setattr(pieces, "MIN_NEW", 20)
    monkeypatch.setattr(pieces, "NEW_SHARE", 10_000)
    shared = WordPieces(model.tokenizer(), tokens=TOKENS)
    texts = [[f"term{number % 700} of {number}" for number in range(n, n + 30)] for n in range(200)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shared.cut_all, texts))

    fresh = WordPieces(model.tokenizer(), tokens=TOKENS)
    assert [lists(one) for one in found] == [alone(fresh, one) for one in texts]
