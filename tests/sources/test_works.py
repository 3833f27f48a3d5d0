"""Works of OpenAlex, Crossref and Semantic Scholar, and references in CSL-JSON."""

from __future__ import annotations

import contextlib
import gzip
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import Fault, Link, Paper, PaperId, Precision, Record, Status
from broadsheet.publish import csl as writer
from broadsheet.sources import crossref, csl, open_files, openalex, semantic_scholar
from broadsheet.sources._entry import to_record
from broadsheet.sources._fields import FieldError
from tests.support import record

if TYPE_CHECKING:
    from pathlib import Path

SHA = "0b" * 20
OPENALEX: dict[str, Any] = {
    "id": "https://openalex.org/W2741809807",
    "doi": "https://doi.org/10.1000/WELLS",
    "title": "On <i>Wells</i>",
    "publication_date": "2026-03-04",
    "publication_year": 2026,
    "ids": {
        "openalex": "https://openalex.org/W2741809807",
        "mag": "27",
        "pmid": "https://pubmed.ncbi.nlm.nih.gov/3197",
    },
    "type": "article",
    "authorships": [
        {"author": {"display_name": "Ada Lovelace"}},
        {"author": {"display_name": None}, "raw_author_name": "É. du Châtelet"},
    ],
    "primary_location": {
        "landing_page_url": "https://doi.org/10.1000/wells",
        "source": {"display_name": "Journal of Wells"},
        "license": None,
    },
    "best_oa_location": {"pdf_url": "https://example.org/w.pdf", "license": "cc-by"},
    "locations": [
        {"landing_page_url": "https://arxiv.org/abs/2603.00001"},
        {"landing_page_url": None},
        None,
    ],
    "abstract_inverted_index": {"We": [0, 3], "dig.": [1, 4], "Deep": [2]},
    "keywords": [{"display_name": "Wells", "score": 0.5}, {"keyword": "Digging"}],
    "topics": [{"display_name": "Wells"}],
    "cited_by_count": 0,
    "is_retracted": True,
    "biblio": {"volume": "7", "issue": None},
}
CROSSREF: dict[str, Any] = {
    "DOI": "10.1000/WELLS",
    "prefix": "10.1000",
    "member": "7",
    "type": "journal-article",
    "title": ["On <i>Wells</i>"],
    "subtitle": ["And what is in them"],
    "author": [
        {"given": "Ada", "family": "Lovelace", "sequence": "first"},
        {"name": "Well Works"},
        {"given": "Martin", "family": "King", "suffix": "Jr."},
    ],
    "abstract": "<jats:title>Abstract</jats:title><jats:sec><jats:title>Aim</jats:title>"
    "<jats:p>We <jats:italic>dig</jats:italic>.</jats:p></jats:sec>"
    "<jats:p>H<jats:sub>2</jats:sub>O &lt; 5 and <jats:tex-math>\\documentclass{minimal}"
    "\\begin{document}$$x$$\\end{document}</jats:tex-math><mml:math><mml:mi>x</mml:mi></mml:math>"
    "</jats:p>",
    "issued": {"date-parts": [[2026, 3]]},
    "published-online": {"date-parts": [[2026, 3, 4]]},
    "published-print": {"date-parts": [[2026, 5, 1]]},
    "container-title": ["Journal of Wells"],
    "license": [
        {"URL": "https://example.org/tdm", "content-version": "tdm"},
        {"URL": "https://example.org/by", "content-version": "vor"},
    ],
    "link": [{"URL": "https://example.org/w.pdf", "content-type": "application/pdf"}],
    "relation": {
        "has-preprint": [{"id-type": "doi", "id": "10.48550/arXiv.2603.00001"}],
        "references": [{"id-type": "doi", "id": "10.1000/other"}],
    },
    "is-referenced-by-count": 3,
    "page": "1-12",
}
SCHOLAR: dict[str, Any] = {
    "paperId": SHA,
    "corpusId": 2154,
    "externalIds": {
        "ArXiv": "2603.00001",
        "DOI": "10.1000/WELLS",
        "PubMed": "3197",
        "MAG": "1",
        "CorpusId": 2154,
    },
    "title": "On Wells",
    "abstract": "We dig.",
    "tldr": {"model": "tldr@v2", "text": "Digging works."},
    "authors": [{"authorId": "1", "name": "Ada Lovelace"}],
    "year": 2026,
    "publicationDate": "2026-03-04",
    "journal": {"name": "Journal of Wells"},
    "venue": "",
    "fieldsOfStudy": ["Geology"],
    "s2FieldsOfStudy": [{"category": "Geology", "source": "x"}, {"category": "Engineering"}],
    "openAccessPdf": {"url": "https://example.org/w.pdf", "license": "CCBY"},
    "citationCount": 3,
    "citations": [{"paperId": "1" * 40, "title": "Other"}],
}
CSL: dict[str, Any] = {
    "id": "lovelace2026",
    "type": "article-journal",
    "title": "On Wells",
    "author": [
        {"family": "Lovelace", "given": "Ada"},
        {"family": "Beethoven", "given": "Ludwig", "non-dropping-particle": "van"},
        {"literal": "Well Works"},
    ],
    "issued": {"date-parts": [["2026", "3", 4]]},
    "container-title": "Journal of Wells",
    "DOI": "10.1000/WELLS",
    "note": "arXiv:2603.00001 [cs]\nPMID: 3197",
    "keyword": "wells, digging",
    "page": "1-12",
}


