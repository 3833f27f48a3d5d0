"""Identifiers in every form that people type."""

# ruff: noqa: RUF001  # wide and Greek letters are what is read

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from broadsheet.model import Identifier, Scheme
from broadsheet.text import ids


@pytest.mark.parametrize(
    ("typed", "name", "version"),
    [
        pytest.param("2401.01234", "arxiv:2401.01234", None, id="bare"),
        pytest.param("  2401.01234v2 ", "arxiv:2401.01234", 2, id="bare with version"),
        pytest.param("arXiv:0710.0994", "arxiv:0710.0994", None, id="label, four digits"),
        pytest.param("arXiv: 2401.01234", "arxiv:2401.01234", None, id="label and blank"),
        pytest.param("arxiv 2401.01234", "arxiv:2401.01234", None, id="word"),
        pytest.param("oai:arXiv.org:2401.01234", "arxiv:2401.01234", None, id="OAI"),
        pytest.param("arXiv:2401.01234v2 [cs.LG] 3 Jan 2024", "arxiv:2401.01234", 2, id="stamp"),
        pytest.param("cs/9902027", "arxiv:cs/9902027", None, id="old"),
        pytest.param("hep-th/9901001v2", "arxiv:hep-th/9901001", 2, id="old with version"),
        pytest.param("cs.LG/0703055", "arxiv:cs/0703055", None, id="old with subject"),
        pytest.param("MATH.GT/0309136", "arxiv:math/0309136", None, id="old in capitals"),
        pytest.param("https://arxiv.org/abs/2401.01234v3", "arxiv:2401.01234", 3, id="abs"),
        pytest.param("https://arxiv.org/pdf/2401.01234v3.pdf", "arxiv:2401.01234", 3, id="pdf"),
        pytest.param("http://www.arxiv.org/abs/cs/9902027#x", "arxiv:cs/9902027", None, id="www"),
        pytest.param("export.arxiv.org/abs/2401.01234", "arxiv:2401.01234", None, id="no scheme"),
        pytest.param("https://ar5iv.org/html/2401.01234", "arxiv:2401.01234", None, id="ar5iv"),
        pytest.param(
            "https://huggingface.co/papers/2401.01234.md",
            "arxiv:2401.01234",
            None,
            id="hosted list",
        ),
        pytest.param("<https://arxiv.org/abs/2401.01234>", "arxiv:2401.01234", None, id="mail"),
        pytest.param("10.48550/arXiv.2401.01234", "arxiv:2401.01234", None, id="arXiv DOI"),
        pytest.param(
            "https://doi.org/10.48550/arXiv.cs/9902027",
            "arxiv:cs/9902027",
            None,
            id="old arXiv DOI",
        ),
        pytest.param("10.1000/ABC.", "doi:10.1000/abc", None, id="DOI of a sentence"),
        pytest.param("doi:10.1000/X(1)Y", "doi:10.1000/x(1)y", None, id="DOI with brackets"),
        pytest.param("(doi 10.1000/x)", None, None, id="sentence"),
        pytest.param("DOI 10.1000/x)", "doi:10.1000/x", None, id="stray bracket"),
        pytest.param("https://dx.doi.org/10.1000%2Fa%20", "doi:10.1000/a", None, id="encoded"),
        pytest.param(
            "https://dl.acm.org/doi/abs/10.1145/3292500.1", "doi:10.1145/3292500.1", None, id="ACM"
        ),
        pytest.param("2020.acl-main.1", "acl:2020.acl-main.1", None, id="ACL"),
        pytest.param("p18-1001", "acl:P18-1001", None, id="old ACL"),
        pytest.param(
            "https://aclanthology.org/2020.acl-main.1.pdf",
            "acl:2020.acl-main.1",
            None,
            id="ACL pdf",
        ),
        pytest.param(
            "https://www.aclweb.org/anthology/P18-1001/", "acl:P18-1001", None, id="aclweb"
        ),
        pytest.param(
            "https://openreview.net/forum?id=rJl-abC_x&noteId=1",
            "openreview:rJl-abC_x",
            None,
            id="OR",
        ),
        pytest.param("pmid:0123", "pmid:123", None, id="PMID"),
        pytest.param("PMID: 31978945", "pmid:31978945", None, id="PMID of a reference"),
        pytest.param("PMID 31978945", "pmid:31978945", None, id="PMID without colon"),
        pytest.param("https://pubmed.ncbi.nlm.nih.gov/31/", "pmid:31", None, id="PubMed"),
        pytest.param("http://www.ncbi.nlm.nih.gov/pubmed/31", "pmid:31", None, id="old PubMed"),
        pytest.param("w2741809807", "openalex:W2741809807", None, id="OpenAlex"),
        pytest.param("openalex:W12345", "openalex:W12345", None, id="short OpenAlex"),
        pytest.param("https://openalex.org/W12345", "openalex:W12345", None, id="OpenAlex page"),
        pytest.param(
            "https://api.openalex.org/works/w12345", "openalex:W12345", None, id="OpenAlex API"
        ),
        pytest.param("AB" * 20, None, None, id="letters"),
        pytest.param("0b" * 20, f"s2:{'0b' * 20}", None, id="S2"),
        pytest.param("S2:" + "0B" * 20, f"s2:{'0b' * 20}", None, id="S2 with label"),
        pytest.param("CorpusId:2154", "s2:2154", None, id="S2 corpus"),
        pytest.param("https://api.semanticscholar.org/CorpusID:21", "s2:21", None, id="S2 API"),
        pytest.param(
            f"https://www.semanticscholar.org/paper/On-Wells/{'0b' * 20}",
            f"s2:{'0b' * 20}",
            None,
            id="S2 page",
        ),
        pytest.param(
            "https://www.semanticscholar.org/arxiv/2401.01234", "arxiv:2401.01234", None, id="S2 ax"
        ),
        pytest.param("specimen:Foo-bar", "specimen:foo-bar", None, id="specimen"),
        pytest.param("local:scifact/4983", "local:scifact/4983", None, id="local"),
        pytest.param("title:" + "0a" * 10, "title:" + "0a" * 10, None, id="title digest"),
    ],
)
def test_one_canonical_identifier_for_each_form(
    typed: str, name: str | None, version: int | None
) -> None:
    """Whatever people paste, the same paper has the same name; the version is kept apart."""
    found = ids.parse_versioned(typed)

    assert (str(found[0]), found[1]) == (name, version) if found else name is None


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="nothing"),
        pytest.param("attention", id="a word"),
        pytest.param("attention is all you need", id="a title"),
        pytest.param("2020.5", id="a number"),
        pytest.param("2413.12345", id="month 13"),
        pytest.param("2400.12345", id="month 0"),
        pytest.param("0703.1234", id="before the new ids"),
        pytest.param("2401.1234", id="a digit missing"),
        pytest.param("1412.69801", id="a digit too many"),
        pytest.param("cs/0704001", id="after the old ids"),
        pytest.param("cs/9913001", id="old month 13"),
        pytest.param("foo/9902027", id="no archive"),
        pytest.param("2401.01234v0", id="version 0"),
        pytest.param("٢٤٠١.٠١٢٣٤", id="digits of another script"),
        pytest.param("10.1000", id="half a DOI"),
        pytest.param("title:entropy", id="a search in titles"),
        pytest.param("arxiv:", id="label alone"),
        pytest.param("https://example.org/2401.01234", id="unknown host"),
        pytest.param("https://arxiv.org/list/cs.LG/new", id="a listing"),
        pytest.param("https://openreview.net/forum", id="forum without id"),
        pytest.param("ftp://arxiv.org/abs/2401.01234", id="not http"),
        pytest.param("https://[bad/abs/2401.01234", id="broken address"),
        pytest.param("local:nofolder", id="local without folder"),
        pytest.param("openreview:a b", id="openreview with blank"),
        pytest.param("acl:2020.acl-main", id="a volume"),
        pytest.param("specimen:!", id="specimen without slug"),
        pytest.param("9" * 501, id="too long"),
    ],
)
def test_what_is_no_identifier(typed: str) -> None:
    """A search must not be taken for an identifier."""
    assert ids.parse(typed) is None


