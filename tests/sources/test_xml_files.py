"""References in XML: EndNote, Zotero and PubMed; lists of feeds; and XML that means harm."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import date
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import FormatError
from broadsheet.model import Fault, Record, Status
from broadsheet.sources import _xml_file, open_files, opml
from broadsheet.sources.endnote import EndNote
from broadsheet.sources.pubmed import PubMed
from broadsheet.sources.zotero import Zotero

if TYPE_CHECKING:
    from pathlib import Path

ENDNOTE = """\
<?xml version="1.0" encoding="UTF-8"?><xml><records><record>
<ref-type name="Journal Article">17</ref-type>
<contributors><authors>
<author><style face="normal">Lovelace, Ada</style></author><author>du Châtelet, É.</author>
</authors></contributors>
<titles><title><style>On </style><style face="italic">Wells</style></title>
<secondary-title>J. Wells</secondary-title></titles>
<periodical><full-title>Journal of Wells</full-title></periodical>
<keywords><keyword>Wells</keyword></keywords>
<dates><year>2026</year><pub-dates><date>Mar 4</date></pub-dates></dates>
<accession-num>3197</accession-num><remote-database-name>PubMed</remote-database-name>
<abstract>We &lt; dig &amp; dig.</abstract>
<notes>arXiv:2603.00001v2</notes>
<urls><related-urls><url>https://example.org/wells</url></related-urls></urls>
<electronic-resource-num>10.1000/WELLS</electronic-resource-num>
</record><record><titles><title>Second</title></titles></record></records></xml>
"""
ZOTERO = """\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:dcterms="http://purl.org/dc/terms/" xmlns:bib="http://purl.org/net/biblio#"
 xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:link="http://purl.org/rss/1.0/modules/link/">
<bib:Article rdf:about="https://example.org/wells">
 <z:itemType>journalArticle</z:itemType>
 <dcterms:isPartOf rdf:resource="urn:issn:0000-0001"/>
 <bib:authors><rdf:Seq><rdf:li><foaf:Person><foaf:surname>Lovelace</foaf:surname>
 <foaf:givenName>Ada</foaf:givenName></foaf:Person></rdf:li></rdf:Seq></bib:authors>
 <dc:title>On Wells</dc:title><dcterms:abstract>We dig.</dcterms:abstract>
 <dc:date>2026-03-04</dc:date><dc:subject>Wells</dc:subject>
 <dc:subject><z:AutomaticTag><rdf:value>Digging</rdf:value></z:AutomaticTag></dc:subject>
 <dc:description>arXiv:2603.00001 [cs]
PMID: 3197</dc:description>
 <link:link rdf:resource="#item_2"/>
</bib:Article>
<z:Attachment rdf:about="#item_2"><z:itemType>attachment</z:itemType>
 <dc:title>Full Text PDF</dc:title></z:Attachment>
<bib:Memo rdf:about="#item_3"><rdf:value>a note</rdf:value></bib:Memo>
<rdf:Description rdf:about="#item_4"><z:itemType>conferencePaper</z:itemType>
 <dcterms:isPartOf><bib:Journal><dc:title>Proceedings of Wells</dc:title>
 <dc:identifier>DOI 10.1000/PART</dc:identifier></bib:Journal></dcterms:isPartOf>
 <dc:title>Deeper Wells</dc:title></rdf:Description>
<bib:Journal rdf:about="urn:issn:0000-0001"><dc:title>Journal of Wells</dc:title>
 <dc:identifier>DOI 10.1000/WELLS</dc:identifier><dc:identifier>ISSN 0000-0001</dc:identifier>
</bib:Journal></rdf:RDF>
"""
PUBMED = """\
<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://example.org/p.dtd">
<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">3197</PMID>
<Article><Journal><JournalIssue><Volume>7</Volume><PubDate><Year>2026</Year><Month>Mar</Month>
</PubDate></JournalIssue><Title>Journal of wells</Title></Journal>
<ArticleTitle>On H<sub>2</sub>O in <i>wells</i>.</ArticleTitle>
<ELocationID EIdType="doi" ValidYN="Y">10.1000/WELLS</ELocationID>
<Abstract><AbstractText Label="AIM">We dig.</AbstractText><AbstractText Label="RESULTS">Deep.
</AbstractText></Abstract>
<AuthorList><Author><LastName>Lovelace</LastName><ForeName>Ada</ForeName></Author>
<Author><CollectiveName>Well Works</CollectiveName></Author></AuthorList>
<PublicationTypeList><PublicationType>Journal Article</PublicationType></PublicationTypeList>
</Article><MeshHeadingList><MeshHeading><DescriptorName>Water Wells</DescriptorName>
<QualifierName>chemistry</QualifierName></MeshHeading></MeshHeadingList>
<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><PMID>9</PMID>
</CommentsCorrections></CommentsCorrectionsList></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="pubmed">3197</ArticleId></ArticleIdList>
<ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.1000/other</ArticleId>
</ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle></PubmedArticleSet>
"""
BOMB = """\
<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>
<xml><records><record><titles><title>&b;</title></titles></record></records></xml>
"""
OUTSIDE = """\
<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<xml><records><record><titles><title>&a;</title></titles></record></records></xml>
"""


def read(path: Path, content: str | bytes) -> list[Record | Fault]:
    """Return what a file of this content gives."""
    path = path / "refs.xml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (source,) = open_files([path])
    return [item for item in source.read() if isinstance(item, (Record, Fault))]


def only(items: list[Record | Fault]) -> Record:
    """Return the first item, which is a record."""
    assert isinstance(items[0], Record), items[0]
    return items[0]


def names(found: Record) -> list[str]:
    """Return a record's identifiers as text."""
    return [str(each) for each in found.identifiers]


