"""Papers of Semantic Scholar: its search in bulk, answers of its graph API, parts of its data sets.

Fields: https://api.semanticscholar.org/api-docs/graph. Publishers have many abstracts withheld:
then there is none, and the record says so. Data sets write names in lower case.

Without a key all the world shares one allowance, and 429 is a frequent answer; with one it is a
request per second. Nothing tells when a paper became known, so each pass reads two weeks of
publication dates again.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from broadsheet.model import Scheme
from broadsheet.sources import _entry, _json, _passes, _plan
from broadsheet.sources._entry import Names
from broadsheet.sources._json import JsonError
from broadsheet.sources._json_source import JsonSource, kept, mapping, objects, text, texts
from broadsheet.sources._passes import Page, reading_pass
from broadsheet.sources._plan import Kind

if TYPE_CHECKING:
    from datetime import date

    from broadsheet.model import Record
    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http
    from broadsheet.sources._plan import Means, Opener, Reading

NAME = "semanticscholar"
FIRST_DAYS = 30
LOOK_BACK = 14  # days of publication that each pass reads again
BULK = "/graph/v1/paper/search/bulk"
FIELDS = (
    *("paperId", "corpusId", "externalIds", "title", "abstract", "year", "venue", "journal"),
    *("publicationVenue", "publicationTypes", "publicationDate", "authors", "citationCount"),
    *("influentialCitationCount", "openAccessPdf", "fieldsOfStudy", "s2FieldsOfStudy"),
)

_IDS = (
    ("arxiv", "arXiv:", Scheme.ARXIV),
    ("acl", "acl:", Scheme.ACL),
    ("doi", "", Scheme.DOI),
    ("pubmed", "pmid:", Scheme.PMID),
    ("corpusid", "CorpusId:", Scheme.S2),
)
_WRAPPED = ("citingPaper", "citedPaper", "paper")
_WITHHELD = "elided by the publisher"


def is_semantic_scholar(item: dict[str, Any]) -> bool:
    """Tell whether an object is a paper of Semantic Scholar's, bare or in a list of citations."""
    item = _unwrapped(item)
    return not {"paperId", "corpusId", "corpusid"}.isdisjoint(item)


def to_values(item: dict[str, Any]) -> dict[str, Any]:
    """Return a paper's fields under the names of a JSON Lines record."""
    paper = {name.lower(): value for name, value in _unwrapped(item).items()}
    pdf = mapping(paper.get("openaccesspdf"))
    url = text(pdf.get("url"))
    venue = mapping(paper.get("publicationvenue")) or mapping(paper.get("journal"))
    summary = text(mapping(paper.get("tldr")).get("text"))
    said = text(paper.get("abstract"))
    return {
        **_names(paper).values(),
        "title": text(paper.get("title")),
        "authors": [
            name
            for name in (text(each.get("name")) for each in objects(paper.get("authors")))
            if name
        ],
        "text": said,
        "published": _entry.when(paper.get("publicationdate")) or _entry.when(paper.get("year")),
        "venue": text(paper.get("venue")) or text(venue.get("name")),
        "topics": _topics(paper),
        "summary": summary,
        "summary_by": "machine" if summary else "",
        "license": text(pdf.get("license")),
        "links": [{"kind": "pdf", "url": url}] if url.startswith("http") else [],
        "extra": kept(
            {
                "kind": texts(paper.get("publicationtypes")),
                "citations": paper.get("citationcount"),
                "influential_citations": paper.get("influentialcitationcount"),
                "abstract_withheld": not said and _WITHHELD in text(pdf.get("disclaimer")),
            }
        ),
    }


class SemanticScholar(JsonSource):
    """A file of Semantic Scholar's papers."""

    name = NAME

    def values(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of `to_values`."""
        return to_values(item)


def parse(data: bytes, *, where: str = "answer") -> Page:
    """Return what a page of a search holds, and the token of the next one. Never raises."""
    try:
        answer = _json.read_object(data)
    except JsonError as error:
        return Page(problem=str(error))
    if not isinstance(answer.get("data"), list):
        return Page(problem=f"the answer is no list of papers: {str(answer)[:200]}")
    items = _passes.records(answer["data"], _record, source=NAME, where=where)
    return Page(items=tuple(items), token=text(answer.get("token")))


class Search:
    """What a query in the language of the bulk search finds."""

    def __init__(self, http: Http, url: str, query: str, *, key: str) -> None:
        self._ask = partial(http.get, url.rstrip("/") + BULK)
        self._query = query
        self._headers = {"x-api-key": key} if key else {}

    def page(self, since: date | None, token: str) -> Page:
        """Return one page of papers, up to a thousand.

        Raises:
            SourceError: the API does not answer, or refuses the key or the query.
        """
        params = {"query": self._query, "fields": ",".join(FIELDS)}
        params |= {"publicationDateOrYear": f"{since}:"} if since else {}
        params |= {"token": token} if token else {}
        answer = self._ask(params=params, headers=self._headers, key="s2_key")
        return parse(answer.body, where=f"{self._query[:60]} since {since or 'ever'}")


def _record(item: dict[str, Any]) -> Record:
    """Return the record of a paper.

    Raises:
        FieldError: it is none.
    """
    return _entry.to_record(NAME, to_values(item))


def _unwrapped(item: dict[str, Any]) -> dict[str, Any]:
    """Return the paper in an element of a list of citations, references or snippets."""
    return next((mapping(item[name]) for name in _WRAPPED if name in item), item)


def _names(paper: dict[str, Any]) -> Names:
    names = Names()
    names.add(f"s2:{text(paper.get('paperid'))}")
    names.add(f"CorpusId:{text(paper.get('corpusid'))}")
    given = {name.lower(): value for name, value in mapping(paper.get("externalids")).items()}
    for name, label, scheme in _IDS:
        if value := text(given.get(name)):
            names.add(label + value, only=(scheme, Scheme.ARXIV))
    return names


def _topics(paper: dict[str, Any]) -> list[str]:
    fields = texts(paper.get("fieldsofstudy"))
    return fields + [text(each.get("category")) for each in objects(paper.get("s2fieldsofstudy"))]


def _prepare(means: Means, name: str) -> Opener:
    def opened(reading: Reading) -> Remote:
        settings = means.settings
        search = Search(means.http(), settings.s2_url, _plan.part(name), key=settings.s2_key)
        return reading_pass(name, search.page, reading, first_days=FIRST_DAYS, look_back=LOOK_BACK)

    return opened


KIND = Kind(
    form="s2:QUERY",
    reads="papers of Semantic Scholar that a query of its bulk search finds",
    example='s2:"retrieval augmented" +evaluation',
    prepare=_prepare,
    least=timedelta(hours=12),
)
