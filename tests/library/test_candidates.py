from __future__ import annotations

import pytest

from broadsheet.library.candidates import dense_weight
from broadsheet.rank.fusion import DENSE_WEIGHT, KEYWORD_WEIGHT
from broadsheet.text.query import parse


@pytest.mark.parametrize(
    "text",
    [
        "sparse attention",
        "Graph neural networks, molecule generation",
        '"diffusion models" cat:cs.CV',
        "BERT",
    ],
)
def test_keywords_are_looked_for_by_word_first(text: str) -> None:
    """Who names two things wants papers that name them."""
    assert dense_weight(parse(text)) == KEYWORD_WEIGHT


@pytest.mark.parametrize(
    "text",
    [
        "How do transformers learn?",
        "effects of sleep on memory",
        "which papers show (that) depth matters",
        "注意力 机制",
        "внимание трансформеры",
        "sparse attention like:2401.01234",
    ],
)
def test_a_sentence_is_looked_for_by_meaning_as_well(text: str) -> None:
    """So is what is written in other scripts, and what shall be like an example."""
    assert dense_weight(parse(text)) == DENSE_WEIGHT
