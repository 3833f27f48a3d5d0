"""Feeds as they are: dates without zones, wrong charsets, relative links, cut-off ends."""

from __future__ import annotations

import gzip
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import UnreachableError
from broadsheet.model import Link, Precision, Record
from broadsheet.sources._wire import Answer
from broadsheet.sources.feed import Batch, Feed, Place, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = Place(url="https://wells.example/feeds/new.xml")
NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)
LINK = "<link>https://wells.example/1</link>"
# What connect.biorxiv.org sends: RDF, all authors in one field, the DOI as an identifier.
BIORXIV = """\
<?xml version="1.0" encoding="UTF-8" ?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://purl.org/rss/1.0/modules/prism/">
<channel rdf:about="https://www.biorxiv.org"><title>bioRxiv Channel: Neuroscience</title>
<link>https://www.biorxiv.org</link><description>Wells</description>
<prism:publicationName>bioRxiv</prism:publicationName></channel>
<item rdf:about="https://www.biorxiv.org/cgi/content/short/2026.07.10.741992v1?rss=1">
<title><![CDATA[How deep is a <i>gravity</i> well &amp; why ]]></title>
<link>https://www.biorxiv.org/cgi/content/short/2026.07.10.741992v1?rss=1</link>
<description><![CDATA[O_ST_ABSBackgroundC_ST_ABSWe dig.]]></description>
<dc:creator><![CDATA[Lovelace, A. K., du Chatelet, E.]]></dc:creator>
<dc:date>2026-07-13</dc:date>
<dc:identifier>doi:10.64898/2026.07.10.741992</dc:identifier>
<prism:publicationDate>2026-07-13</prism:publicationDate><prism:section></prism:section>
</item></rdf:RDF>
"""


def rss(item: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    """Return a feed of one item."""
    channel = f"<title>Wells</title><link>https://wells.example/</link><item>{item}</item>"
    return f'{declaration}<rss version="2.0" {NAMESPACES}><channel>{channel}</channel></rss>'


def json_feed(**item: Any) -> bytes:
    """Return a JSON Feed of one item."""
    items = [{"id": "7", "title": "On wells"} | item]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()


def only(data: str | bytes, place: Place = PLACE) -> Record:
    """Return the one record that a feed must give."""
    batch = parse(data if isinstance(data, bytes) else data.encode(), place=place)
    assert not batch.problem
    (found,) = batch.items
    assert isinstance(found, Record), found
    return found


def test_the_feed_of_biorxiv() -> None:
    """All authors in one field, names of marks in the text, a DOI with a label."""
    found = only(BIORXIV)

    assert found.title == "How deep is a gravity well & why"
    assert found.authors == ("A. K. Lovelace", "E. du Chatelet")
    assert found.abstract == "Background: We dig."
    assert [str(one) for one in found.identifiers] == ["doi:10.64898/2026.07.10.741992"]
    assert (found.published, found.venue) == (date(2026, 7, 13), "bioRxiv")


@pytest.mark.parametrize(
    ("creator", "authors"),
    [
        ("Lovelace, A.", ("A. Lovelace",)),
        ("Ada Lovelace", ("Ada Lovelace",)),
        ("Ada Lovelace, Emilie du Chatelet", ("Ada Lovelace, Emilie du Chatelet",)),
        ("Well Works, Inc", ("Well Works, Inc",)),
    ],
)
def test_one_creator_is_split_only_where_it_is_a_list(
    creator: str, authors: tuple[str, ...]
) -> None:
    """A comma alone does not make two people of a company."""
    found = only(rss(f"<title>On wells</title>{LINK}<dc:creator>{creator}</dc:creator>"))

    assert found.authors == authors


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("Wed, 04 Mar 2026 23:30:00", date(2026, 3, 4)),
        ("Wed, 04 Mar 2026 23:30:00 EST", date(2026, 3, 5)),
        ("Wed, 04 Mar 2026 03:30:00 +0900", date(2026, 3, 3)),
        ("4 March 2026", date(2026, 3, 4)),
        ("2026-03-04", date(2026, 3, 4)),
        ("yesterday", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", None),
    ],
)
def test_a_date_of_rss(written: str, published: date | None) -> None:
    """Without a zone it is a date still; one that is none costs the date, not the paper."""
    found = only(rss(f"<title>On wells</title>{LINK}<pubDate>{written}</pubDate>"))

    assert (found.published, found.announced) == (published, published)


def test_a_month_is_no_day() -> None:
    """A feed of months must not put a paper into the edition of the first of March."""
    when = "<prism:publicationDate>2026-03</prism:publicationDate>"

    found = only(rss(f"<title>On wells</title>{LINK}{when}"))

    assert (found.published, found.precision) == (date(2026, 3, 1), Precision.MONTH)
    assert found.announced is None


