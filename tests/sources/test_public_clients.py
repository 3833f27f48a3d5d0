"""The servers of these tests, read by the clients that people use against the real services.

Our own readers and our own servers could agree with each other and with nobody else. Each test
lets a published client, unmodified, list what a server holds: its pages, its single answers and
its refusals must be what the client knows from the real one. bioRxiv, ChemRxiv and the ACL
Anthology have no client that is light enough to be installed for this.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import arxiv as arxiv_client
import habanero
import openreview as openreview_client
import pyalex
import pytest
import requests
import semanticscholar
import sickle
from Bio import Entrez
from habanero.exceptions import RequestError
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
from semanticscholar.SemanticScholarException import BadQueryParametersException
from sickle.oaiexceptions import (
    BadResumptionToken,
    CannotDisseminateFormat,
    IdDoesNotExist,
    NoRecordsMatch,
)
from tenacity import RetryError

from tests.servers import daily
from tests.servers.arxiv import Arxiv, Preprint, arxiv
from tests.servers.crossref import Crossref
from tests.servers.http import Said, Server, serving
from tests.servers.hub import COMMIT, hub, sized
from tests.servers.openalex import OpenAlex
from tests.servers.openreview import VENUE, OpenReview
from tests.servers.pubmed import Citation, PubMed, pubmed
from tests.servers.repository import Article, Repository, repository
from tests.servers.semantic_scholar import SemanticScholar

if TYPE_CHECKING:
    from collections.abc import Iterator

entrez: Any = Entrez  # it has no types
DAY = date(2026, 3, 4)
NUMBERS = range(1, 6)
TITLES = [f"On gravity wells, part {number}" for number in NUMBERS]


# --- arXiv, by arxiv.py and by sickle --------------------------------------------------------


@pytest.fixture
def preprints() -> Iterator[Arxiv]:
    """ArXiv, with five papers of which one has two versions."""
    with arxiv() as held:
        for number, title in zip(NUMBERS, TITLES, strict=True):
            first = datetime(2026, 3, 2, number, tzinfo=UTC)
            held.add(Preprint(f"2603.0000{number}", title, DAY, versions=(first,)))
        held.revise("2603.00001", comment="9 pages & a map")
        yield held


def _arxiv_client(held: Arxiv, **options: Any) -> arxiv_client.Client:
    assert held.server is not None
    client = arxiv_client.Client(delay_seconds=0, num_retries=0, **options)
    client.query_url_format = f"{held.server.url}/api/query?{{}}"
    return client


def test_arxiv_py_pages_through_the_query_api(preprints: Arxiv) -> None:
    """Total, start and page size mean to it what they mean at export.arxiv.org."""
    search = arxiv_client.Search(
        "cat:cs.AI",
        sort_by=arxiv_client.SortCriterion.SubmittedDate,
        sort_order=arxiv_client.SortOrder.Descending,
    )

    found = list(_arxiv_client(preprints, page_size=2).results(search))

    assert [one.title for one in found] == TITLES[::-1]
    assert [one.published.hour for one in found] == list(NUMBERS)[::-1]
    assert {one.primary_category for one in found} == {"cs.AI"}
    assert [str(author) for author in found[0].authors] == ["Ada Lovelace", "Émilie du Châtelet"]


def test_arxiv_py_reads_one_paper_by_its_name(preprints: Arxiv) -> None:
    """Its version, dates, comment and links are where the client looks for them."""
    (found,) = _arxiv_client(preprints).results(arxiv_client.Search(id_list=["2603.00001"]))

    assert found.get_short_id() == "2603.00001v2"
    assert (found.published, found.updated) == preprints.papers["2603.00001"].versions
    assert found.comment == "9 pages & a map"
    assert found.summary == "We dig wells and measure how deep they are."
    assert found.pdf_url == "http://arxiv.org/pdf/2603.00001v2"


def test_arxiv_py_knows_the_faults_of_the_query_api(preprints: Arxiv) -> None:
    """A 429 without Retry-After, and a page that is empty for no reason: its two known faults."""
    assert preprints.server is not None
    client, search = _arxiv_client(preprints, page_size=2), arxiv_client.Search("cat:cs.AI")

    preprints.server.faults = [Said(status=429, body=b"Rate exceeded.")]
    with pytest.raises(arxiv_client.HTTPError) as refused:
        list(client.results(search))
    results = client.results(search)
    first = [next(results), next(results)]
    preprints.server.faults = [Said(body=b"<feed xmlns='http://www.w3.org/2005/Atom'/>")]
    with pytest.raises(arxiv_client.UnexpectedEmptyPageError):
        next(results)

    assert refused.value.status == 429
    assert len(first) == 2


def test_sickle_harvests_arxiv_raw(preprints: Arxiv) -> None:
    """The repository's pages, sets and versions, as harvesters read them from arXiv."""
    assert preprints.server is not None
    harvester = sickle.Sickle(f"{preprints.server.url}/oai")

    found = list(harvester.ListRecords(metadataPrefix="arXivRaw", set="cs:cs:AI"))

    assert [one.metadata["title"] for one in found] == [[title] for title in TITLES]
    assert found[0].header.identifier == "oai:arXiv.org:2603.00001"
    assert found[0].header.datestamp == "2026-03-04"
    assert len(found[0].metadata["version"]) == 2