def of(values: dict[str, Any]) -> Record:
    """Return the record of a reader's values."""
    return to_record("test", values)


def names(found: Record) -> list[str]:
    """Return a record's identifiers as text."""
    return [str(each) for each in found.identifiers]


def test_a_work_of_openalex() -> None:
    """Words are put in their places; copies at arXiv and PubMed name the same work."""
    found = of(openalex.to_values(OPENALEX))

    assert names(found) == [
        "arxiv:2603.00001",
        "doi:10.1000/wells",
        "pmid:3197",
        "openalex:W2741809807",
    ]
    assert (found.title, found.abstract) == ("On Wells", "We dig. Deep We dig.")
    assert found.authors == ("Ada Lovelace", "É. du Châtelet")
    assert (found.published, found.venue) == (date(2026, 3, 4), "Journal of Wells")
    assert (found.topics, found.license) == (("wells", "digging"), "cc-by")
    assert Link(kind="pdf", url="https://example.org/w.pdf") in found.links
    assert found.status is Status.RETRACTED
    assert found.extra == {"kind": "article", "citations": 0, "volume": "7"}


def test_a_work_of_crossref() -> None:
    """The first day of publication counts, as fine as any date says; a linked preprint is it."""
    found = of(crossref.to_values(CROSSREF))

    assert names(found) == ["arxiv:2603.00001", "doi:10.1000/wells"]
    assert found.title == "On Wells: And what is in them"
    assert found.authors == ("Ada Lovelace", "Well Works", "Martin King Jr.")
    assert found.abstract == "Aim\n\nWe dig.\n\nH₂O < 5 and $$x$$"
    assert (found.published, found.precision) == (date(2026, 3, 4), Precision.DAY)
    assert (found.venue, found.license) == ("Journal of Wells", "https://example.org/by")
    assert found.extra["citations"] == 3
    assert found.status is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"updated-by": [{"type": "retraction", "DOI": "10.1000/r"}]}, id="notice"),
        pytest.param({"title": ["RETRACTED: On Wells"]}, id="title"),
        pytest.param({"title": ["[Retracted] On Wells"]}, id="title in brackets"),
    ],
)
def test_a_retracted_work_of_crossref(changes: dict[str, Any]) -> None:
    """Publishers say it in one of two ways."""
    assert of(crossref.to_values(CROSSREF | changes)).status is Status.RETRACTED