@pytest.mark.parametrize(
    ("field", "value", "published"),
    [
        ("date_published", "2026-03-04T23:30:00-05:00", date(2026, 3, 5)),
        ("date_published", "2026-03-04", date(2026, 3, 4)),
        ("date_modified", "2026-03-04T00:00:00Z", date(2026, 3, 4)),
        ("date_published", "soon", None),
        ("date_published", 7, None),
    ],
)
def test_a_date_of_json_feed(field: str, value: object, published: date | None) -> None:
    """Read as those of Atom are: in UTC."""
    assert only(json_feed(**{field: value})).published == published


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Wells &lt;i&gt;in vivo&lt;/i&gt; &amp;amp; more", "Wells in vivo & more"),
        ("<![CDATA[Wells <sub>2</sub> &lt; 3]]>", "Wells ₂ < 3"),
        ("Wells &nbsp; dug &eacute;t", "Wells dug ét"),
        ("On wells\n   and\twater", "On wells and water"),
    ],
)
def test_a_title_is_text_whatever_it_was(title: str, shown: str) -> None:
    """Escaped twice, in CDATA, with entities of HTML that XML does not know."""
    assert only(rss(f"<title>{title}</title>{LINK}")).title == shown


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            rss('<title>On wells</title><guid isPermaLink="false">7</guid><link>/a/1</link>'),
            id="RSS",
        ),
        pytest.param(json_feed(url="/a/1"), id="JSON Feed"),
        pytest.param(
            '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://wells.example/x/">'
            '<entry><id>7</id><title>On wells</title><link href="../a/1"/></entry></feed>',
            id="Atom with a base of its own",
        ),
    ],
)
def test_a_relative_link_is_made_whole(data: str | bytes) -> None:
    """By the address of the feed, or by the base that it names."""
    assert Link(kind="abstract", url="https://wells.example/a/1") in only(data).links


@pytest.mark.parametrize(
    ("item", "doi"),
    [
        ("<prism:doi>10.5555/w</prism:doi><dc:identifier>urn:uuid:1</dc:identifier>", "10.5555/w"),
        ("<dc:identifier>doi:10.5555/w</dc:identifier>", "10.5555/w"),
        ("<guid>https://doi.org/10.5555/w</guid>", "10.5555/w"),
        ("<guid>https://www.tandfonline.com/doi/full/10.5555/w?af=R</guid>", "10.5555/w"),
    ],
)
def test_a_doi_is_found_where_it_stands(item: str, doi: str) -> None:
    """Publishers put it into four places."""
    found = only(rss(f"<title>On wells</title>{LINK}{item}"))

    assert [str(one) for one in found.identifiers] == [f"doi:{doi}"]


CYRILLIC = "Колодцы и вода"
DECLARED = '<?xml version="1.0" encoding="{}"?>'
BARE = '<?xml version="1.0"?>'


@pytest.mark.parametrize(
    ("declaration", "encoding", "media_type"),
    [
        pytest.param(BARE, "koi8-r", "text/xml; charset=koi8-r", id="only the header says it"),
        pytest.param(
            DECLARED.format("koi8-r"), "koi8-r", "text/xml; charset=iso-8859-1", id="wrong header"
        ),
        pytest.param(BARE, "utf-8", "text/xml; charset=iso-8859-1", id="the server's default"),
        pytest.param(DECLARED.format("utf-8"), "utf-8", 'text/xml; charset="latin1"', id="quoted"),
        pytest.param(BARE, "utf-8", "text/html", id="called a page"),
        pytest.param(DECLARED.format("utf-16"), "utf-16", "", id="UTF-16"),
        pytest.param(DECLARED.format("utf-8"), "utf-8-sig", "", id="with a mark"),
    ],
)
def test_the_charset_is_the_feed_s_own(declaration: str, encoding: str, media_type: str) -> None:
    """Servers send their default for every file; a declaration was made for this one."""
    data = rss(f"<title>{CYRILLIC}</title>{LINK}", declaration).encode(encoding)

    assert only(data, Place(media_type=media_type)).title == CYRILLIC


def test_a_json_feed_with_a_mark_is_read() -> None:
    """Editors on Windows put one there."""
    assert only(b"\xef\xbb\xbf" + json_feed()).title == "On wells"


def test_a_packed_file_is_unpacked() -> None:
    """Sent as it lies on the disk: feed.xml.gz."""
    data = gzip.compress(rss(f"<title>On wells</title>{LINK}").encode())

    assert only(data).title == "On wells"


def test_a_list_of_feeds_is_no_feed() -> None:
    """And the message says how to name it."""
    batch = parse(b'<?xml version="1.0"?><opml version="2.0"><body/></opml>')

    assert batch == Batch(items=(), problem="this is a list of feeds: name it opml:ADDRESS")


def answering(body: bytes) -> Any:
    """Return a fetcher that always gives this body, and a mark to ask only for changes with."""

    def get(url: str, headers: Mapping[str, str]) -> Answer:
        return Answer(url=url, status=200, headers={"etag": '"7"'}, body=body)

    return get


def test_a_feed_that_breaks_off_is_read_again() -> None:
    """To ask only for changes would lose what was cut off until the next change."""
    whole = rss(f"<title>On wells</title>{LINK}</item><item><title>On water</title>{LINK}").encode()
    cut = whole[: whole.index(b"water")]
    broken = Feed(answering(cut), PLACE.url, source="feed-wells", cursor={})
    items = broken.read()

    assert getattr(next(items), "title", "") == "On wells"
    with pytest.raises(UnreachableError, match="breaks off"):
        list(items)
    assert broken.cursor == {}
    good = Feed(answering(whole), PLACE.url, source="feed-wells", cursor={})
    assert len(list(good.read())) == 2
    assert good.cursor == {"etag": '"7"'}


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda title: rss(title).encode()))
def test_no_feed_breaks_the_parser(data: bytes) -> None:
    """Nor does one that is packed."""
    parse(data, place=PLACE)
    parse(gzip.compress(data), place=Place(url="http://[", media_type="text/xml; charset=x"))