# --- any OAI-PMH repository, by sickle -------------------------------------------------------


@pytest.fixture
def archive() -> Iterator[Repository]:
    """A repository with five articles, one of them deleted, in pages of two."""
    with repository() as held:
        for number, title in zip(NUMBERS, TITLES, strict=True):
            held.add(Article(number, title, day=f"2026-03-0{number}", is_deleted=number == 2))
        yield held


def _harvester(held: Repository) -> sickle.Sickle:
    assert held.server is not None
    return sickle.Sickle(f"{held.server.url}/oai")


def test_sickle_harvests_a_repository(archive: Repository) -> None:
    """Tokens are followed to the end, and a deleted record has a header and nothing more."""
    harvester = _harvester(archive)

    found = list(harvester.ListRecords(metadataPrefix="oai_dc"))
    since = list(harvester.ListIdentifiers(metadataPrefix="oai_dc", **{"from": "2026-03-04"}))

    assert [one.header.deleted for one in found] == [number == 2 for number in NUMBERS]
    assert [one.metadata["title"] for one in found if not one.deleted] == [
        [title] for number, title in zip(NUMBERS, TITLES, strict=True) if number != 2
    ]
    assert [one.identifier for one in since] == ["oai:wells.example:4", "oai:wells.example:5"]


def test_sickle_learns_what_a_repository_is(archive: Repository) -> None:
    """Its name, formats and sets, and one record by name."""
    harvester = _harvester(archive)

    assert harvester.Identify().repositoryName == "Wells"
    assert harvester.Identify().granularity == "YYYY-MM-DD"
    assert [one.metadataPrefix for one in harvester.ListMetadataFormats()] == ["oai_dc"]
    assert [one.setSpec for one in harvester.ListSets()] == ["articles"]
    record = harvester.GetRecord(identifier="oai:wells.example:3", metadataPrefix="oai_dc")
    assert record.metadata["identifier"] == ["https://doi.org/10.1000/wells.3"]


def test_sickle_knows_the_refusals_of_a_repository(archive: Repository) -> None:
    """Each of the protocol's errors is the exception that harvesters catch."""
    harvester = _harvester(archive)

    with pytest.raises(NoRecordsMatch):
        harvester.ListRecords(metadataPrefix="oai_dc", **{"from": "2027-01-01"})
    with pytest.raises(BadResumptionToken):
        harvester.ListRecords(resumptionToken="stale")  # no secret
    with pytest.raises(CannotDisseminateFormat):
        harvester.ListRecords(metadataPrefix="marc")
    with pytest.raises(IdDoesNotExist):
        harvester.GetRecord(identifier="oai:wells.example:9", metadataPrefix="oai_dc")


