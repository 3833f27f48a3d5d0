"""Semantic Scholar on loopback: its search in bulk, with tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.servers.http import Asked, Said, json_said

_KNOWN = frozenset(
    {
        *("paperId", "corpusId", "externalIds", "title", "abstract", "year", "venue", "journal"),
        *("publicationVenue", "publicationTypes", "publicationDate", "authors", "citationCount"),
        *("influentialCitationCount", "openAccessPdf", "fieldsOfStudy", "s2FieldsOfStudy", "url"),
    }
)


@dataclass
class SemanticScholar:
    """What Semantic Scholar holds."""

    papers: dict[str, dict[str, Any]] = field(default_factory=dict)  # by paperId
    page: int = 1_000  # papers of one answer
    keys: frozenset[str] = frozenset({"sesame"})
    forgotten: set[str] = field(default_factory=set)  # tokens

    def add(self, number: int, **changes: Any) -> dict[str, Any]:
        """Take a paper in, as the API gives it."""
        name = f"{number:040x}"
        paper = {
            "paperId": name,
            "corpusId": 9000 + number,
            "externalIds": {"DOI": f"10.1000/wells.{number}", "CorpusId": 9000 + number},
            "title": f"On gravity wells, part {number}",
            "abstract": "We dig wells.",
            "year": 2026,
            "venue": "Journal of Wells",
            "publicationDate": "2026-03-02",
            "authors": [{"authorId": "1", "name": "Ada Lovelace"}],
            "citationCount": number,
            "openAccessPdf": {"url": "", "status": None, "license": None, "disclaimer": ""},
            "s2FieldsOfStudy": [{"category": "Physics", "source": "s2-fos-model"}],
        }
        self.papers[name] = paper | changes
        return self.papers[name]

    def answer(self, asked: Asked) -> Said:
        """Answer a search."""
        key = asked.headers.get("x-api-key", "")
        if key and key not in self.keys:
            return json_said({"message": "Forbidden"}, status=403)
        if asked.path != "/graph/v1/paper/search/bulk":
            return json_said({"error": "Not found"}, status=404)
        fields = asked.params.get("fields", "paperId,title").split(",")
        if unknown := [name for name in fields if name not in _KNOWN]:
            return json_said(
                {"error": f"Unrecognized or unsupported fields: [{unknown[0]}]"}, status=400
            )
        return self._page(asked.params, fields)

    def _page(self, params: dict[str, str], fields: list[str]) -> Said:
        since = params.get("publicationDateOrYear", ":").partition(":")[0]
        words = params.get("query", "").casefold().replace('"', " ").split()
        found = [
            paper
            for name, paper in sorted(self.papers.items())
            if (paper["publicationDate"] or f"{paper['year']}") >= since
            and all(word in str(paper).casefold() for word in words)
        ]
        token = params.get("token", "")
        if token in self.forgotten:
            return json_said({"error": "Invalid or expired token"}, status=400)
        start = int(token.removeprefix("TOKEN")) if token else 0
        page = found[start : start + self.page]
        after = start + len(page)
        following = f"TOKEN{after}" if after < len(found) else None
        shown = [{name: paper.get(name) for name in ("paperId", *fields)} for paper in page]
        return json_said({"total": len(found), "token": following, "data": shown})


def settings(url: str) -> dict[str, str]:
    """Return the environment of an instance that reads Semantic Scholar there."""
    return {
        "BROADSHEET_SOURCES": "s2:gravity wells",
        "BROADSHEET_S2_URL": url,
        "BROADSHEET_S2_KEY": "sesame",
    }
