"""PubMed's E-utilities on loopback: esearch and efetch, with the history server between them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from tests.servers.http import Asked, Said, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCTYPE = (
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2026//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_260101.dtd">'
)
FIELDS = frozenset({"Title", "All Fields", "Journal", "Publication Type", "Text Word"})


@dataclass(frozen=True)
class Citation:
    """A citation as PubMed knows it."""

    pmid: int
    title: str
    added: date
    changed: date | None = None  # None: when it was added
    doi: str = ""
    abstract: str = "We dig wells and measure how deep they are."
    journal: str = "Journal of wells"
    retracted_in: int | None = None  # the PMID of the notice


@dataclass
class PubMed:
    """What PubMed holds, and the results that wait on the history server."""

    citations: list[Citation] = field(default_factory=list)
    most: int = 9_999  # citations that can be fetched of one search
    results: dict[str, list[Citation]] = field(default_factory=dict)
    searches: int = 0
    server: Server | None = None

    def expire(self) -> None:
        """Empty the history server, as happens after some hours."""
        self.results.clear()

    def answer(self, asked: Asked) -> Said:
        """Answer a request to either program."""
        if asked.path.endswith("/esearch.fcgi"):
            return self._search(asked.params)
        if asked.path.endswith("/efetch.fcgi"):
            return self._fetch(asked.params)
        return Said(status=404)

    def _search(self, params: dict[str, str]) -> Said:
        term = params.get("term", "")
        if not term:
            return _json({"ERROR": "Empty term and query_key - nothing todo"})
        first, last = (_day(params[name]) for name in ("mindate", "maxdate"))
        is_changed = params.get("datetype") == "mdat"
        words = term.partition("[")[0].lower().split()
        found = [
            one
            for one in sorted(self.citations, key=lambda one: -one.pmid)
            if first <= ((is_changed and one.changed) or one.added) <= last
            and all(word in one.title.lower() for word in words)
        ]
        unknown = term.partition("[")[2].rstrip("]")
        errors = [unknown] if unknown and unknown not in FIELDS else []
        self.searches += 1
        env = f"MCID_{self.searches:08x}"
        if params.get("usehistory") == "y" and found:
            self.results[env] = found
        return _json(
            {
                "count": str(len(found)),
                "retmax": params.get("retmax", "20"),
                "retstart": "0",
                "querykey": "1",
                "webenv": env,
                "idlist": [],
                "translationset": [],
                "querytranslation": f"{term}\t[All Fields]",
                "errorlist": {"phrasesnotfound": [], "fieldsnotfound": errors},
            }
        )

    def _fetch(self, params: dict[str, str]) -> Said:
        found = self.results.get(params.get("WebEnv", ""))
        if found is None:
            return _error("Unable to obtain query #1", status=400)
        start, limit = int(params.get("retstart", 0)), int(params.get("retmax", 20))
        if start >= min(len(found), self.most):
            return _error(
                f"Cannot retrieve history data: OUT OF RANGE. Parameter retstart={start}",
                status=400,
            )
        articles = "".join(map(_article, found[start : start + limit]))
        body = f'<?xml version="1.0" ?>\n{DOCTYPE}\n<PubmedArticleSet>{articles}</PubmedArticleSet>'
        return Said(body=body.encode(), headers={"Content-Type": "text/xml; charset=UTF-8"})


def _day(value: str) -> date:
    year, month, day = map(int, value.split("/"))
    return date(year, month, day)


def _json(result: dict[str, Any]) -> Said:
    header = {"type": "esearch", "version": "0.3"}
    body = json.dumps({"header": header, "esearchresult": result})
    return Said(body=body.replace("\\t", "\t").encode(), headers={"Content-Type": "text/json"})


def _error(text: str, *, status: int) -> Said:
    body = (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eEfetchResult PUBLIC '
        '"-//NLM//DTD efetch 20131226//EN" "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/'
        f'20131226/efetch.dtd">\n<eFetchResult>\n\t<ERROR>{escape(text)}</ERROR>\n</eFetchResult>'
    )
    return Said(status=status, body=body.encode())


def _article(one: Citation) -> str:
    changed = one.changed or one.added
    kinds = "<PublicationType>Journal Article</PublicationType>"
    notice = ""
    if one.retracted_in:
        kinds += "<PublicationType>Retracted Publication</PublicationType>"
        notice = (
            '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>'
            f"J Wells. 2026;7:9</RefSource><PMID>{one.retracted_in}</PMID></CommentsCorrections>"
            "</CommentsCorrectionsList>"
        )
    doi = f'<ArticleId IdType="doi">{escape(one.doi)}</ArticleId>' if one.doi else ""
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">{one.pmid}</PMID>'
        f"<DateRevised><Year>{changed:%Y}</Year><Month>{changed:%m}</Month>"
        f"<Day>{changed:%d}</Day></DateRevised><Article><Journal><JournalIssue><PubDate>"
        f"<Year>{one.added:%Y}</Year><Month>{one.added:%b}</Month></PubDate></JournalIssue>"
        f"<Title>{escape(one.journal)}</Title></Journal>"
        f"<ArticleTitle>{escape(one.title)}.</ArticleTitle>"
        f"<Abstract><AbstractText>{escape(one.abstract)}</AbstractText></Abstract>"
        "<AuthorList><Author><LastName>Lovelace</LastName><ForeName>Ada</ForeName></Author>"
        f"</AuthorList><PublicationTypeList>{kinds}</PublicationTypeList></Article>{notice}"
        f'</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="pubmed">{one.pmid}'
        f"</ArticleId>{doi}</ArticleIdList></PubmedData></PubmedArticle>"
    )


@contextmanager
def pubmed() -> Iterator[PubMed]:
    """Run PubMed on loopback."""
    held = PubMed()
    with serving(held.answer) as server:
        held.server = server
        yield held


def settings(server: Server) -> dict[str, str]:
    """Return the environment of an instance that reads PubMed there."""
    return {
        "BROADSHEET_SOURCES": "pubmed:wells",
        "BROADSHEET_PUBMED_API_URL": f"{server.url}/entrez/eutils",
    }
