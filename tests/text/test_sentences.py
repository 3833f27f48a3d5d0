"""Sentences, and the beginning of a text."""

# ruff: noqa: RUF001  # wide stops end sentences

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text import sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("One. Two! Three?", ["One.", "Two!", "Three?"], id="marks"),
        pytest.param(
            "See Fig. 3 of Doe et al. (2020). Done.",
            ["See Fig. 3 of Doe et al. (2020).", "Done."],
            id="abbreviations",
        ),
        pytest.param(
            "By J. Smith. It is 3.5 or so.",
            ["By J. Smith.", "It is 3.5 or so."],
            id="initials and decimals",
        ),
        pytest.param('He said "no." Then left.', ['He said "no."', "Then left."], id="quotes"),
        pytest.param("这是一。那是二！", ["这是一。", "那是二！"], id="wide marks"),
        pytest.param("A title\n\nA text", ["A title", "A text"], id="paragraphs"),
        pytest.param("e.g. this, i.e. That", ["e.g. this, i.e. That"], id="e.g."),
        pytest.param(" . A", [".", "A"], id="a mark alone"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_split(text: str, found: list[str]) -> None:
    """An abstract is cut where a reader would cut it."""
    assert sentences.split(text) == found


@given(st.text())
def test_only_white_space_is_lost(text: str) -> None:
    """Sentences joined are the text."""
    assert "".join("".join(sentences.split(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "limit", "found"),
    [
        pytest.param("Short.", 20, "Short.", id="whole"),
        pytest.param("One two. Three four. Five.", 20, "One two. Three four.", id="sentences"),
        pytest.param("Some words that go on and on.", 20, "Some words that go…", id="words"),
        pytest.param("a" * 50, 20, "a" * 19 + "…", id="one long word"),
        pytest.param("x " * 500, 20, "x x x x x x x x x x…", id="far too long"),
    ],
)
def test_gist(text: str, limit: int, found: str) -> None:
    """A list shows the beginning of an abstract, never half a word if it can."""
    assert sentences.gist(text, limit=limit) == found


@given(st.text(), st.integers(2, 300))
def test_a_gist_keeps_its_limit(text: str, limit: int) -> None:
    """A mail and a page reserve that much room."""
    assert len(sentences.gist(text, limit=limit)) <= limit