# --- OpenAlex, by pyalex ---------------------------------------------------------------------


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAlex]:
    """OpenAlex, with five works; pyalex, whose address is fixed, finds it on loopback."""
    held = OpenAlex()
    for number in NUMBERS:
        held.add(number)

    class ToLoopback(requests.adapters.HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
            assert request.url is not None
            request.url = request.url.replace("https://api.openalex.org", server.url)
            return super().send(request, *args, **more)

    def session() -> requests.Session:
        made = requests.Session()
        made.mount("https://", ToLoopback())
        return made

    with serving(held.answer) as server:
        monkeypatch.setattr(pyalex.api, "_get_requests_session", session)
        monkeypatch.setitem(pyalex.config, "api_key", "sesame")
        yield held


def test_pyalex_pages_through_works(works: OpenAlex) -> None:
    """Cursors lead it to the end, and the words of an abstract come in their order."""
    query = pyalex.Works().filter(type="article", primary_topic={"field": {"id": 17}})

    pages = list(query.paginate(per_page=2))

    assert [one["title"] for page in pages for one in page] == TITLES
    assert [len(page) for page in pages] == [2, 2, 1, 0]  # an empty page says that it is the end
    assert pages[0].meta["count"] == len(TITLES)
    assert pages[0][0]["abstract"] == "We dig wells."


def test_pyalex_follows_a_work_that_was_merged(works: OpenAlex) -> None:
    """A name that is gone leads to the work that took its papers over."""
    works.merged["W9"] = "W1003"

    assert pyalex.Works()["W1003"]["title"] == TITLES[2]
    assert pyalex.Works()["W9"]["id"] == "https://openalex.org/W1003"


def test_pyalex_knows_the_refusals_of_openalex(
    works: OpenAlex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filter and a key that nobody knows, and an allowance that is spent."""
    with pytest.raises(pyalex.api.QueryError, match="wells is not a valid field"):
        pyalex.Works().filter(wells=1).get()
    works.left = 0
    with pytest.raises(requests.HTTPError, match="429"):
        pyalex.Works().filter(type="article").get()
    monkeypatch.setitem(pyalex.config, "api_key", "wrong")
    with pytest.raises(requests.HTTPError, match="401"):
        pyalex.Works().filter(type="article").get()


# --- Crossref, by habanero -------------------------------------------------------------------


@pytest.fixture
def registry() -> Iterator[habanero.Crossref]:
    """Habanero, led to a Crossref with five works."""
    held = Crossref()
    for number in NUMBERS:
        held.add(number)
    with serving(held.answer) as server:
        yield habanero.Crossref(base_url=server.url, mailto="ada@example.org")


def test_habanero_scrolls_through_works(registry: habanero.Crossref) -> None:
    """One cursor, moved on by each use, until all that were counted have come."""
    pages = registry.works(
        filter={"type": "journal-article", "from_created_date": "2026-03-01"},
        cursor="*",
        limit=2,
        cursor_max=100,
    )

    found = [work for page in pages for work in page["message"]["items"]]
    assert [work["title"] for work in found] == [[title] for title in TITLES]
    assert {page["message"]["total-results"] for page in pages} == {len(TITLES)}


def test_habanero_asks_for_words_and_for_one_work(registry: habanero.Crossref) -> None:
    """Without a cursor it gets a page, and a DOI gets one work or a plain 404."""
    page = registry.works(query="gravity wells", limit=2, offset=3)["message"]
    work = registry.works(ids="10.1000/wells.3")["message"]

    assert [one["DOI"] for one in page["items"]] == ["10.1000/wells.4", "10.1000/wells.5"]
    assert "next-cursor" not in page
    assert work["title"] == [TITLES[2]]
    with pytest.raises(Exception, match="404 Not Found"):
        registry.works(ids="10.1000/none")


def test_habanero_knows_the_refusals_of_crossref(registry: habanero.Crossref) -> None:
    """A filter that does not exist, and a cursor that was forgotten."""
    with pytest.raises(RequestError, match="there is no such filter for this route"):
        registry.works(filter={"has_wells": "true"})
    with pytest.raises(RequestError, match="Cursor specified but it is invalid"):
        registry.works(cursor="forgotten", limit=2)


# --- Semantic Scholar, by semanticscholar ----------------------------------------------------


@pytest.fixture
def scholar() -> Iterator[tuple[SemanticScholar, Server]]:
    """Semantic Scholar, with five papers in pages of two."""
    held = SemanticScholar(page=2)
    for number in NUMBERS:
        held.add(number, abstract=None if number == 2 else "We dig wells.")
    with serving(held.answer) as server:
        yield held, server


def _scholar_client(server: Server, key: str = "sesame") -> Any:
    return semanticscholar.SemanticScholar(api_url=server.url, api_key=key, retry=False)


def test_semanticscholar_searches_in_bulk(scholar: tuple[SemanticScholar, Server]) -> None:
    """Tokens lead it from page to page; an abstract that is withheld is none."""
    fields = ["title", "abstract", "externalIds", "publicationDate", "authors"]

    found = list(
        _scholar_client(scholar[1]).search_paper("gravity wells", bulk=True, fields=fields)
    )

    assert [one.title for one in found] == TITLES
    assert [one.abstract is None for one in found] == [number == 2 for number in NUMBERS]
    assert found[0].externalIds["DOI"] == "10.1000/wells.1"
    assert found[0].publicationDate == datetime(2026, 3, 2)  # noqa: DTZ001  # the client's
    assert [author.name for author in found[0].authors] == ["Ada Lovelace"]


def test_semanticscholar_knows_the_refusals(scholar: tuple[SemanticScholar, Server]) -> None:
    """A field that nobody knows, a key that nobody gave out, and too many requests."""
    server = scholar[1]

    with pytest.raises(BadQueryParametersException, match="unsupported fields"):
        _scholar_client(server).search_paper("wells", bulk=True, fields=["depth"])
    with pytest.raises(PermissionError):
        _scholar_client(server, key="wrong").search_paper("wells", bulk=True, fields=["title"])
    server.faults = [Said(status=429, body=b'{"message": "Too Many Requests"}')]
    with pytest.raises(RetryError, match="ConnectionRefusedError"):
        _scholar_client(server).search_paper("wells", bulk=True, fields=["title"])


# --- OpenReview, by openreview-py ------------------------------------------------------------


@pytest.fixture
def venue() -> Iterator[tuple[OpenReview, Any]]:
    """A venue with five submissions, in pages of two, and a guest's client of it."""
    held = OpenReview()
    for number in NUMBERS:
        held.submit(number)
    with serving(held.answer) as server:
        client = openreview_client.api.OpenReviewClient(baseurl=f"{server.url}/v2", token="")
        client.limit = 2
        yield held, client


def test_openreview_py_lists_a_venue(venue: tuple[OpenReview, Any]) -> None:
    """By venue and by invitation, with the replies that everyone may read."""
    held, client = venue
    held.reply("forum0001", "Official_Review", "2026-03-02", content={"rating": {"value": 8}})
    held.reply("forum0001", "Official_Comment", "2026-03-02", readers=["chairs"])

    accepted = client.get_all_notes(content={"venueid": VENUE})
    submitted = client.get_all_notes(invitation=f"{VENUE}/-/Submission", details="replies")

    assert [note.content["title"]["value"] for note in accepted] == TITLES
    assert [note.number for note in submitted] == list(NUMBERS)
    assert [len(note.details["replies"]) for note in submitted] == [1, 0, 0, 0, 0]
    assert submitted[0].details["replies"][0]["content"]["rating"]["value"] == 8


def test_openreview_py_goes_on_after_a_note(venue: tuple[OpenReview, Any]) -> None:
    """``limit`` and ``after`` cut a list into pages, and the last of them is empty."""
    _, client = venue
    asked = {"invitation": f"{VENUE}/-/Submission", "sort": "id", "limit": 2}

    pages = [client.get_notes(**asked, after=after) for after in (None, "forum0002", "forum0005")]

    assert [[note.id for note in page] for page in pages] == [
        ["forum0001", "forum0002"],
        ["forum0003", "forum0004"],
        [],
    ]
    assert client.get_note("forum0003").content["title"]["value"] == TITLES[2]


def test_openreview_py_knows_the_refusals(venue: tuple[OpenReview, Any]) -> None:
    """An invitation that does not exist is an error with a name, not an empty list."""
    with pytest.raises(openreview_client.OpenReviewException, match="NotFoundError"):
        venue[1].get_all_notes(invitation=f"{VENUE}/-/Nothing")


# --- PubMed, by Biopython --------------------------------------------------------------------


@pytest.fixture
def citations(monkeypatch: pytest.MonkeyPatch) -> Iterator[PubMed]:
    """PubMed, with five citations; Biopython, whose address is fixed, finds it on loopback."""
    with pubmed() as held:
        held.citations = [
            Citation(number, title, DAY, doi=f"10.1000/wells.{number}")
            for number, title in zip(NUMBERS, TITLES, strict=True)
        ]
        assert held.server is not None
        server = held.server
        # The newest definition that Biopython brings along; it would fetch this year's.
        server.spoil = lambda _asked, said: Said(
            said.status, said.body.replace(b"pubmed_260101.dtd", b"pubmed_250101.dtd"), said.headers
        )

        def to_loopback(request: Request) -> Any:
            request.full_url = request.full_url.replace(
                "https://eutils.ncbi.nlm.nih.gov", server.url
            )
            return urlopen(request)  # noqa: S310  # loopback

        monkeypatch.setattr(Entrez, "urlopen", to_loopback)
        monkeypatch.setattr(Entrez, "email", "ada@example.org")
        monkeypatch.setattr(Entrez, "max_tries", 1)
        yield held


def test_biopython_searches_and_fetches(citations: PubMed) -> None:
    """The history server hands a search over to a fetch, and each element is NCBI's own."""
    asked = {"mindate": "2026/03/04", "maxdate": "2026/03/04", "datetype": "edat"}
    with entrez.esearch("pubmed", "wells", usehistory="y", retmode="json", **asked) as answer:
        # NCBI lets control characters through, and so does the server.
        found = json.load(answer, strict=False)["esearchresult"]
    history = {"WebEnv": found["webenv"], "query_key": found["querykey"]}

    with entrez.efetch("pubmed", retmode="xml", retstart=1, retmax=2, **history) as answer:
        articles = entrez.read(answer)["PubmedArticle"]

    assert found["count"] == str(len(TITLES))
    assert [one["MedlineCitation"]["Article"]["ArticleTitle"] for one in articles] == [
        f"{TITLES[3]}.",
        f"{TITLES[2]}.",
    ]
    names = {
        str(one.attributes["IdType"]): str(one)
        for one in articles[0]["PubmedData"]["ArticleIdList"]
    }
    assert names == {"pubmed": "4", "doi": "10.1000/wells.4"}


# --- the hosted daily list, by huggingface_hub -----------------------------------------------


def test_huggingface_hub_reads_the_daily_list() -> None:
    """Picks of a day in pages, with votes, comments and who may be named."""
    held = daily.Daily({DAY: [daily.entry(number) for number in NUMBERS]})
    with serving(held.answer) as server:
        api = HfApi(endpoint=server.url)
        found = list(api.list_daily_papers(date=f"{DAY}", limit=3))
        rest = list(api.list_daily_papers(date=f"{DAY}", limit=3, p=1))
        empty = list(api.list_daily_papers(date="2026-03-08"))

    assert [one.id for one in found + rest] == [f"2603.0000{number}" for number in NUMBERS]
    assert (found[0].title, found[0].upvotes, found[0].comments) == ("Well 1", 5, 2)
    assert found[0].published_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert empty == []


# --- models, by huggingface_hub ---------------------------------------------------------------


def test_the_hub_is_read_by_its_own_client(tmp_path: Path) -> None:
    """Its list, small files, large files by way of the store, and its refusals."""
    large = sized(tmp_path / "repository", 1_000)
    with hub() as held:
        held.add("ada/tiny", tmp_path / "repository")
        api = HfApi(endpoint=held.url, token=False)
        info = api.model_info("ada/tiny", revision="v1", files_metadata=True)
        assert (info.sha, info.card_data and info.card_data.license) == (COMMIT, "apache-2.0")
        sizes = {
            one.rfilename: one.lfs.size if one.lfs else one.size for one in info.siblings or ()
        }
        assert sizes == {"onnx/model.onnx": 1_000, "config.json": 18}
        got = hf_hub_download(
            "ada/tiny",
            "onnx/model.onnx",
            endpoint=held.url,
            token=False,
            local_dir=tmp_path / "theirs",
        )
        assert Path(got).read_bytes() == large
        with pytest.raises(RepositoryNotFoundError):
            api.model_info("ada/tinny")
        with pytest.raises(RevisionNotFoundError):
            api.model_info("ada/tiny", revision="v9")
        held.gated = {"ada/tiny"}
        with pytest.raises(GatedRepoError):
            api.model_info("ada/tiny")
