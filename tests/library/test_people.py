"""Readers vote and keep papers; both are signals."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import PaperNotFoundError, ShelfNotFoundError, UsageError
from broadsheet.model import SignalKind
from tests.library.fakes import ListSource, library_of
from tests.support import StillClock, record

if TYPE_CHECKING:
    from broadsheet.library import Library
    from broadsheet.ports import Store

ID = "2603.00001"


@pytest.fixture
def shelved(store: Store, clock: StillClock) -> Library:
    """A library of three papers."""
    library = library_of(store, clock)
    library.ingest(ListSource([record(number) for number in (1, 2, 3)]))
    return library


def counters(library: Library, kind: SignalKind) -> list[int]:
    """Return the values of one kind that were ever noted for the first paper."""
    return [one.value for one in library.signals(library.paper(ID)) if one.kind is kind]


def test_voting_twice_counts_once(shelved: Library) -> None:
    """A button that is pressed again does nothing."""
    shelved.vote(ID)
    paper = shelved.vote(ID)

    assert paper.votes == 1
    assert counters(shelved, SignalKind.VOTE) == [1]
    assert shelved.voted([paper]) == {paper.key}


@pytest.mark.parametrize("wait", [timedelta(), timedelta(hours=-1), timedelta(hours=1)], ids=str)
def test_a_vote_can_be_taken_back(shelved: Library, clock: StillClock, wait: timedelta) -> None:
    """At once, later, or after the clock was set back: the last word counts."""
    shelved.vote(ID)
    clock.advance(wait)
    paper = shelved.vote(ID, is_on=False)

    assert paper.votes == 0
    assert shelved.voted([paper]) == set()
    assert shelved.vote(ID).votes == 1


def test_taking_back_what_was_not_given_is_nothing(shelved: Library) -> None:
    """No signal, no fault."""
    assert shelved.vote(ID, is_on=False).votes == 0
    assert counters(shelved, SignalKind.VOTE) == []


def test_readers_count_each_for_themselves(shelved: Library) -> None:
    """Two readers are two votes."""
    shelved.vote(ID, reader="ada")
    paper = shelved.vote(ID, reader="bob")

    assert paper.votes == 2
    assert shelved.voted([paper], reader="eve") == set()


def test_a_vote_is_seen_at_once_on_the_front_page(shelved: Library) -> None:
    """Rankings are kept for a minute, but not against the one who votes."""
    before = shelved.latest_edition().papers[0].paper.id
    shelved.vote("2603.00003")

    assert before == "arxiv:2603.00001"
    assert shelved.latest_edition().papers[0].paper.id == "arxiv:2603.00003"
    assert [one.paper.id for one in shelved.trending()] == ["arxiv:2603.00003"]


def test_shelves_hold_papers_last_saved_first(shelved: Library, clock: StillClock) -> None:
    """What was saved last is what one looks for."""
    for name in ("2603.00001", "2603.00003"):
        shelved.save(name, " To\x00 read ")
        clock.advance(timedelta(minutes=1))

    assert [paper.id[-1] for paper in shelved.shelf("To read")] == ["3", "1"]
    assert [(one.name, one.papers) for one in shelved.shelves()] == [("To read", 2)]
    assert list(shelved.shelved([shelved.paper(ID)]).values()) == [["To read"]]


def test_saving_is_a_signal_until_the_last_shelf_lets_go(shelved: Library) -> None:
    """Two shelves of one reader are one sign of interest."""
    shelved.save(ID, "a")
    shelved.save(ID, "b")
    shelved.save(ID, "b")
    shelved.unsave(ID, "a")
    assert counters(shelved, SignalKind.SAVE) == [1]
    shelved.unsave(ID, "b")

    assert counters(shelved, SignalKind.SAVE) == [1, 0]
    assert shelved.shelves() == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param(" \u200b\x07 ", id="invisible"),
        pytest.param("x" * 81, id="81 characters"),
    ],
)
def test_a_shelf_needs_a_name(shelved: Library, name: str) -> None:
    """The error names the field and what is allowed."""
    with pytest.raises(UsageError, match="1 to 80 characters") as caught:
        shelved.save(ID, name)

    assert caught.value.field == "shelf"
    assert counters(shelved, SignalKind.SAVE) == []
    with pytest.raises(UsageError):
        shelved.unsave(ID, name)


@pytest.mark.parametrize("name", ["x" * 80, "読む 📚", "<b>'\"", "a/b"], ids=range(4))
def test_names_of_shelves_are_text(shelved: Library, name: str) -> None:
    """Any script, any sign."""
    shelved.save(ID, name)

    assert [paper.key for paper in shelved.shelf(name)] == [shelved.paper(ID).key]


def test_an_unknown_shelf_is_told(shelved: Library) -> None:
    """A shelf that is not there is no empty shelf."""
    with pytest.raises(ShelfNotFoundError, match="there is no shelf 'x'"):
        shelved.shelf("x")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("2603.99999", "no paper here goes by arxiv:2603.99999", id="unknown"),
        pytest.param("hello world", "'hello world' is not an identifier", id="no identifier"),
        pytest.param("x" * 10_000, "'x{80}' is not", id="endless"),
    ],
)
def test_a_paper_that_is_not_here_is_told(shelved: Library, name: str, message: str) -> None:
    """The error repeats what was asked for, but not all of it."""
    with pytest.raises(PaperNotFoundError, match=message):
        shelved.vote(name)


def test_a_paper_is_found_by_any_form_of_its_name(shelved: Library) -> None:
    """People paste what they have."""
    forms = ["2603.00001v1", "arXiv:2603.00001", "https://arxiv.org/pdf/2603.00001.pdf"]

    assert {shelved.paper(form).key for form in forms} == {shelved.paper(ID).key}


def test_a_library_that_is_asked_tells_all_it_has(shelved: Library) -> None:
    """Records, days and the date are one call away."""
    paper = shelved.paper(ID)

    assert [one.source_id for one in shelved.records(paper)] == ["2603.00001v1"]
    assert [one.papers for one in shelved.day_counts(shelved.today(), shelved.today())] == [3]
    assert shelved.topics() == []
    assert shelved.ranking_constants()
    assert shelved.edition().total == 3
