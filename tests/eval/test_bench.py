from __future__ import annotations

from itertools import islice

from broadsheet.eval.synthetic import SyntheticPapers


def test_made_up_papers_are_always_the_same() -> None:
    """Two runs on two machines measure the same work, however many papers are asked for."""
    few, many = SyntheticPapers(5), SyntheticPapers(500)

    assert list(few.read()) == list(islice(many.read(), 5))
    assert len({record.title for record in many.read()}) == 500


def test_made_up_papers_are_as_long_as_real_ones() -> None:
    """Speed depends on length: a real abstract has some 160 words."""
    lengths = [len(record.abstract.split()) for record in SyntheticPapers(200).read()]

    assert 140 <= sum(lengths) / len(lengths) <= 180