def test_wide_forms_are_read() -> None:
    """Keyboards of East Asia type a wide colon and wide digits."""
    assert ids.parse("arXiv：２４０１.01234") == Identifier(Scheme.ARXIV, "2401.01234")


typed_pieces = st.lists(
    st.sampled_from(
        [
            "arxiv:",
            "10.1234/",
            "https://",
            "arxiv.org/abs/",
            "2401.01234",
            "v2",
            "doi:",
            "P18-1001",
            "acl:",
            "local:",
            "a/b",
            ".",
            ")",
            "(",
            " ",
            "title:",
            "cs/9902027",
            "[cs.LG]",
            "%2F",
        ]
    ),
    max_size=6,
).map("".join)


@given(st.text() | typed_pieces)
@example("https://doi.org/10.1/%00")
def test_what_is_read_reads_back(typed: str) -> None:
    """An identifier in a URL or a file must lead to the same paper again; nothing ever raises."""
    found = ids.parse(typed)

    assert found is None or ids.parse(str(found)) == found


@pytest.mark.parametrize(
    ("doi", "acl"),
    [
        pytest.param("10.18653/v1/2020.acl-main.1", "2020.acl-main.1", id="new"),
        pytest.param("10.3115/v1/p14-1001", "P14-1001", id="old"),
    ],
)
def test_an_acl_doi_implies_an_acl_id(doi: str, acl: str) -> None:
    """A paper met by DOI and by Anthology id is one paper."""
    identifier = Identifier(Scheme.DOI, doi)

    assert ids.implied(identifier) == (identifier, Identifier(Scheme.ACL, acl))