def test_a_paper_of_semantic_scholar() -> None:
    """All its names are taken; the short text is by a machine; citations are no papers of ours."""
    found = of(semantic_scholar.to_values(SCHOLAR))

    assert names(found) == [
        "arxiv:2603.00001",
        "doi:10.1000/wells",
        "pmid:3197",
        f"s2:{SHA}",
        "s2:2154",
    ]
    assert (found.abstract, found.summary, found.summary_by) == (
        "We dig.",
        "Digging works.",
        "machine",
    )
    assert (found.published, found.venue) == (date(2026, 3, 4), "Journal of Wells")
    assert found.topics == ("geology", "engineering")
    assert Link(kind="pdf", url="https://example.org/w.pdf") in found.links
    assert found.extra == {"citations": 3}


def test_a_withheld_abstract_is_said() -> None:
    """A missing abstract and a summary are two things; the summary does not take its place."""
    pdf = {"url": "", "disclaimer": "Notice: The abstract has been elided by the publisher."}

    found = of(semantic_scholar.to_values(SCHOLAR | {"abstract": None, "openAccessPdf": pdf}))

    assert (found.abstract, found.summary) == ("", "Digging works.")
    assert found.extra["abstract_withheld"] is True


def test_papers_of_data_sets_and_lists() -> None:
    """Data sets write names in lower case; citations wrap the paper."""
    small = {name.lower(): value for name, value in SCHOLAR.items() if name != "paperId"}

    assert names(of(semantic_scholar.to_values(small)))[-1] == "s2:2154"
    wrapped = {"citingPaper": SCHOLAR, "isInfluential": True}
    assert of(semantic_scholar.to_values(wrapped)) == of(semantic_scholar.to_values(SCHOLAR))


def test_a_reference_in_csl() -> None:
    """Numbers may be text, notes hold identifiers, names have particles."""
    found = of(csl.to_values(CSL))

    assert names(found) == ["arxiv:2603.00001", "doi:10.1000/wells", "pmid:3197"]
    assert found.authors == ("Ada Lovelace", "Ludwig van Beethoven", "Well Works")
    assert (found.published, found.venue) == (date(2026, 3, 4), "Journal of Wells")
    assert found.topics == ("wells", "digging")
    assert found.extra["key"] == "lovelace2026"


@pytest.mark.parametrize("name", ["local:refs/1", "specimen:wells", "title:" + "0a" * 10])
def test_names_of_ours_are_not_taken_from_files(name: str) -> None:
    """Somebody else's file must not claim a paper that only we name so."""
    assert not of(csl.to_values({"id": name, "type": "book", "title": "Wells"})).identifiers


@pytest.mark.parametrize(
    ("issued", "day"),
    [
        pytest.param({"date-parts": [[2026]]}, date(2026, 1, 1), id="year"),
        pytest.param({"date-parts": [[2026, 13, 1]]}, date(2026, 1, 1), id="month 13"),
        pytest.param({"date-parts": [[None]]}, None, id="null"),
        pytest.param({"date-parts": []}, None, id="empty"),
        pytest.param({"raw": "March 2026"}, date(2026, 3, 1), id="raw"),
        pytest.param({"literal": "n.d."}, None, id="no date"),
        pytest.param("2026", None, id="no object"),
    ],
)
def test_dates_in_parts(issued: Any, day: date | None) -> None:
    """What is no date is no reason to refuse the paper."""
    assert of(csl.to_values(CSL | {"issued": issued, "note": ""})).published == day


def test_own_exports_are_read_back(tmp_path: Path) -> None:
    """What this program writes as CSL-JSON, it reads."""
    said = record()
    paper = Paper(
        key=1,
        id=PaperId("arxiv:2603.00001"),
        identifiers=said.identifiers,
        title=said.title,
        abstract=said.abstract,
        authors=said.authors,
        published=said.published,
    )
    path = tmp_path / "papers.json"
    path.write_bytes(writer.render([paper]))

    (source,) = open_files([path])
    (found,) = source.read()

    assert isinstance(source, csl.Csl)
    assert isinstance(found, Record)
    assert set(found.identifiers) == set(said.identifiers)
    assert (found.title, found.authors, found.published) == (
        said.title,
        said.authors,
        said.published,
    )


