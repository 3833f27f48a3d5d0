"""Atom, RSS and JSON Feed: what real readers make of them, whatever the papers say."""

from __future__ import annotations

import json
import string
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from broadsheet.model import Link, Status
from broadsheet.publish import atom, jsonfeed, rss, work, xml
from broadsheet.publish import feed as feeds
from tests.support_papers import paper, papers, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from broadsheet.model import Paper
    from broadsheet.publish.feed import Feed

BASE = "https://papers.example"
ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
HOSTILE = [
    "<script>alert(1)</script>",
    "a]]>b",
    "&amp; & &lt;",
    "nul\x00bell\x07escape\x1b",
    "\ufffe\uffff\ud800",
    "\u202eright to left\u202c שלום",
    "中文標題 👩‍🔬",
    "$O(n\\log n)$ in MHC^3",
    "tab\tline\nreturn\r",
]
some = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def feed_of(some_papers: Iterable[Paper], **changes: Any) -> Feed:
    """Return a feed of these papers, varied by field."""
    entries = tuple(feeds.entry(one, BASE) for one in some_papers)
    made = feeds.Feed(
        id=feeds.feed_id(BASE, "/feeds/daily"),
        title="Broadsheet: the daily papers",
        subtitle="Hottest first.",
        url=f"{BASE}/",
        self_url=f"{BASE}/feeds/daily",
        entries=entries,
        updated=feeds.newest(entries),
    )
    return replace(made, **changes)


def visible(text: str) -> str:
    """Return a title as XML can carry it: one line, no illegal characters."""
    return " ".join(xml.legal(text).split())


def is_mended(title: str) -> bool:
    """Tell whether feedparser takes a title for UTF-8 that was read as Latin-1, and mends it."""
    try:
        return title.encode("latin-1").decode("utf-8") != title
    except UnicodeError:
        return False


def read(document: bytes) -> Any:
    """Return what feedparser makes of a document, which must be well-formed for it."""
    headers = {"content-location": BASE, "content-type": "application/xml; charset=utf-8"}
    parsed = feedparser.parse(document, response_headers=headers)
    assert not parsed.bozo, parsed.bozo_exception
    return parsed


@some
@given(title=texts.filter(str.strip))
@example("<script>alert(1)</script>")
@example("nul\x00bell\x07")
@example("\ud800")
@example("&amp; &lt;b&gt;")
def test_an_atom_title_comes_back_whatever_it_is(title: str) -> None:
    """Readers show the title as it is: no markup is read in it, no entity is lost."""
    one = paper(title=title)
    assume(not is_mended(visible(work.title(one))))
    parsed = read(atom.render(feed_of([one])))

    assert len(parsed.entries) == 1
    assert " ".join(parsed.entries[0].title.split()) == visible(work.title(one))


@some
@given(title=texts.filter(str.strip))
@example("<b>bold</b>")
@example("nul\x00bell\x07")
@example("a]]>b")
def test_an_rss_title_comes_back_whatever_it_is(title: str) -> None:
    """RSS does not say whether titles are HTML, so the XML itself is what is compared."""
    one = paper(title=title)
    document = rss.render(feed_of([one]))

    read(document)
    found = ET.fromstring(document).findtext("channel/item/title")  # noqa: S314  # ours
    assert " ".join((found or "").split()) == visible(work.title(one))


@some
@given(title=texts.filter(str.strip))
@example("\ud800")
def test_a_json_title_comes_back_whatever_it_is(title: str) -> None:
    """JSON carries every character but half of a pair."""
    one = paper(title=title)
    parsed = json.loads(jsonfeed.render(feed_of([one])))

    expected = work.title(one).encode("utf-8", "replace").decode()
    assert [item["title"] for item in parsed["items"]] == [expected]


