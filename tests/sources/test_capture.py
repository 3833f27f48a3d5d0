"""Captured listing pages as plain text."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import Fault, Link, Record, Signal, SignalKind
from broadsheet.sources import capture, open_files
from broadsheet.sources.capture import Capture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADING = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nDaily Papers\n\n"
BY = "byAK and the research community\n\n"
LONG = "We look at wells from above and from below, with ropes, lamps and patience. " * 5


def paper(title: str, abstract: str = LONG.strip(), meta: str = "") -> str:
    """Return a paper as a page shows it."""
    return f"{title}\n\n{abstract}\n\n" + (f"{meta}\n\n" if meta else "")


def meta(authors: int, day: str) -> str:
    """Return what a page says under an abstract."""
    return f"  • {authors} authors\n·\n{day}"


def read(tmp_path: Path, text: str) -> list[Record]:
    """Return the records of a page."""
    items = items_of(tmp_path, text)
    assert all(isinstance(item, Record) for item in items)
    return [item for item in items if isinstance(item, Record)]


def items_of(tmp_path: Path, text: str) -> list[object]:
    """Return all that a page gives."""
    path = tmp_path / "page.txt"
    path.write_text(text, encoding="utf-8")
    return list(Capture(path).read())


def test_a_full_page(tmp_path: Path) -> None:
    """Title, abstract, number of authors, date, comments: each has its place."""
    page = HEADING + BY + "Jan 9\n\n"
    page += paper("On Wells", meta=meta(3, "Jul 8, 2024 1"))
    page += paper("On Ropes", meta=meta(1, "Jul 30, 2025"))

    wells, ropes = read(tmp_path, page)

    assert (wells.source, wells.title, wells.abstract) == ("capture", "On Wells", LONG.strip())
    assert (wells.author_count, wells.published) == (3, date(2024, 7, 8))
    at = datetime(2026, 1, 9, tzinfo=UTC)  # the first 9 January not before the newest paper
    assert wells.signals == (
        Signal(kind=SignalKind.COMMENT, value=1, at=at, origin="hosted", via="capture"),
    )
    assert wells.extra == {"page_day": "Jan 9", "seen_not_before": "2026-01-09"}
    assert (ropes.title, ropes.author_count, ropes.signals) == ("On Ropes", 1, ())


def test_years_are_not_invented(tmp_path: Path) -> None:
    """A date without a year is kept as it is written."""
    page = HEADING + BY + "Jun 24\n\n" + paper("On Wells", meta=meta(6, "Jun 16 2"))
    page += paper("On Ropes", meta=meta(2, "Feb 30, 2024"))

    wells, ropes = read(tmp_path, page)

    assert (wells.published, wells.signals) == (None, ())
    assert wells.extra == {"page_day": "Jun 24", "published_text": "Jun 16", "comments": 2}
    assert (ropes.published, ropes.extra["published_text"]) == (None, "Feb 30, 2024")


def test_the_bound_waits_for_a_leap_year(tmp_path: Path) -> None:
    """29 February comes once in four years."""
    page = HEADING + BY + "Feb 29\n\n" + paper("On Wells", meta=meta(6, "Mar 1, 2024 5"))

    (wells,) = read(tmp_path, page)

    assert wells.extra["seen_not_before"] == "2028-02-29"


@pytest.mark.parametrize(
    "heading",
    [
        pytest.param(HEADING + BY + "Jul 29\n\n", id="whole"),
        pytest.param(HEADING.replace("Daily Papers\n\n", "") + BY + "Mar 13\n\n", id="no name"),
        pytest.param(HEADING + BY.replace("byAK", "by AK"), id="no day"),
        pytest.param("Daily Papers\n\n", id="name alone"),
        pytest.param("", id="nothing"),
        pytest.param("new\nSubscribe\nDaily Papers\n\n", id="one block"),
    ],
)
def test_headings_may_lack_lines(tmp_path: Path, heading: str) -> None:
    """No line of a heading becomes a paper, and no paper a heading."""
    records = read(tmp_path, heading + paper("On Wells") + paper("On Ropes"))

    assert [record.title for record in records] == ["On Wells", "On Ropes"]
    assert all(record.author_count is None for record in records)


def test_papers_with_and_without_a_date_mix(tmp_path: Path) -> None:
    """A paper without a block of its own does not swallow the next one."""
    page = HEADING + paper("One", meta=meta(2, "May 4, 2022")) + paper("Two")
    page += paper("Three?", meta=meta(1, "May 5, 2022")) + paper("Four", meta="Mar 16, 2023")

    records = read(tmp_path, page)

    assert [record.title for record in records] == ["One", "Two", "Three?", "Four"]
    assert [record.author_count for record in records] == [2, None, 1, None]
    assert records[3].published == date(2023, 3, 16)


def test_abstracts_may_have_paragraphs(tmp_path: Path) -> None:
    """A second paragraph is no title; its links count."""
    page = (
        HEADING + paper("One", f"{LONG}\n\nCode: https://github.com/a/b.\n\n{LONG}") + paper("Two")
    )
    page += paper("Three", f"{LONG}\n\nA last word", meta(1, "May 5, 2022"))
    page += paper("Four", f"{LONG}\n\n{LONG}")

    records = read(tmp_path, page)

    assert [record.title for record in records] == ["One", "Two", "Three", "Four"]
    assert records[0].abstract.count("\n\n") == 2
    assert records[0].links == (Link(kind="code", url="https://github.com/a/b"),)
    assert records[2].abstract.endswith("\n\nA last word")


def test_titles_may_look_like_dates(tmp_path: Path) -> None:
    """A date that an abstract follows is a title."""
    page = (
        HEADING
        + BY
        + paper("May 4")
        + paper("Jan 6, 2023")
        + paper("On Wells", meta=meta(1, "May 5"))
    )

    assert [record.title for record in read(tmp_path, page)] == ["May 4", "Jan 6, 2023", "On Wells"]


def test_blocks_may_be_torn_apart(tmp_path: Path) -> None:
    """Some browsers put an empty line between all lines; Windows ends them otherwise."""
    page = HEADING + paper("One", meta=meta(2, "May 4, 2022").replace("\n", "\n\n")) + paper("Two")

    one, two = read(tmp_path, page.replace("\n", "\r\n"))

    assert (one.author_count, one.published, two.title) == (2, date(2022, 5, 4), "Two")


def test_short_abstracts_are_abstracts(tmp_path: Path) -> None:
    """One sentence of some length is enough."""
    short = "We show that wells are deep, that ropes are long, and that neither is new."

    records = read(
        tmp_path, HEADING + paper("One", short) + paper("Two", short) + paper("Three", short)
    )

    assert [record.title for record in records] == ["One", "Two", "Three"]


def test_a_page_that_was_cut(tmp_path: Path) -> None:
    """A cut abstract is marked; a title alone may be cut itself and is no paper."""
    cut = read(tmp_path, (HEADING + paper("One") + paper("Two"))[:-30])
    assert [record.extra.get("is_cut") for record in cut] == [None, True]

    *_, fault = items_of(tmp_path, HEADING + paper("One") + "A title that st")

    assert isinstance(fault, Fault)
    assert (fault.where, fault.reason) == (
        "page.txt paper 2",
        "abstract: the page ends behind this title",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(paper("\u200b"), "title: there is none", id="invisible title"),
        pytest.param(paper("a" * 3000), "title: more than 2,000 characters", id="long title"),
        pytest.param(
            paper("x", "b " * 60_000), "abstract: more than 100,000 characters", id="long abstract"
        ),
    ],
)
def test_what_is_no_paper_has_a_reason(tmp_path: Path, text: str, reason: str) -> None:
    """It goes to quarantine and the next paper is read."""
    fault, good = items_of(tmp_path, HEADING + text + paper("On Wells"))

    assert isinstance(fault, Fault)
    assert fault.reason == reason
    assert isinstance(good, Record)


def test_a_copy_of_a_page_says_the_same(tmp_path: Path) -> None:
    """Names, times and all depend on the words alone, so that importing twice changes nothing."""
    page = HEADING + BY + "Jan 9\n\n" + paper("On Wells", meta=meta(3, "Jul 8, 2024 1")) * 2
    first = read(tmp_path, page)
    (tmp_path / "copy").mkdir()

    assert read(tmp_path / "copy", page) == first
    assert len({record.source_id for record in first}) == 2


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(lambda page: b"\xef\xbb\xbf" + page, id="byte order mark"),
        pytest.param(lambda page: page.replace(b"\n", b"\r\n"), id="Windows"),
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(zstandard.compress, id="zstd"),
    ],
)
def test_how_a_page_was_saved_does_not_matter(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    """A page saved on Windows, or packed, is the same page: known as one, and read alike."""
    page = HEADING + BY + "Jan 9\n\n" + paper("On Wells", meta=meta(3, "Jul 8, 2024 1"))
    (tmp_path / "plain").write_text(page, encoding="utf-8")
    (tmp_path / "saved").write_bytes(pack(page.encode()))

    plain, saved = open_files([tmp_path / "plain", tmp_path / "saved"])

    assert isinstance(saved, Capture)
    assert list(saved.read()) == list(plain.read())


def test_a_packed_page_that_was_cut(tmp_path: Path) -> None:
    """What comes before the damage is read, and its last paper says that it was cut."""
    page = HEADING + BY + paper("On Wells") + paper("On Ropes", "".join(map(str, range(2_000))))
    (tmp_path / "page").write_bytes(gzip.compress(page.encode())[:-200])

    *_, last = [item for item in Capture(tmp_path / "page").read() if isinstance(item, Record)]

    assert last.extra["is_cut"] is True


def test_only_so_much_of_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page is that large; what was read is kept and marked."""
    monkeypatch.setattr(capture, "MAX_PAGE", 1000)

    records = read(tmp_path, HEADING + paper("One") + paper("Two") * 10)

    assert len(records) < 11
    assert records[-1].extra == {"is_cut": True}


parts = st.lists(
    st.sampled_from(
        [LONG, "A title", "·", "  • 3 authors", "Jan 9", "May 4, 2022 7", "Daily Papers", "\n"]
    )
    | st.text(max_size=20),
    max_size=12,
)


@given(parts)
def test_nothing_raises(tmp_path_factory: pytest.TempPathFactory, blocks: list[str]) -> None:
    """Whatever stands on a page, the import goes on."""
    folder = tmp_path_factory.mktemp("page")

    for item in items_of(folder, "\n\n".join(blocks)):
        assert isinstance(item, (Record, Fault))
