"""Marks: the words of a text that the index finds it by, where they stand."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from broadsheet.index.marks import marks
from broadsheet.text.query import parse


def marked(query: str, text: str, *, field: str = "abstract") -> list[str]:
    """Return the marked words of a text."""
    return [text[start:end] for start, end in marks(parse(query).clauses, text, field=field)]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        pytest.param("colour", "Color and colours", ["Color", "colours"], id="spelling"),
        pytest.param('"colour"', "Color and colour", ["colour"], id="quoted spelling"),
        pytest.param(
            "network", "Networks, networking; a net", ["Networks", "networking"], id="stem"
        ),
        pytest.param(
            '"networks"', "Networks of a network", ["Networks"], id="only the quoted form"
        ),
        pytest.param(
            '"sparse codes"', "sparse codes, codes sparse", ["sparse", "codes"], id="phrase"
        ),
        pytest.param(
            '"state of the art"',
            "the state of the art",
            ["state", "of", "the", "art"],
            id="stop words in a quotation",
        ),
        pytest.param("survey of graphs", "a survey of graphs", ["survey", "graphs"], id="not of"),
        pytest.param("the who", "the cat who sat", ["the", "who"], id="nothing but stop words"),
        pytest.param("transf*", "Transformers transfer", ["Transformers", "transfer"], id="prefix"),
        pytest.param("transformer -image", "image transformer", ["transformer"], id="not the not"),
        pytest.param("(graph OR tree)", "trees in graphs", ["trees", "graphs"], id="alternatives"),
        pytest.param("self-supervised", "supervised by self", ["supervised", "self"], id="hyphen"),
        pytest.param(
            "+self-supervised", "supervised, self-supervised", ["self", "supervised"], id="demand"
        ),
        pytest.param("emile", "Émile and E\u0301mile", ["Émile", "E\u0301mile"], id="accents"),
        pytest.param("alpha", "an α and an alpha", ["α", "alpha"], id="greek"),  # noqa: RUF001
        pytest.param("深度学习", "我们的深度学习模型深", list("深度学习"), id="neighbours"),
        pytest.param("学", "深度学习", ["学"], id="one character"),
        pytest.param("GPT", "GPT模型", ["GPT"], id="letters beside characters"),
        pytest.param("हिन्दी", "यह हिन्दी है", ["हिन्दी"], id="vowel signs"),
        pytest.param("MHC3", "the MHC³ complex", ["MHC³"], id="superscript"),
        pytest.param("00ҋ", "00Ҋ", ["00Ҋ"], id="an ASCII beginning"),
        pytest.param("estrogen", "Oestrogens", ["Oestrogens"], id="another initial"),
        pytest.param("<b>", "a <b> tag", ["b"], id="no markup"),
        pytest.param("author:sparse", "sparse", [], id="another field"),
        pytest.param("cat:cs.LG", "cs LG", [], id="a filter"),
        pytest.param("", "sparse", [], id="no query"),
        pytest.param("sparse", "", [], id="no text"),
    ],
)
def test_what_the_index_finds_is_marked(query: str, text: str, expected: list[str]) -> None:
    """Stems, exact forms, neighbours: as they are compared in a search, and nothing else."""
    assert marked(query, text) == expected


def test_words_of_a_field_are_marked_there_only() -> None:
    """``title:sparse`` found nothing in the abstract."""
    assert marked("title:sparse", "sparse", field="title") == ["sparse"]
    assert marked("title:sparse", "sparse", field="abstract") == []
    assert marked('abstract:"sparse code"', "Sparse code", field="title") == []


@given(st.text(max_size=60), st.text(max_size=300))
@example("ß", "Straße ß ﬁ ½")
def test_marks_lie_within_the_text_and_apart(query: str, text: str) -> None:
    """Whoever cuts the text at the marks gets all of it."""
    found = marks(parse(query).clauses, text, field="abstract")
    ends = [place for mark in found for place in mark]

    assert ends == sorted(ends)
    assert all(0 <= start < end <= len(text) for start, end in found)
