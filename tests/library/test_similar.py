from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import PaperNotFoundError, QueryError, UsageError
from broadsheet.model import Aspect, Filters, Mode, Reference
from tests.library.fakes import ListSource
from tests.support import record

if TYPE_CHECKING:
    from broadsheet.library import Library

TITLES = {
    1: ("How much petrol does a car burn", "Fuel of vehicles in towns."),
    2: ("Automobile fuel consumption", "Measured on roads."),
    3: ("Counting bees", "One bee, two bees."),
    4: ("Bees in towns", "They burn no petrol."),
}


@pytest.fixture
def towns(library: Library) -> Library:
    """Four papers, indexed but not encoded."""
    library.ingest(ListSource([record(n, title=t, abstract=a) for n, (t, a) in TITLES.items()]))
    library.catch_up(is_encoding=False)
    return library


def test_the_nearest_in_meaning_comes_first_and_never_itself(towns: Library) -> None:
    """No word of the nearest title is in the paper's own."""
    towns.catch_up(is_encoding=True)

    found = towns.similar("2603.00001")

    assert found.hits[0].paper.title == "Automobile fuel consumption"
    assert len(found.hits) == 3
    assert found.mode is Mode.DENSE
    assert found.hits[0].score == found.hits[0].why.dense
    assert len(towns.similar("2603.00001", limit=1).hits) == 1


def test_without_a_vector_words_of_the_title_count(towns: Library) -> None:
    """A paper page shows something useful before the paper was encoded."""
    found = towns.similar("2603.00001")

    assert [hit.paper.title for hit in found.hits] == ["Bees in towns"]
    assert found.mode is Mode.LEXICAL
    assert found.hits[0].why.matched == ("petrol", "burn")


def test_a_title_is_no_query(library: Library) -> None:
    """A minus or a colon in a title excludes nothing."""
    library.ingest(
        ListSource([record(1, title="Bees -honey cat:zoo"), record(2, title="Honey of bees")])
    )
    library.catch_up(is_encoding=False)

    assert [hit.paper.title for hit in library.similar("2603.00001").hits] == ["Honey of bees"]


def test_an_unknown_paper_is_named(towns: Library) -> None:
    """The error is the one that pages answer with 404."""
    with pytest.raises(PaperNotFoundError, match=r"2501\.00001"):
        towns.similar("2501.00001")


def test_a_limit_out_of_range_is_refused(towns: Library) -> None:
    """As in search."""
    with pytest.raises(QueryError, match="limit must be from 1 to 1,000, not 0"):
        towns.similar("2603.00001", limit=0)


# --- several, texts, others ---


@pytest.fixture
def read(towns: Library) -> Library:
    """The same, encoded."""
    towns.catch_up(is_encoding=True)
    return towns


def titles(library: Library, reference: Reference, *, filters: Filters | None = None) -> list[str]:
    """Return the titles of what is similar."""
    return [hit.paper.title for hit in library.similar(reference, filters=filters).hits]


def test_several_papers_and_none_of_them(read: Library) -> None:
    """Both examples are left out, by whatever name they were called."""
    found = titles(read, Reference(papers=("2603.00001", "arXiv:2603.00003v1")))

    assert sorted(found) == ["Automobile fuel consumption", "Bees in towns"]


def test_a_text_finds_what_means_the_same(read: Library) -> None:
    """A pasted abstract, LaTeX and all; no word of it is in the nearest title."""
    found = titles(read, Reference(text="\\emph{Gasoline} that cars need per kilometre"))

    assert found[0] in {TITLES[1][0], TITLES[2][0]}
    assert len(found) == 4


def test_the_end_of_a_draft_counts(read: Library) -> None:
    """A draft is read piece by piece, beyond what an encoder reads at once."""
    filler = "This section is an introduction of no particular subject at all. " * 13
    found = titles(read, Reference(text=filler + "Honey bees, counted, one bee, two bees. " * 20))

    assert found[0] == TITLES[3][0]