@some
@given(st.lists(papers, max_size=3))
def test_no_paper_breaks_a_feed(some_papers: list[Paper]) -> None:
    """One strange paper must not cost the reader all the others."""
    feed = feed_of(some_papers)

    assert len(read(atom.render(feed)).entries) == len(some_papers)
    assert len(read(rss.render(feed)).entries) == len(some_papers)
    assert len(json.loads(jsonfeed.render(feed))["items"]) == len(some_papers)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_abstracts_stay_text(text: str) -> None:
    """An abstract never becomes an element of the entry's HTML."""
    entry = feeds.entry(paper(abstract=text, authors=(text,), venue=text), BASE)

    assert "<script" not in entry.html
    tree = ET.fromstring(f"<div>{entry.html}</div>")  # noqa: S314  # ours
    assert {element.tag for element in tree.iter()} <= {"div", "p", "a", "strong"}


def test_the_whole_of_an_entry_is_read() -> None:
    """Every field that a reader shows arrives where readers look for it."""
    one = paper(topics=("gravity",), links=(Link(kind="code", url="https://git.example/x?a=1&b"),))
    entry = read(atom.render(feed_of([one]))).entries[0]

    assert entry.id == "tag:broadsheet.invalid,2026:paper/arxiv:2603.00001"
    assert entry.link == f"{BASE}/papers/2603.00001"
    assert [author.name for author in entry.authors] == list(one.authors)
    assert [tag.term for tag in entry.tags] == ["cs.LG", "gravity"]
    assert entry.summary == one.abstract
    assert entry.content[0].type == "text/html"
    assert "https://git.example/x?a=1&amp;b" in entry.content[0].value
    assert entry.published == entry.updated == "2026-03-04T00:00:00Z"
    related = [link.href for link in entry.links if link.rel == "related"]
    assert related == ["https://arxiv.org/abs/2603.00001"]


def test_an_entry_keeps_its_id_at_every_address() -> None:
    """A reader who moves from localhost to a name does not get every paper again."""
    here, there = (feeds.entry(paper(), base) for base in ("http://127.0.0.1:8000", BASE))

    assert here.id == there.id
    assert here.url != there.url


def test_votes_do_not_make_an_entry_new() -> None:
    """`updated` moves by a new version only, or readers would mark papers unread all day."""
    before = feeds.entry(paper(votes=1, comments=1, stars=1), BASE)
    after = feeds.entry(paper(votes=99, comments=9, stars=9), BASE)

    assert before == after


def test_a_new_version_makes_an_entry_new() -> None:
    """A revised paper is worth another look; when it first appeared stays."""
    revised = feeds.entry(paper(version=2, updated=date(2026, 5, 1)), BASE)

    assert revised.updated == datetime(2026, 5, 1, tzinfo=UTC)
    assert revised.published == datetime(2026, 3, 4, tzinfo=UTC)


def test_an_entry_is_dated_by_its_edition() -> None:
    """A paper of last week that is picked today must not sink below last week's."""
    entry = feeds.entry(paper(published=date(2026, 2, 1), day=date(2026, 3, 4)), BASE)

    assert entry.published == datetime(2026, 3, 4, tzinfo=UTC)


def test_a_paper_without_a_date_still_has_one_in_the_feed() -> None:
    """The format demands a date; the beginning of time is honest and sorts last."""
    entry = feeds.entry(paper(published=None, announced=None, day=None), BASE)

    assert entry.updated == datetime(1970, 1, 1, tzinfo=UTC)


def test_specimens_say_so_in_every_format() -> None:
    """Nobody may take a paper that was written for show for a real one."""
    feed = feed_of([paper(is_specimen=True)])
    item = json.loads(jsonfeed.render(feed))["items"][0]

    for parsed in (read(atom.render(feed)), read(rss.render(feed))):
        assert parsed.entries[0].title.startswith("Specimen: ")
        assert "specimen" in [tag.term for tag in parsed.entries[0].tags]
    assert item["title"].startswith("Specimen: ")
    assert "specimen" in item["tags"]
    assert feeds.SPECIMEN_NOTE in item["content_html"]


