"""What a paper's page tells crawlers and reference managers, and how browsers search here."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.model import Identifier, Link, Paper, Precision, Scheme, Status
from broadsheet.publish import (
    bibtex,
    coins,
    csl,
    markdown,
    metatags,
    opensearch,
    ris,
    schemaorg,
    work,
)
from tests.support_papers import paper, papers, texts

URL = "https://papers.example/papers/2603.00001"
DOI = Identifier(Scheme.DOI, "10.1000/a_b")
some = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def test_highwire_tags_are_those_that_scholar_reads() -> None:
    """One tag per author, the date with slashes, ids without version."""
    links = (Link(kind="pdf", url="https://arxiv.org/pdf/2603.00001"),)
    identifiers = (*paper().identifiers, DOI)
    one = paper(venue="NeurIPS", topics=("a", "b"), links=links, identifiers=identifiers)

    assert metatags.highwire(one) == [
        ("citation_title", one.title),
        ("citation_author", "Lovelace, Ada"),
        ("citation_author", "du Châtelet, Émilie"),
        ("citation_publication_date", "2026/03/04"),
        ("citation_conference_title", "NeurIPS"),
        ("citation_arxiv_id", "2603.00001"),
        ("citation_doi", "10.1000/a_b"),
        ("citation_pdf_url", "https://arxiv.org/pdf/2603.00001"),
        ("citation_abstract", one.abstract),
        ("citation_keywords", "a; b"),
    ]


@some
@given(papers)
def test_no_paper_has_an_empty_title(one: Paper) -> None:
    """A crawler that finds an empty title drops the page."""
    tags = metatags.highwire(one)

    assert tags[0] == ("citation_title", work.title(one))
    assert all(tags[0])


def test_who_cites_a_withdrawn_paper_is_told() -> None:
    """A reference manager keeps the note beside the title."""
    one = paper(status=Status.WITHDRAWN, status_by="arxiv")
    note = "Withdrawn, according to arxiv"

    assert f"  note = {{{note}}}," in bibtex.render([one], base_url="")
    assert f"N1  - {note}" in ris.render([one], base_url="")
    assert json.loads(csl.render([one], base_url=""))[0]["note"] == note
    assert f"**{note}.**" in markdown.render(one, URL)


@pytest.mark.parametrize(
    ("venue", "genre", "place"),
    [
        pytest.param("", "preprint", "arXiv", id="a preprint"),
        pytest.param("Journal of Wells", "article", "Journal of Wells", id="a journal"),
        pytest.param("NeurIPS", "proceeding", "NeurIPS", id="a conference"),
    ],
)
def test_coins_is_an_openurl(venue: str, genre: str, place: str) -> None:
    """The keys of Z39.88-2004, one `rft.au` per author."""
    values = parse_qs(coins.title(paper(venue=venue, identifiers=(*paper().identifiers, DOI))))

    assert values["ctx_ver"] == ["Z39.88-2004"]
    assert values["rft_val_fmt"] == ["info:ofi/fmt:kev:mtx:journal"]
    assert values["rft.genre"] == [genre]
    assert values["rft.jtitle"] == [place]
    assert values["rft.au"] == list(paper().authors)
    assert (values["rft.aulast"], values["rft.aufirst"]) == (["Lovelace"], ["Ada"])
    assert values["rft.date"] == ["2026-03-04"]
    assert "info:doi/10.1000/a_b" in values["rft_id"]


@some
@given(papers)
def test_every_paper_has_a_coins_title(one: Paper) -> None:
    """It is one attribute of plain ASCII, whatever the paper says."""
    text = coins.title(one)

    assert text.isascii()
    expected = work.title(one).encode("utf-8", "replace").decode()
    assert parse_qs(text)["rft.atitle"] == [expected]


def test_json_ld_is_a_scholarly_article() -> None:
    """What schema.org names, and nothing that is unknown."""
    values = schemaorg.json_ld(paper(venue="NeurIPS", license="https://license.example/by"), URL)

    assert values["@type"] == "ScholarlyArticle"
    assert values["headline"] == paper().title
    assert values["author"][1] == {"@type": "Person", "name": "Émilie du Châtelet"}
    assert values["datePublished"] == "2026-03-04"
    assert values["publication"] == {"@type": "PublicationEvent", "name": "NeurIPS"}
    assert values["sameAs"] == ["https://arxiv.org/abs/2603.00001"]
    assert values["license"] == "https://license.example/by"
    assert "dateModified" not in values
    assert schemaorg.json_ld(paper(venue="Nature"), URL)["isPartOf"]["name"] == "Nature"


@some
@given(papers)
def test_nothing_ends_the_script_early(one: Paper) -> None:
    """A title with `</script>` stays within its element and reads back as it is."""
    text = schemaorg.script_text(schemaorg.json_ld(one, URL))

    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text)["headline"] == work.title(one)


@pytest.mark.parametrize(
    ("precision", "expected"),
    [
        pytest.param(Precision.DAY, "2026/03/04", id="to the day"),
        pytest.param(Precision.MONTH, "2026/03", id="to the month"),
        pytest.param(Precision.YEAR, "2026", id="to the year"),
    ],
)
def test_dates_are_as_precise_as_known(precision: Precision, expected: str) -> None:
    """A year alone is a date too."""
    tags = dict(metatags.highwire(paper(precision=precision)))

    assert tags["citation_publication_date"] == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, "https://arxiv.org/abs/2603.00001", id="arXiv"),
        pytest.param({"identifiers": (DOI,)}, "https://doi.org/10.1000/a_b", id="a DOI"),
        pytest.param(
            {"links": (Link(kind="abstract", url="https://a.example"),)},
            "https://a.example",
            id="what a source said wins",
        ),
        pytest.param({"identifiers": ()}, None, id="nothing known"),
        pytest.param(
            {"identifiers": (Identifier(Scheme.DOI, "10.1/a<b> c"),)},
            "https://doi.org/10.1/a%3Cb%3E%20c",
            id="a DOI that is no URL",
        ),
    ],
)
def test_a_paper_is_found_where_it_is(changes: dict[str, object], expected: str | None) -> None:
    """Readers leave by this link."""
    assert work.outside_url(paper(**changes)) == expected


def test_a_strange_id_makes_a_sound_address() -> None:
    """Whatever an id holds, the path parses back to it."""
    assert work.path(paper(id="doi:10.1/a?b#c d%e&f")) == "/papers/doi:10.1/a%3Fb%23c%20d%25e%26f"


# --- Markdown ---


def test_a_paper_reads_as_markdown() -> None:
    """All that the page says, in plain text with formulas."""
    one = paper(
        title="$O(n\\log n)$ for a_b",
        summary="It sorts.",
        summary_by="machine",
        votes=3,
        links=(Link(kind="code", url="https://git.example/x"),),
    )

    assert markdown.render(one, URL) == (
        "# $O(n\\log n)$ for a\\_b\n\n"
        "Ada Lovelace, Émilie du Châtelet\n\n"
        "- Published: 2026-03-04\n"
        "- Version: 1\n"
        "- Categories: cs.LG\n"
        "- Identifiers: arxiv:2603.00001\n"
        "- Votes: 3\n\n"
        "## Abstract\n\n"
        "We study gravity well number 1 and find it deep.\n\n"
        "## Summary (by machine)\n\n"
        "It sorts.\n\n"
        "## Links\n\n"
        f"- Page: <{URL}>\n"
        "- Source: <https://arxiv.org/abs/2603.00001>\n"
        "- Code: <https://git.example/x>\n"
    )


def test_a_specimen_reads_as_one() -> None:
    """A model that is fed a specimen must know."""
    assert "It is no real paper" in markdown.render(paper(is_specimen=True), URL)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("# no heading", "\\# no heading", id="heading"),
        pytest.param("1. no list", "\\1. no list", id="list"),
        pytest.param("[a](b) <i> *b* `c`", "\\[a\\](b) \\<i\\> \\*b\\* \\`c\\`", id="marks"),
        pytest.param("two\n# lines", "two # lines", id="one line"),
    ],
)
def test_text_stays_text(text: str, expected: str) -> None:
    """No title becomes a heading, a link or HTML."""
    assert markdown.escape(text) == expected


class Tags(HTMLParser):
    """Collects the elements that a lenient browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Note one element."""
        self.seen.append(tag)


@some
@given(texts)
def test_markdown_holds_no_html(text: str) -> None:
    """A renderer that allows HTML finds none of the paper's."""
    tags = Tags()
    tags.feed(markdown.escape(f"<script>{text}</script>").replace("\\<", "&lt;"))

    assert tags.seen == []


@some
@given(papers)
def test_every_paper_reads_as_markdown(one: Paper) -> None:
    """It begins with its title and never raises."""
    assert markdown.render(one, URL).startswith("# ")


# --- OpenSearch ---


@some
@given(st.text(min_size=1), texts)
def test_a_description_is_sound_whatever_the_title(title: str, query: str) -> None:
    """Browsers refuse a short name over 16 characters."""
    root = ET.fromstring(opensearch.render(title, f"https://a.example/{query}"))  # noqa: S314
    space = "{http://a9.com/-/spec/opensearch/1.1/}"

    assert len(root.findtext(f"{space}ShortName") or "") <= 16
    templates = {url.get("type"): url.get("template", "") for url in root.iter(f"{space}Url")}
    assert templates["text/html"].endswith("/papers?q={searchTerms}&page={startPage?}")
    assert "/papers.atom?" in templates["application/atom+xml"]