def test_others_push_away_and_are_left_out(read: Library) -> None:
    """Unlike the bees: the paper of bees in towns falls behind."""
    near = read.similar(Reference(text="life in towns"), limit=4)
    away = read.similar(Reference(text="life in towns", unlike=("2603.00003",)), limit=4)
    score = {hit.paper.title: hit.score for hit in near.hits}
    pushed = {hit.paper.title: hit.score for hit in away.hits}

    assert TITLES[3][0] not in pushed
    assert score[TITLES[4][0]] - pushed[TITLES[4][0]] > score[TITLES[2][0]] - pushed[TITLES[2][0]]


def test_filters_hold(read: Library) -> None:
    """As in a search."""
    nowhere = Filters(categories=("q-bio",))

    assert titles(read, Reference(papers=("2603.00001",)), filters=nowhere) == []


def test_one_aspect_orders_the_nearest_anew(library: Library) -> None:
    """Same task, other method: by method the paper with the same method comes first."""
    task = "Counting bees in fields is an important problem. "
    networks = "We use neural networks that are trained on images. "
    end = "The results show an accuracy of 90 %."
    library.ingest(
        ListSource(
            [
                record(1, title="A", abstract=task + networks + end),
                record(2, title="B", abstract=f"{task}We apply statistics by hand. {end}"),
                record(
                    3,
                    title="C",
                    abstract=f"Whales in the sea are an important problem. {networks}{end}",
                ),
            ]
        )
    )
    library.catch_up(is_encoding=True)

    def order(aspect: Aspect) -> dict[str, float]:
        found = library.similar(Reference(papers=("2603.00001",), aspect=aspect))
        return {hit.paper.title: hit.why.aspect or 0.0 for hit in found.hits}

    by_method, by_task = order(Aspect.METHOD), order(Aspect.TASK)
    assert by_method["C"] == pytest.approx(1, abs=0.01)
    assert by_task["B"] == pytest.approx(1, abs=0.01)
    assert by_method["B"] < 0.9
    assert by_task["C"] < 0.9


def test_a_score_in_one_aspect_is_the_formula(read: Library) -> None:
    """0.3 for what is said on it, 0.7 for the whole paper; silence counts as the mean."""
    found = read.similar(Reference(text="Fuel is an important problem.", aspect=Aspect.TASK))
    told = [hit.why.aspect for hit in found.hits if hit.why.aspect is not None]
    mean = sum(told) / len(told) if told else 0.0

    assert found.notes == ()
    assert [hit.score for hit in found.hits] == sorted(
        (hit.score for hit in found.hits), reverse=True
    )
    for hit in found.hits:
        said = mean if hit.why.aspect is None else hit.why.aspect
        assert hit.score == pytest.approx(0.3 * said + 0.7 * (hit.why.dense or 0.0))


def test_a_reference_that_keeps_silent_is_compared_whole(read: Library) -> None:
    """And the answer says so."""
    found = read.similar(Reference(papers=("2603.00003",), aspect=Aspect.DATA))

    assert found.notes == (
        "Nothing in the reference speaks of the data: whole papers were compared.",
    )
    assert len(found.hits) == 3


@pytest.mark.parametrize(
    ("reference", "field"),
    [
        (Reference(), "to"),
        (Reference(text=" $ "), "to"),
        (Reference(unlike=("2603.00001",)), "to"),
        (Reference(text="x" * 20_001), "text"),
        (Reference(papers=("2603.00001",) * 21), "to"),
    ],
)
def test_what_cannot_be_a_reference_is_refused(
    towns: Library, reference: Reference, field: str
) -> None:
    """The error names the field."""
    with pytest.raises(UsageError) as mistake:
        towns.similar(reference)

    assert mistake.value.field == field


def test_a_text_without_vectors_is_compared_by_words(towns: Library) -> None:
    """Nothing in it is an operator."""
    found = towns.similar(Reference(text="-petrol cat:zoo cars"))

    assert found.mode is Mode.LEXICAL
    assert TITLES[4][0] in [hit.paper.title for hit in found.hits]
