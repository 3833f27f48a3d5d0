"""Crossref on loopback: works by filter or words, with cursors that move on and are forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.servers.http import Asked, Said, json_said

MAX_ROWS = 1_000


@dataclass
class Crossref:
    """What Crossref holds, and where its open cursors are."""

    works: dict[str, dict[str, Any]] = field(default_factory=dict)  # by DOI
    rows: int = MAX_ROWS  # works of one answer, at most
    rate: tuple[str, str] = ("50", "1s")  # so many requests, in so much time
    cursors: dict[str, int] = field(default_factory=dict)  # scrolls: each use moves them on

    def add(self, number: int, **changes: Any) -> dict[str, Any]:
        """Take a work in, as the API gives it."""
        doi = str(changes.get("DOI", f"10.1000/wells.{number}"))
        work = {
            "DOI": doi,
            "prefix": doi.partition("/")[0],
            "member": "98",
            "type": "journal-article",
            "title": [f"On gravity wells, part {number}"],
            "author": [{"given": "Ada", "family": "Lovelace"}],
            "abstract": "<jats:title>Abstract</jats:title><jats:p>We dig <jats:italic>wells"
            "</jats:italic>.</jats:p>",
            "container-title": ["Journal of Wells"],
            "issued": {"date-parts": [[2026, 3, 2]]},
            "created": {"date-time": "2026-03-02T10:00:00Z", "date-parts": [[2026, 3, 2]]},
            "indexed": {"date-time": "2026-03-02T12:00:00Z", "date-parts": [[2026, 3, 2]]},
            "publisher": "Wells & Sons",
            "is-referenced-by-count": number,
        }
        self.works[doi] = work | changes
        return self.works[doi]

    def touch(self, doi: str, day: str, **changes: Any) -> None:
        """Change a work on a day."""
        self.works[doi] |= {"indexed": {"date-time": f"{day}T12:00:00Z"}, **changes}

    def answer(self, asked: Asked) -> Said:
        """Answer a request for works."""
        if asked.path.startswith("/works/"):
            work = self.works.get(unquote(asked.path.removeprefix("/works/")))
            if work is None:
                return Said(404, b"Resource not found.", {"Content-Type": "text/plain"})
            return self._message("work", work)
        if asked.path != "/works":
            return Said(status=404, body=b"Resource not found.")
        return self._list(asked.params)

    def _list(self, params: dict[str, str]) -> Said:
        rows = int(params.get("rows", "20"))
        if not 0 <= rows <= MAX_ROWS:
            return _failure(
                400, "integer-not-valid", f"Integer specified as {rows} but must be ..."
            )
        found = list(self.works.values())
        for part in filter(None, params.get("filter", "").split(",")):
            name, _, value = part.partition(":")
            test = _FILTERS.get(name)
            if test is None:
                said = f"Filter '{name}' specified but there is no such filter for this route."
                return _failure(400, "filter-not-available", said)
            found = [work for work in found if test(work, value)]
        words = params.get("query", "").casefold().split()
        found = [
            work
            for work in found
            if set(words) <= set(" ".join(work["title"]).casefold().replace(",", " ").split())
        ]
        cursor = params.get("cursor")
        if cursor == "*":
            cursor = f"scroll{len(self.cursors) + 1}"
            self.cursors[cursor] = 0
        if cursor is not None and cursor not in self.cursors:
            return _failure(404, "cursor-invalid", "Cursor specified but it is invalid")
        start = self.cursors[cursor] if cursor else int(params.get("offset", "0"))
        wanted = params["select"].split(",") if "select" in params else None
        page = found[start : start + min(rows, self.rows)]
        items = [{name: work[name] for name in wanted or work if name in work} for work in page]
        listed: dict[str, Any] = {"total-results": len(found), "items": items}
        if cursor:
            self.cursors[cursor] = start + len(page)
            listed["next-cursor"] = cursor
        return self._message("work-list", listed)

    def _message(self, kind: str, message: Any) -> Said:
        body = {
            "status": "ok",
            "message-type": kind,
            "message-version": "1.0.0",
            "message": message,
        }
        rates = {"X-Rate-Limit-Limit": self.rate[0], "X-Rate-Limit-Interval": self.rate[1]}
        return json_said(body, headers=rates)


_FILTERS = {
    "type": lambda work, value: work["type"] == value,
    "prefix": lambda work, value: work["prefix"] == value,
    "from-created-date": lambda work, value: work["created"]["date-time"][:10] >= value,
    "until-created-date": lambda work, value: work["created"]["date-time"][:10] <= value,
    "from-index-date": lambda work, value: work["indexed"]["date-time"][:10] >= value,
    "until-index-date": lambda work, value: work["indexed"]["date-time"][:10] <= value,
}


def _failure(status: int, kind: str, said: str) -> Said:
    message = [{"type": kind, "value": "", "message": said}]
    body = {"status": "failed", "message-type": "validation-failure", "message": message}
    return json_said(body, status=status)


def settings(url: str) -> dict[str, str]:
    """Return the environment of an instance that reads Crossref there."""
    return {
        "BROADSHEET_SOURCES": "crossref:type:journal-article,prefix:10.1000",
        "BROADSHEET_CROSSREF_URL": url,
        "BROADSHEET_CONTACT_EMAIL": "ada@example.org",
    }
