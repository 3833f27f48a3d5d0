"""Scores by word are BM25 as its authors wrote it, but for lengths that are kept coarsely."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING

import pytest
from tantivy import Query as Ask

from broadsheet.eval.synthetic import SyntheticPapers
from broadsheet.index import language, words
from tests.support_engine import indexed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from broadsheet.model import Paper

K1, B = 1.2, 0.75  # of the engine
COARSE = 7 / 8  # a length of 40 words and more is kept as at least so much of it


class TextbookBM25:
    """Robertson and Zaragoza, doi:10.1561/1500000019, with Lucene's idf, which is never negative.

    Another implementation on purpose: no line of it is shared with the index.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._counts = [Counter(text) for text in texts]
        self._lengths = [len(text) for text in texts]
        self._mean = sum(self._lengths) / len(texts)

    def score(self, place: int, query: Sequence[str], *, kept: float = 1.0) -> float:
        """Return the score of one text, whose length counts as ``kept`` of what it is."""
        length = self._lengths[place] * kept
        total = 0.0
        for word in query:
            n = sum(word in counts for counts in self._counts)
            idf = log(1 + (len(self._counts) - n + 0.5) / (n + 0.5))
            tf = self._counts[place][word]
            total += idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / self._mean))
        return total


def stems_of(paper: Paper) -> list[str]:
    """Return what the combined field holds of a paper that has a title and an abstract."""
    return [stem for _, stem in language.stems(f"{paper.title}\n{paper.abstract}")]


def scored(folder: Path, papers: Sequence[Paper], query: Sequence[str]) -> dict[int, float]:
    """Return the scores of the combined field alone, by key, best first."""
    index = words.Words(folder)
    for start in range(0, len(papers), 100):  # several segments
        batch = papers[start : start + 100]
        index.write((words.document(one, tag_numbers=[]) for one in batch), gone=())
    terms = [Ask.term_query(words.schema(), "text", stem, "freq") for stem in query]
    keys, scores, total = index.best(words.either(terms), len(papers))
    index.close()
    assert total == len(keys)
    return dict(zip(keys.tolist(), scores.tolist(), strict=True))


def queries_over(texts: Sequence[Sequence[str]], count: int) -> list[list[str]]:
    """Return queries of one to five words that stand in one of the texts."""
    chance = random.Random(3)  # noqa: S311  # repeatable, not secret
    found = []
    for _ in range(count):
        text = sorted(set(chance.choice(texts)))
        found.append(chance.sample(text, min(len(text), chance.randint(1, 5))))
    return found


def test_short_texts_score_as_in_the_textbook(tmp_path: Path) -> None:
    """Lengths below 40 words are kept as they are: every score agrees to six digits."""
    made = [record.title for record in SyntheticPapers(300).read()]
    papers = [indexed(key, title) for key, title in enumerate(made, start=1)]
    texts = [stems_of(paper) for paper in papers]
    textbook = TextbookBM25(texts)
    assert max(map(len, texts)) < 40

    for number, query in enumerate(queries_over(texts, 12)):
        found = scored(tmp_path / str(number), papers, query)

        expected = {
            paper.key: textbook.score(place, query)
            for place, paper in enumerate(papers)
            if set(query) & set(texts[place])
        }
        assert found == pytest.approx(expected, rel=1e-5)


def test_long_texts_score_within_the_coarseness_of_their_length(tmp_path: Path) -> None:
    """A longer text scores less, so a score lies between those of the kept and the true length.

    Wherever these bounds of two papers do not overlap, their order is the textbook's.
    """
    made = list(SyntheticPapers(300).read())
    papers = [
        indexed(key, one.title, abstract=one.abstract[: 40 * (key % 50)])
        for key, one in enumerate(made, start=1)
    ]
    texts = [stems_of(paper) for paper in papers]
    textbook = TextbookBM25(texts)
    assert max(map(len, texts)) > 100

    for number, query in enumerate(queries_over(texts, 12)):
        found = scored(tmp_path / str(number), papers, query)
        low = {key: textbook.score(key - 1, query) for key in found}
        high = {key: textbook.score(key - 1, query, kept=COARSE) for key in found}

        assert all(
            low[key] * 0.99999 <= score <= high[key] * 1.00001 for key, score in found.items()
        )
        assert all(low[later] <= high[sooner] for sooner, later in pairwise(found))
