"""Titles in other words: by rules that a reader can check."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.eval.paraphrase import FEWEST, SMALL, explained, paraphrase

ABSTRACT = "Large language models (LLMs) and graph neural networks (GNN) are used (see below)."


class Never(random.Random):
    """Forgets no word and changes none; of places it takes the first."""

    def random(self) -> float:
        """Return the highest number."""
        return 0.999

    def choice(self, seq):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Return the first."""
        return seq[0]


class Changing(Never):
    """Changes all that can be changed: half of the calls ask whether to forget."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def random(self) -> float:
        """Return high and low in turn: keep, change, keep, change."""
        self.calls += 1
        return 0.999 if self.calls % 2 else 0.0


def test_abbreviations_are_what_the_abstract_explains() -> None:
    """Initials decide, so that a parenthesis is not taken for an abbreviation."""
    assert explained(ABSTRACT) == {
        "LLMs": "Large language models",
        "GNN": "graph neural networks",
    }
    assert explained("We use attention (Vaswani) and k-nearest neighbours (KNN)") == {
        "KNN": "k-nearest neighbours"
    }


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Sparse LLMs answer", "Sparse Large language models answer", id="written out"),
        pytest.param("Graph neural networks dig wells", "GNN dig wells", id="abbreviated"),
        pytest.param("WELLS: deep holes measured", "deep holes measured WELLS", id="colon"),
        pytest.param("Deep wells for dry valleys", "dry valleys Deep wells", id="preposition"),
        pytest.param("Deep wells dug", "", id="nothing to change"),
        pytest.param("On wells", "", id="too little"),
    ],
)
def test_a_title_is_said_by_rule(title: str, expected: str) -> None:
    """Each rule by itself."""
    assert paraphrase(title, ABSTRACT, Never()) == expected


def test_words_change_by_table_and_by_number() -> None:
    """Names and abbreviations stay as they are."""
    said = paraphrase("Novel BERT methods Detection network", "", Changing())

    assert said == "new BERT method recognition model"


@given(st.text(max_size=80), st.text(max_size=80), st.integers(0, 9))
def test_anything_is_said_the_same_when_repeated(title: str, abstract: str, seed: int) -> None:
    """And never as the title itself, nor in fewer words than can be understood."""
    said, again = (
        paraphrase(title, abstract, random.Random(seed))  # noqa: S311  # repeatable
        for _ in range(2)
    )

    assert said == again
    assert not said or said != title
    assert not said or sum(word.casefold() not in SMALL for word in said.split()) >= FEWEST