def test_a_reference_of_endnote(tmp_path: Path) -> None:
    """Styles within a title are no part of it."""
    found, second = read(tmp_path, ENDNOTE)

    assert isinstance(found, Record)
    assert isinstance(second, Record)
    assert (found.source, found.title, second.title) == ("endnote", "On Wells", "Second")
    assert found.authors == ("Ada Lovelace", "É. du Châtelet")
    assert names(found) == ["arxiv:2603.00001", "doi:10.1000/wells", "pmid:3197"]
    assert (found.published, found.venue, found.version) == (
        date(2026, 3, 4),
        "Journal of Wells",
        2,
    )
    assert (found.abstract, found.topics) == ("We < dig & dig.", ("wells",))


def test_items_of_zotero(tmp_path: Path) -> None:
    """The journal stands behind the article and holds its DOI; notes and attachments are none."""
    found, part = read(tmp_path, ZOTERO)

    assert isinstance(found, Record)
    assert isinstance(part, Record)
    assert (found.title, found.authors, found.venue) == (
        "On Wells",
        ("Ada Lovelace",),
        "Journal of Wells",
    )
    assert names(found) == ["arxiv:2603.00001", "doi:10.1000/wells", "pmid:3197"]
    assert (found.published, found.topics) == (date(2026, 3, 4), ("wells", "digging"))
    assert (part.title, part.venue, names(part)) == (
        "Deeper Wells",
        "Proceedings of Wells",
        ["doi:10.1000/part"],
    )


