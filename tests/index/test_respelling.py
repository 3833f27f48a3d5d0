"""Slips of the finger are mended from the index's own words, and only where there is doubt."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.index import open_engine
from broadsheet.index.respelling import edits, one_edit
from tests.support_engine import DIM, indexed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.ports import Engine

words = st.text("abcd", max_size=6)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A library of 120 papers about attention, one of which says "atention"."""
    made = open_engine(tmp_path_factory.mktemp("index"), dim=DIM, exact_limit=50, threads=1)
    papers = [
        indexed(key, "Transformers pay attention", authors=("Ada Lovelace",))
        for key in range(1, 121)
    ]
    papers += [indexed(key, "Transformer retention") for key in range(121, 125)]
    papers.append(indexed(125, "Atention is misspelt here, as is asparagas"))
    made.apply(papers, [], position=1)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("typed", "instead"),
    [
        pytest.param("attenton", "attention", id="a letter left out"),
        pytest.param("attenttion", "attention", id="a letter too many"),
        pytest.param("attantion", "attention", id="another letter"),
        pytest.param("attnetion", "attention", id="two that changed places"),
        pytest.param("tatention", "attention", id="the first two changed places"),
        pytest.param("Attnetoin", "attention", id="two slips"),
        pytest.param("atention", "attention", id="a slip that somebody made before"),
        pytest.param("attention", "", id="a word that is known"),
        pytest.param("retention", "", id="a rarer word that is known"),
        pytest.param("asparagas", "", id="a rare word with nothing better"),
        pytest.param("transforming", "", id="another form of a known word"),
        pytest.param("lovelace", "", id="a name"),
        pytest.param("pya", "", id="too short"),
        pytest.param("attent1on", "", id="a digit in it"),
        pytest.param("zebra", "", id="nothing is near"),
        pytest.param("attention attenton", "", id="no single word"),
        pytest.param("注意", "", id="another script"),
        pytest.param("x" * 5_000, "", id="a word without end"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_what_was_meant(engine: Engine, typed: str, instead: str) -> None:
    """A word that the library knows is never touched."""
    assert engine.spelling(typed).instead == instead


def test_how_many_papers_are_told(engine: Engine) -> None:
    """Whoever asks decides by it whether to mend or to offer."""
    assert engine.spelling("attenton").papers == 0
    assert engine.spelling("atention").papers == 1
    assert engine.spelling("attenton").instead_papers == 120


def test_the_slowest_look_is_quick(engine: Engine) -> None:
    """A word that is near nothing is compared with all that begin alike."""
    start = perf_counter()
    for number in range(20):
        engine.spelling("attent" + "abcdefghijklmnopqrst"[number] * 8)

    assert perf_counter() - start < 5


@given(words, words)
def test_distance_is_that_of_its_definition(one: str, other: str) -> None:
    """A letter more, less or another, or neighbours that changed places, each counted once."""

    def slow(a: str, b: str) -> int:
        if not a or not b:
            return len(a) + len(b)
        ways = [slow(a[1:], b) + 1, slow(a, b[1:]) + 1, slow(a[1:], b[1:]) + (a[0] != b[0])]
        if len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0]:
            ways.append(slow(a[2:], b[2:]) + 1)
        return min(ways)

    assert edits(one, other, most=2) == min(slow(one, other), 3)


@given(st.text("abc", min_size=1, max_size=5))
def test_all_at_one_edit_are_found(word: str) -> None:
    """None is at another distance, and none is missing."""
    found = one_edit(word)

    assert all(edits(word, other, most=2) == 1 for other in found)
    assert word[1:] in found
    assert f"{word}z" in found