def test_other_identifiers_imply_only_themselves() -> None:
    """Nothing is guessed."""
    for name in ("doi:10.1000/x", "doi:10.18653/v1/nothing", "arxiv:2401.01234"):
        identifier = ids.parse(name)
        assert identifier is not None

        assert ids.implied(identifier) == (identifier,)


def test_arxiv_papers_go_by_their_bare_id_in_urls() -> None:
    """The short form is the one that people know; other schemes must be named."""
    assert ids.url_part("arxiv:2401.01234") == "2401.01234"
    assert ids.url_part("acl:2020.acl-main.1") == "acl:2020.acl-main.1"


@given(typed_pieces | st.from_regex(r"\A\d{4}\.\d{4,5}(v\d)?\Z"))
def test_a_bare_id_is_read_as_with_its_label(typed: str) -> None:
    """Files of arXiv write ids without a label; both ways name the same paper."""
    assert ids.arxiv(typed) == ids.parse(f"arXiv:{typed}")


def test_the_best_scheme_comes_first() -> None:
    """The order names the paper, so it must not depend on arrival."""
    names = [
        Identifier(Scheme.TITLE, "b" * 20),
        Identifier(Scheme.DOI, "10.1/b"),
        Identifier(Scheme.DOI, "10.1/a"),
        Identifier(Scheme.ACL, "P18-1001"),
        Identifier(Scheme.ARXIV, "2401.01234"),
    ]

    assert ids.best([*names, names[0]]) == tuple(reversed(names))


def test_titles_meet_whatever_their_spelling() -> None:
    """Case, accents, LaTeX and punctuation differ between sources of one paper."""
    one = ids.title_identifier("It\\^o's $\\alpha$-Calculus: MHC^3", 2024, "Ada Lovelace")

    assert one == ids.title_identifier("Itô's α-calculus MHC³", 2024, "Lovelace, Ada")
    assert ids.parse(str(one)) == one


def test_year_and_author_tell_titles_apart() -> None:
    """A title such as "Introduction" is not one paper."""
    names = {
        ids.title_identifier("Introduction", year, author)
        for year in (None, 2020, 2021)
        for author in (None, "A. Turing", "G. Hopper")
    }

    assert len(names) == 9
