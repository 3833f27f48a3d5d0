"""How values read on a page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import Highlight, Marked, PaperId, Precision
from broadsheet.web import marking, view
from tests.support_papers import paper

FRIDAY = date(2026, 8, 21)


@st.composite
def marked_texts(draw: st.DrawFn, *, max_size: int) -> Marked:
    """Return texts with marks that are apart."""
    text = draw(st.text(max_size=max_size))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    return Marked(text=text, marks=tuple(zip(cuts[::2], cuts[1::2], strict=False)))


def test_dates_read_like_a_newspaper() -> None:
    """English, without a locale: the same page everywhere."""
    assert view.long_day(FRIDAY) == "Friday, 21 August 2026"
    assert view.full_day(FRIDAY) == "21 August 2026"
    assert view.short_day(FRIDAY) == "21 Aug"
    assert view.turn_day(FRIDAY) == "Fri 21"
    assert view.month_name(FRIDAY) == "August 2026"
    assert view.week_name(FRIDAY) == "2026-W34"
    assert view.moment(datetime(2026, 8, 21, 2, 14, tzinfo=UTC)) == "21 Aug 2026, 02:14"


@pytest.mark.parametrize(
    ("precision", "shown", "iso"),
    [
        (Precision.DAY, "4 Oct 2023", "2023-10-04"),
        (Precision.MONTH, "Oct 2023", "2023-10"),
        (Precision.YEAR, "2023", "2023"),
    ],
)
def test_a_date_claims_no_more_than_is_known(precision: Precision, shown: str, iso: str) -> None:
    """The rest of an inexact date is filled with 1 and must not be shown."""
    known = paper(published=date(2023, 10, 4), precision=precision)

    assert view.published(known) == shown
    assert view.published_iso(known) == iso
    assert view.published(paper(published=None)) == ""
    assert view.published_iso(paper(published=None)) == ""


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("arxiv:2401.01234", "/papers/2401.01234"),
        ("arxiv:math/0211159", "/papers/math/0211159"),
        ("acl:2020.acl-main.1", "/papers/acl:2020.acl-main.1"),
        ("doi:10.1000/a b?c#d%", "/papers/doi:10.1000/a%20b%3Fc%23d%25"),
        ("local:x/é<script>", "/papers/local:x/%C3%A9%3Cscript%3E"),
    ],
)
def test_every_identifier_fits_into_an_address(identifier: str, expected: str) -> None:
    """Question marks, hashes and blanks in a DOI must not end the path."""
    assert view.paper_url(paper(id=PaperId(identifier))) == expected


def test_names_fit_into_addresses() -> None:
    """A slash in a topic is no path."""
    assert view.author_url("Ada Lovelace") == "/authors/Ada%20Lovelace"
    assert view.topic_url("text/image") == "/topics/text%2Fimage"
    assert view.shelf_url("To read?") == "/shelves/To%20read%3F"
    assert view.search_url("a b", sort="", cat=("x", "y")) == "/papers?q=a+b&cat=x&cat=y"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Émilie du Châtelet", ""),
        ("来斯惟", "zh"),
        ("藤原 さくら", "ja"),
        ("김민준", "ko"),
        ("ليلى حدّاد", "ar"),
        ("נועה לוי", "he"),
        ("Илларион Дежнёв", ""),
        ("", ""),
    ],
)
def test_names_in_other_scripts_say_their_language(name: str, expected: str) -> None:
    """A screen reader and the choice of font need it; a guess between Latin languages does not."""
    assert view.language(name) == expected


@pytest.mark.parametrize(
    ("authors", "count", "expected"),
    [(("A", "B"), None, 0), (("A", "B", "C", "D"), 4, 1), (("A",), 40, 39), ((), 7, 7)],
)
def test_the_number_of_hidden_authors(
    authors: tuple[str, ...], count: int | None, expected: int
) -> None:
    """Three are shown; a source may know the number without the names."""
    assert view.hidden_authors(paper(authors=authors, author_count=count)) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arxiv.org/abs/1", "https://arxiv.org/abs/1"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//evil.example", ""),
        (" https://x.example", ""),
        ("https:///nohost", ""),
    ],
)
def test_only_web_addresses_become_links(url: str, expected: str) -> None:
    """A feed may carry any scheme; a page must not."""
    assert view.outbound(url) == expected


def test_changes_stay_short() -> None:
    """From tenfold on a factor reads better than a percentage."""
    assert view.rise(62.4) == "+62%"
    assert view.rise(899.0) == "+899%"
    assert view.rise(2900.0) == "×30"  # noqa: RUF001


def test_counts_agree_with_their_noun() -> None:
    """One vote, two votes, thousands with a comma."""
    assert [view.counted(n, "vote") for n in (0, 1, 2, 1234)] == [
        *("0 votes", "1 vote", "2 votes", "1,234 votes")
    ]


def test_a_longer_lead_leaves_more_room_beside_it() -> None:
    """Both columns of the front end together, within the bounds of an opening."""
    second = paper(title="A title of some forty characters, or so")
    short, long = (paper(abstract="word " * n) for n in (150, 350))

    rooms = [view.copyfit(lead, [second, second]) for lead in (short, long)]
    assert view.SHORTEST_OPENING <= rooms[0] < rooms[1] <= view.LONGEST_OPENING
    assert view.copyfit(long, []) == view.LONGEST_OPENING


@given(st.text(max_size=2000), st.integers(min_value=120, max_value=520))
def test_an_opening_fits_its_room(source: str, limit: int) -> None:
    """It never overflows, whatever the abstract is made of."""
    assert len(view.opening(source, limit)) <= limit + len(" …")


# --- marking ---


@pytest.mark.parametrize(
    ("text", "marks", "expected"),
    [
        ("Sparse models", [(0, 6)], "<mark>Sparse</mark> models"),
        ("a < b & sparse", [(8, 14)], "a &lt; b &amp; <mark>sparse</mark>"),
        ("<b>sparse</b>", [(1, 2)], "&lt;<mark>b</mark>&gt;sparse&lt;/b&gt;"),
        ("nothing here", [], "nothing here"),
    ],
)
def test_marks_are_marked_and_all_else_is_escaped(
    text: str, marks: list[tuple[int, int]], expected: str
) -> None:
    """The mark is the only markup that comes out."""
    assert str(marking.marked(Marked(text=text, marks=tuple(marks)))) == expected


@given(marked_texts(max_size=300))
def test_marking_adds_nothing_but_marks(text: Marked) -> None:
    """Without its marks the result is the escaped text."""
    from markupsafe import escape

    bare = str(marking.marked(text)).replace("<mark>", "").replace("</mark>", "")
    assert bare == str(escape(text.text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "say `cs.LG`, or `a<b`",
            'say <span class="mono">cs.LG</span>, or <span class="mono">a&lt;b</span>',
        ),
        ("half a ` tick & more", "half a ` tick &amp; more"),
        ("", ""),
    ],
)
def test_ticks_are_code(text: str, expected: str) -> None:
    """Descriptions written for programmers read the same on a page."""
    assert str(marking.ticks(text)) == expected


def test_an_excerpt_says_where_something_was_left_out() -> None:
    """An ellipsis where the abstract goes on before it; marks stay on their words."""
    sentence = Marked(text="Sparse things follow.", marks=((0, 6),))
    whole = Marked(text=f"We begin. {sentence.text}")
    first = Highlight(title=Marked(), abstract=sentence, sentence=sentence)
    later = Highlight(title=Marked(), abstract=whole, sentence=sentence)

    assert marking.excerpt(first) == sentence
    assert str(marking.marked(marking.excerpt(later))) == "… <mark>Sparse</mark> things follow."


@given(marked_texts(max_size=3000))
def test_an_excerpt_is_short_and_marks_the_same_words(text: Marked) -> None:
    """A sentence without end is cut around its first mark."""
    shown = marking.excerpt(Highlight(title=Marked(), abstract=text, sentence=text))
    words = [text.text[start:end] for start, end in text.marks]
    kept = [shown.text[start:end] for start, end in shown.marks]

    assert len(shown.text) <= marking.EXCERPT + 8
    assert any(kept == words[at : at + len(kept)] for at in range(len(words) + 1))


def test_a_long_sentence_is_cut_around_its_mark() -> None:
    """The match stays in sight."""
    sentence = f"{'long ' * 100}needle {'tail ' * 100}end."
    whole = Marked(text=sentence, marks=((500, 506),))
    shown = marking.excerpt(Highlight(title=Marked(), abstract=whole, sentence=whole))

    assert [shown.text[start:end] for start, end in shown.marks] == ["needle"]
    assert shown.text.startswith("… long")
    assert shown.text.endswith(" …")
