"""Highlights: what of a hit shows why it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.errors import EncoderError
from broadsheet.model import Mode
from tests.library.fakes import ListSource
from tests.support import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from broadsheet.library import Library
    from broadsheet.model import Highlight, Marked

ABSTRACT = (
    "We begin with bees. Cars burn petrol, $\\alpha$ litres a day. Bees and cars: two worlds."
)


@dataclass
class SlowReader:
    """The full encoder as a draft: what a table stands in for, without its error."""

    library: Library
    calls: int = 0

    @property
    def name(self) -> str:
        """Of the encoder."""
        return self.library.encoder.name

    @property
    def space(self) -> str:
        """Of the encoder."""
        return self.library.encoder.space

    @property
    def dim(self) -> int:
        """Of the encoder."""
        return self.library.encoder.dim

    @property
    def joint(self) -> str:
        """Of the encoder."""
        return self.library.encoder.joint

    @property
    def own_papers(self) -> int:
        """None."""
        return 0

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Read the texts."""
        self.calls += 1
        return self.library.encoder.encode(texts)

    def refit(self, texts: Sequence[str], vectors: npt.NDArray[np.float32], /) -> Any:
        """Nothing is fitted here."""
        raise NotImplementedError


@pytest.fixture
def towns(library: Library) -> Library:
    """Three papers, one without an abstract."""
    library.ingest(
        ListSource(
            [
                record(1, title="Bees of $\\beta$ and petrol", abstract=ABSTRACT),
                record(2, title="Petrol", abstract=""),
                record(3, title="Petrol stations", abstract=f"{'Long ' * 60}way. They sell."),
            ]
        )
    )
    library.catch_up(is_encoding=True)
    return library


def first(library: Library, query: str, *, mode: Mode = Mode.HYBRID) -> Highlight:
    """Return what shows why paper 1 was found."""
    results = library.search(query, mode=mode)
    lights = library.highlights(results)
    return next(
        light
        for hit, light in zip(results.hits, lights, strict=True)
        if hit.paper.id == "arxiv:2603.00001"
    )


def marked(text: Marked) -> list[str]:
    """Return the marked words."""
    return [text.text[start:end] for start, end in text.marks]


def test_title_and_abstract_are_marked_as_people_read_them(towns: Library) -> None:
    """LaTeX was read before: a mark never cuts a command in two."""
    light = first(towns, "petrol alpha beta")

    assert light.title.text == "Bees of β and petrol"
    assert marked(light.title) == ["β", "petrol"]
    assert marked(light.abstract) == ["petrol", "α"]  # noqa: RUF001


def test_the_nearest_sentence_shares_no_word_with_the_query(towns: Library) -> None:
    """By meaning: "automobile fuel" is the sentence of cars and petrol."""
    towns.draft = SlowReader(towns)
    light = first(towns, "automobile fuel consumption")

    assert light.sentence.text.startswith("Cars burn petrol")
    assert light.sentence.marks == ()
    assert light.nearness is not None
    assert 0.2 < light.nearness < 1


def test_all_sentences_of_a_page_are_read_at_once(towns: Library) -> None:
    """A call per hit would cost more than the sentences do."""
    reader = SlowReader(towns)
    towns.draft = reader
    results = towns.search("petrol")

    assert len(towns.highlights(results)) == len(results.hits) == 3
    assert reader.calls == 2  # the question, and all sentences


@pytest.mark.parametrize(("mode", "has_draft"), [(Mode.HYBRID, False), (Mode.LEXICAL, True)])
def test_without_meaning_the_words_choose(towns: Library, mode: Mode, *, has_draft: bool) -> None:
    """The sentence with the most different words of the query; the earlier one of equals."""
    towns.draft = SlowReader(towns) if has_draft else None
    light = first(towns, "bees cars worlds", mode=mode)

    assert light.sentence.text == "Bees and cars: two worlds."
    assert marked(light.sentence) == ["Bees", "cars", "worlds"]
    assert light.nearness is None
    assert first(towns, "bees", mode=mode).sentence.text == "We begin with bees."


def test_a_damaged_table_leaves_the_choice_to_the_words(towns: Library) -> None:
    """The table is read at first use: a page must not fail for what only adds to it."""

    class Damaged(SlowReader):
        def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
            raise EncoderError(f"no table for {len(texts)} texts")

    towns.draft = Damaged(towns)

    assert first(towns, "bees cars worlds").sentence.text == "Bees and cars: two worlds."


def test_where_nothing_matches_the_abstract_begins(towns: Library) -> None:
    """Whole sentences while they fit; without an abstract nothing."""
    results = towns.search("title:petrol", mode=Mode.LEXICAL)
    lights = {
        hit.paper.id[-1]: light.sentence
        for hit, light in zip(results.hits, towns.highlights(results), strict=True)
    }

    assert lights["1"].text == first(towns, "petrol").abstract.text
    assert lights["2"].text == ""
    assert len(lights["3"].text) <= 240
    assert lights["3"].text.startswith("Long Long")


def test_an_answer_without_hits_has_no_highlights(towns: Library) -> None:
    """Nothing is read for nothing."""
    towns.draft = SlowReader(towns)

    assert towns.highlights(towns.search("cat:q-bio.NC petrol")) == ()
