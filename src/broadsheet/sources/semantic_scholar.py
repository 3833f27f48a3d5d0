"""Papers of Semantic Scholar: answers of its graph API and parts of its data sets.

Fields: https://api.semanticscholar.org/api-docs/graph. Publishers have many abstracts withheld:
then there is none, and the record says so. Data sets write names in lower case.
"""

from __future__ import annotations

from typing import Any

from broadsheet.model import Scheme
from broadsheet.sources import _entry
from broadsheet.sources._entry import Names
from broadsheet.sources._json_source import JsonSource, kept, mapping, objects, text, texts

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

    name = "semanticscholar"

    def values(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of `to_values`."""
        return to_values(item)


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