@pytest.mark.parametrize(
    ("content", "kind", "count"),
    [
        pytest.param(
            {"meta": {"count": 1}, "results": [OPENALEX]}, openalex.OpenAlex, 1, id="page"
        ),
        pytest.param(OPENALEX, openalex.OpenAlex, 1, id="work of OpenAlex"),
        pytest.param({"status": "ok", "message": CROSSREF}, crossref.Crossref, 1, id="work"),
        pytest.param(
            {"status": "ok", "message": {"items": [CROSSREF, CROSSREF]}},
            crossref.Crossref,
            2,
            id="works",
        ),
        pytest.param({"items": [CROSSREF]}, crossref.Crossref, 1, id="public data file"),
        pytest.param(
            {"total": 1, "data": [SCHOLAR]}, semantic_scholar.SemanticScholar, 1, id="search"
        ),
        pytest.param([SCHOLAR, SCHOLAR], semantic_scholar.SemanticScholar, 2, id="batch"),
        pytest.param(
            {"data": [{"citedPaper": SCHOLAR}]},
            semantic_scholar.SemanticScholar,
            1,
            id="references",
        ),
        pytest.param([CSL], csl.Csl, 1, id="CSL"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2], ids=["one line", "pretty"])
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "packed"])
def test_a_kind_is_told_by_content(  # noqa: PLR0917
    tmp_path: Path,
    content: Any,
    kind: type,
    count: int,
    indent: int | None,
    is_packed: bool,  # noqa: FBT001
) -> None:
    """Answers are saved under any name, on one line or many."""
    data = json.dumps(content, indent=indent).encode()
    path = tmp_path / "download"
    path.write_bytes(gzip.compress(data) if is_packed else data)

    (source,) = open_files([path])

    assert isinstance(source, kind)
    assert [type(item) for item in source.read()] == [Record] * count


def test_what_is_no_paper_says_what_it_is(tmp_path: Path) -> None:
    """Unknown papers in a batch, errors, and objects without a title."""
    path = tmp_path / "batch.json"
    path.write_text(
        json.dumps([SCHOLAR, None, {"error": "Paper not found"}, {"paperId": SHA}, "x"])
        + '\n{"status": "failed", "message-type": "validation-failure", "message": []}'
    )

    reasons = [item.reason for item in open_files([path])[0].read() if isinstance(item, Fault)]

    assert reasons == [
        "null: the paper that was asked for is not known to the source",
        "the source answered with an error: Paper not found",
        "title: there is none",
        "here should be an object in {}",
        "the source answered with an error: validation-failure",
    ]


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        pytest.param([1], "expected an object", id="list"),
        pytest.param({"a": 1}, "lists of whole numbers", id="no list"),
        pytest.param({"a": ["1"]}, "lists of whole numbers", id="text"),
        pytest.param({"a": list(range(100_001))}, "more than 100,000 words", id="long"),
    ],
)
def test_an_index_that_is_none_is_refused(index: Any, reason: str) -> None:
    """The abstract must not be made up."""
    with pytest.raises(FieldError, match=reason):
        openalex.abstract(index)


@given(st.lists(st.text("abcé.", min_size=1, max_size=4), max_size=30))
def test_an_index_gives_back_its_text(words: list[str]) -> None:
    """Whatever the order of the words in the index, and however far apart their places."""
    index: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        index.setdefault(word, []).append(place * 10**9)

    assert openalex.abstract(dict(sorted(index.items()))) == " ".join(words)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(st.data())
@pytest.mark.parametrize(
    ("sample", "reader"),
    [
        pytest.param(OPENALEX, openalex.to_values, id="OpenAlex"),
        pytest.param(CROSSREF, crossref.to_values, id="Crossref"),
        pytest.param(SCHOLAR, semantic_scholar.to_values, id="Semantic Scholar"),
        pytest.param(CSL, csl.to_values, id="CSL"),
    ],
)
def test_fields_of_the_wrong_kind_break_nothing(
    sample: dict[str, Any], reader: Any, data: Any
) -> None:
    """APIs change: whatever a field holds, the work is a record or is refused with a reason."""
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(sample)), anything, max_size=4))

    found = None
    with contextlib.suppress(FieldError):
        found = of(reader(sample | changes))

    assert found is None or found.title