def test_a_citation_of_pubmed(tmp_path: Path) -> None:
    """Labels are kept, the ids of references are not this paper's, retractions are said."""
    (found,) = read(tmp_path, PUBMED)

    assert isinstance(found, Record)
    assert (found.source, found.title) == ("pubmed", "On H2O in wells")
    assert names(found) == ["doi:10.1000/wells", "pmid:3197"]
    assert found.authors == ("Ada Lovelace", "Well Works")
    assert found.abstract == "AIM: We dig.\n\nRESULTS: Deep."
    assert (found.published, found.topics) == (date(2026, 3, 1), ("water wells",))
    assert found.status is Status.RETRACTED


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(ENDNOTE, EndNote, id="EndNote"),
        pytest.param(ZOTERO, Zotero, id="Zotero"),
        pytest.param(PUBMED, PubMed, id="PubMed"),
    ],
)
def test_packed_files_and_files_without_line_ends(
    tmp_path: Path, content: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exporters write one line of any length."""
    path = tmp_path / "download"
    path.write_bytes(gzip.compress(content.encode()))
    expected = [item.title for item in kind(path).read()]
    monkeypatch.setattr("broadsheet.sources._lines.MAX_LINE", 100)
    path.write_text("\ufeff" + " ".join(content.splitlines()))

    (source,) = open_files([path])

    assert isinstance(source, kind)
    assert [item.title for item in source.read() if isinstance(item, Record)] == expected


@pytest.mark.parametrize("bad", [BOMB, OUTSIDE], ids=["bomb", "file"])
def test_entities_are_never_read(tmp_path: Path, bad: str) -> None:
    """Neither one that grows nor one that reads a file of this machine."""
    (fault,) = read(tmp_path, bad)

    assert isinstance(fault, Fault)
    assert fault.reason == "the XML declares entities, which are not read"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(ENDNOTE[:-30], "the XML breaks off: ", id="cut"),
        pytest.param(ENDNOTE.replace("Second</title>", "Second"), "mismatched tag", id="tag"),
        pytest.param(gzip.compress(ENDNOTE.encode() * 2)[:-20], "ends in its middle", id="packed"),
        pytest.param(
            ENDNOTE.replace("<titles><title>Second", "<a>" * 300 + "<title>"), "deep", id="depth"
        ),
    ],
)
def test_what_came_before_the_fault_is_kept(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    """A file cut off gives what it has, and says that it is cut off."""
    *good, fault = read(tmp_path, content)

    assert [item.title for item in good if isinstance(item, Record)] == ["On Wells", "Second"][
        : len(good)
    ]
    assert isinstance(fault, Fault)
    assert reason in fault.reason


def test_a_bad_reference_costs_itself(tmp_path: Path) -> None:
    """One without a title stands between two good ones."""
    bad, good = (
        "<record><pages>1</pages></record>",
        "<record><titles><title>{}</title></titles></record>",
    )
    content = f"<xml><records>{good.format(1)}{bad}{good.format(2)}</records></xml>"

    one, fault, two = read(tmp_path, content)

    assert isinstance(fault, Fault)
    assert (fault.reason, fault.raw) == ("title: there is none", bad)
    assert isinstance(one, Record)
    assert isinstance(two, Record)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gbk", "utf-8"])
def test_every_encoding_is_read_as_declared(tmp_path: Path, encoding: str) -> None:
    """Also those of more than one byte, which the parser itself does not know."""
    title = "深井" if encoding == "gbk" else "Tiefe Gewässer"
    content = (
        f'<?xml version="1.0" encoding="{encoding}"?><xml><records><record><titles><title>{title}'
        "</title></titles></record></records></xml>"
    )

    assert only(read(tmp_path, content.encode(encoding))).title == title


def test_bad_bytes_and_characters_cost_themselves(tmp_path: Path) -> None:
    """No byte of one abstract may cost the file."""
    content = ENDNOTE.encode().replace(b"We &lt;", b"\xff\x01&#2;&#x1F; We &lt;")

    assert only(read(tmp_path, content)).abstract == "� We < dig & dig."


def test_an_unknown_encoding_is_said(tmp_path: Path) -> None:
    """Nothing is guessed against a declaration."""
    (fault,) = read(tmp_path, ENDNOTE.replace("UTF-8", "KLINGON-8"))

    assert isinstance(fault, Fault)
    assert fault.reason == "the XML declares an encoding that is not known"


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of any length is read in little memory; an element without end is given up."""
    path = tmp_path / "refs.xml"
    one = "<record><titles><title>On Wells</title></titles></record><other><a/><a/></other>"
    path.write_text(f"<xml><records>{one * 5_000}</records></xml>")
    source = EndNote(path)
    tracemalloc.start()

    count = sum(1 for _ in source.read())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 5_000
    assert peak < 4 * 2**20
    monkeypatch.setattr(_xml_file, "MAX_ELEMENT", 100_000)
    path.write_text(f"<xml><records>{one}<record>{'<a/>' * 100_000}")
    first, fault = EndNote(path).read()
    assert isinstance(first, Record)
    assert isinstance(fault, Fault)
    assert "one element goes on" in fault.reason


FEEDS = """\
<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Arxiv"><outline text="cs.LG" title="Learning" type="rss"
 xmlUrl="https://example.org/cs.LG" htmlUrl="https://example.org"/>
<outline text="deeper"><outline xmlUrl="http://example.org/b?x=1&amp;y=2"/></outline></outline>
<outline text="again" xmlUrl="https://example.org/cs.LG"/>
<outline text="harm" xmlUrl="javascript:alert(1)"/><outline text="disk" xmlUrl="file:///etc"/>
</body></opml>
"""


def test_a_list_of_feeds() -> None:
    """Each address once, in its folders; what is no address of the web is left out."""
    assert opml.feeds(FEEDS.encode()) == (
        opml.Feed(url="https://example.org/cs.LG", title="Learning", folders=("Arxiv",)),
        opml.Feed(url="http://example.org/b?x=1&y=2", title="", folders=("Arxiv", "deeper")),
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "no XML that can be read", id="empty"),
        pytest.param(FEEDS.encode()[:-10], "no XML that can be read", id="cut"),
        pytest.param(BOMB.encode(), "entities, which are not read", id="bomb"),
        pytest.param(b"<rss/>", "is no OPML", id="a feed"),
        pytest.param(b" " * (opml.MAX_BYTES + 1), "larger than 8 MiB", id="large"),
    ],
)
def test_what_is_no_list_of_feeds_is_refused(content: bytes, said: str) -> None:
    """The message says what is wrong with it."""
    with pytest.raises(FormatError, match=said):
        opml.feeds(content)


def test_a_list_that_is_nearly_xml_is_read() -> None:
    """A lone "&" in addresses, bytes of Windows and names of HTML's are what such lists have."""
    loose = FEEDS.replace("&amp;", "&").replace('"Arxiv"', '"R & D, Émilie&nbsp;"')

    found = opml.feeds(loose.encode("cp1252"))

    assert [one.url for one in found] == [one.url for one in opml.feeds(FEEDS.encode())]
    assert found[0].folders == ("R & D, Émilie",)


def test_a_list_of_feeds_holds_no_papers(tmp_path: Path) -> None:
    """Importing it says what it is."""
    with pytest.raises(FormatError, match="is a list of feeds"):
        read(tmp_path, FEEDS)
