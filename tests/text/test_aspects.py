"""Aspects: what the sentences of an abstract speak of."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import Aspect
from broadsheet.text import aspects
from tests.support import corpora

ABSTRACT = [
    "Parsing of rare languages is an important problem, and treebanks are often lacking.",
    "However, existing parsers need large annotated corpora.",
    "We propose a transfer model that is trained on several languages using shared features.",
    "First the encoder reads characters, then a classifier labels each arc.",
    "Experiments show that it outperforms baselines by 4 % on 12 treebanks.",
    "The results indicate that parameters can be shared.",
]


def test_an_abstract_goes_from_the_task_to_the_result() -> None:
    """Each sentence has one main aspect; the data are spoken of beside it."""
    told = aspects.of_sentences(ABSTRACT)
    main = [next(iter(found - {Aspect.DATA})) for found in told]

    assert main == [Aspect.TASK] * 2 + [Aspect.METHOD] * 2 + [Aspect.RESULT] * 2
    assert [Aspect.DATA in found for found in told] == [True, True, False, False, True, False]


def test_a_passage_is_the_sentences_of_one_aspect() -> None:
    """In their order; where an abstract keeps silent there is none."""
    assert aspects.passage(ABSTRACT, Aspect.METHOD) == " ".join(ABSTRACT[2:4])
    assert aspects.passage(ABSTRACT[2:4], Aspect.DATA) == ""
    assert aspects.passage([], Aspect.TASK) == ""


@given(st.lists(st.text(max_size=80), max_size=12))
def test_every_sentence_has_one_main_aspect(sentences: list[str]) -> None:
    """Whatever it is made of."""
    told = aspects.of_sentences(sentences)

    assert len(told) == len(sentences)
    assert all(len(found - {Aspect.DATA}) == 1 for found in told)


@pytest.mark.data
def test_most_labels_are_right_on_abstracts_that_the_weights_never_saw() -> None:
    """The half of CSFCube with odd numbers; docs/search.md gives the figure."""
    meant = {
        "background": Aspect.TASK,
        "objective": Aspect.TASK,
        "method": Aspect.METHOD,
        "result": Aspect.RESULT,
    }
    right = labelled = 0
    file = corpora() / "retrieval" / "csfcube" / "corpus.jsonl"
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
        if int(row["_id"]) % 2 == 0:
            continue
        told = aspects.of_sentences(row["sentences"])
        for found, label in zip(told, row["sentence_facets"], strict=True):
            if label in meant:
                labelled += 1
                right += meant[label] in found

    assert right / labelled > 0.78
