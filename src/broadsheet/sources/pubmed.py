"""Citations in PubMed's XML, as E-utilities and the baseline files give them.

Elements: https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from broadsheet.sources import _entry
from broadsheet.sources._entry import Names
from broadsheet.sources._xml_file import first, local, text, texts, within
from broadsheet.sources._xml_source import XmlSource
from broadsheet.sources.nbib import RETRACTED, without_stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

NOTICES = frozenset({"RetractionIn", "PartialRetractionIn", "ExpressionOfConcernIn"})


class PubMed(XmlSource):
    """A file of citations."""

    name = "pubmed"
    elements = frozenset({"PubmedArticle", "MedlineCitation"})

    def values(self, element: Element) -> dict[str, Any]:
        """Return the fields of `to_values`."""
        return to_values(element)


def to_values(element: Element) -> dict[str, Any]:
    """Return a citation's fields under the names of a JSON Lines record."""
    inner = next(within(element, "MedlineCitation"), element)
    article = next(within(inner, "Article"), inner)
    kinds = texts(article, "PublicationTypeList", "PublicationType")
    notices = _notices(inner)
    is_retracted = RETRACTED in kinds or any(one["kind"] == "RetractionIn" for one in notices)
    topics = texts(inner, "KeywordList", "Keyword")
    return {
        **_names(element, inner, article).values(),
        "title": without_stop(first(article, "ArticleTitle")),
        "authors": [name for name in _people(article) if name],
        "abstract": _abstract(article),
        "published": _date(article),
        "venue": first(article, "Journal", "Title"),
        "topics": topics + texts(inner, "MeshHeadingList", "MeshHeading", "DescriptorName"),
        "status": "retracted" if is_retracted else "",
        "extra": {
            "kind": kinds,
            "language": first(article, "Language"),
            "volume": first(article, "Journal", "JournalIssue", "Volume"),
            "number": first(article, "Journal", "JournalIssue", "Issue"),
            "pages": first(article, "Pagination", "MedlinePgn"),
            "notices": notices or None,
        },
    }


def _names(element: Element, inner: Element, article: Element) -> Names:
    names = Names()
    names.add(f"pmid:{first(inner, 'PMID')}")
    for each in within(article, "ELocationID"):
        if each.get("EIdType") == "doi" and each.get("ValidYN") != "N":
            names.add_doi(text(each))
    for each in within(element, "PubmedData", "ArticleIdList", "ArticleId"):
        if each.get("IdType") == "doi":
            names.add_doi(text(each))
    return names


def _notices(inner: Element) -> list[dict[str, str]]:
    """Return what was published against the paper: which notice, where, and its PMID."""
    return [
        {"kind": kind, "where": first(each, "RefSource"), "pmid": first(each, "PMID")}
        for each in within(inner, "CommentsCorrectionsList", "CommentsCorrections")
        if (kind := each.get("RefType") or "") in NOTICES
    ]


def _people(article: Element) -> Iterator[str]:
    for author in within(article, "AuthorList", "Author"):
        if author.get("ValidYN") != "N":
            given = first(author, "ForeName") or first(author, "Initials")
            parts = (given, first(author, "LastName"), first(author, "Suffix"))
            yield " ".join(part for part in parts if part) or first(author, "CollectiveName")


def _abstract(article: Element) -> str:
    """Return the abstract with a paragraph for each of its labelled parts."""
    pieces = []
    for part in within(article, "Abstract", "AbstractText"):
        label, said = part.get("Label"), " ".join(text(part).split())
        pieces.append(f"{label}: {said}" if label and said else said)
    return "\n\n".join(pieces)


def _date(article: Element) -> str:
    """Return the electronic date, else that of the issue."""
    printed = within(article, "Journal", "JournalIssue", "PubDate")
    for date in (*within(article, "ArticleDate"), *printed):
        parts = {local(part): text(part) for part in date}
        if found := _entry.when(parts.get("MedlineDate")):
            return found
        month = _entry.month(parts.get("Month"))
        digits = (parts.get("Year"), month, parts.get("Day") if month else None)
        if found := _entry.when("-".join(str(each) for each in digits if each)):
            return found
    return ""