def test_a_retracted_paper_says_so_in_every_format() -> None:
    """Whoever follows a feed must not learn of it from the paper's readers."""
    one = paper(status=Status.RETRACTED, status_by="crossref")
    feed = feed_of([one])
    item = json.loads(jsonfeed.render(feed))["items"][0]

    for parsed in (read(atom.render(feed)), read(rss.render(feed))):
        assert parsed.entries[0].title == f"Retracted: {one.title}"
        assert "retracted" in [tag.term for tag in parsed.entries[0].tags]
    assert "Retracted, according to crossref." in item["content_html"]


@pytest.mark.parametrize("render", [atom.render, rss.render], ids=["atom", "rss"])
def test_pages_lead_to_each_other(render: Callable[[Feed], bytes]) -> None:
    """RFC 5005: a reader that missed a day finds the rest by these links."""
    feed = feed_of(
        [paper()],
        first_url=f"{BASE}/f",
        previous_url=f"{BASE}/f?page=2",
        next_url=f"{BASE}/f?page=4",
        archive_url=f"{BASE}/f?date=2026-03-03",
    )
    found = {link.rel: link.href for link in read(render(feed)).feed.links}

    assert found["self"] == f"{BASE}/feeds/daily"
    assert found["first"] == f"{BASE}/f"
    assert found["previous"] == f"{BASE}/f?page=2"
    assert found["next"] == f"{BASE}/f?page=4"
    assert found["prev-archive"] == f"{BASE}/f?date=2026-03-03"


def test_a_json_feed_leads_to_its_next_page() -> None:
    """JSON Feed 1.1 knows `next_url` alone."""
    document = json.loads(jsonfeed.render(feed_of([paper()], next_url=f"{BASE}/f?page=2")))

    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["next_url"] == f"{BASE}/f?page=2"
    assert set(document["items"][0]) >= {"id", "url", "title", "content_html", "date_published"}


def test_an_empty_feed_is_a_feed() -> None:
    """An empty day gives readers no error, and a date they can compare."""
    feed = feed_of([], updated=feeds.newest((), at_least=date(2026, 3, 7)))

    assert read(atom.render(feed)).feed.updated == "2026-03-07T00:00:00Z"
    assert read(rss.render(feed)).entries == []
    assert json.loads(jsonfeed.render(feed))["items"] == []


def test_an_atom_feed_has_what_the_standard_demands() -> None:
    """RFC 4287, 4.1.1 and 4.1.2: id, title, updated, and an author in every entry."""
    root = ET.fromstring(atom.render(feed_of([paper(authors=())])))  # noqa: S314  # ours
    entry = root.find(f"{ATOM}entry")

    assert entry is not None
    for element in (root, entry):
        assert all(element.findtext(ATOM + name) for name in ("id", "title", "updated"))
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Unknown"


def test_rss_names_authors_where_readers_look() -> None:
    """RSS's own author is a mail address, so names go into Dublin Core."""
    root = ET.fromstring(rss.render(feed_of([paper()])))  # noqa: S314  # ours

    assert [one.text for one in root.iter(f"{DC}creator")] == list(paper().authors)
    assert root.findtext("channel/item/pubDate") == "Wed, 04 Mar 2026 00:00:00 +0000"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        pytest.param("https://papers.example/", "papers.example", id="a name"),
        pytest.param("http://127.0.0.1:8000", "127.0.0.1", id="an address, without its port"),
        pytest.param("http://[::1]:8000", "localhost", id="what a tag cannot carry"),
    ],
)
def test_a_feed_has_the_id_of_its_instance(base: str, expected: str) -> None:
    """Two instances' daily feeds are two feeds."""
    assert feeds.feed_id(base, "/feeds/daily") == f"tag:{expected},2026:/feeds/daily"


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_legal_text_is_legal(text: str) -> None:
    """What remains parses, and nothing is lost that XML can carry."""
    kept = xml.legal(text)
    root = ET.Element("a")
    xml.add(root, "b", text, {"c": text})

    assert ET.fromstring(xml.document(root)) is not None  # noqa: S314  # ours
    lost = set(text) - set(kept)
    assert not lost & set(string.printable.replace("\x0b", "").replace("\x0c", ""))
    assert all(unicodedata.category(one) in {"Cc", "Cs", "Cn"} for one in lost)
