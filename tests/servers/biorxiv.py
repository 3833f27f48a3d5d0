"""bioRxiv and medRxiv on loopback: ``/details`` and ``/pubs``, from one list of versions."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from tests.servers.http import Asked, Said, Server, json_said, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Version:
    """One version of a preprint as the API knows it."""

    doi: str
    title: str
    posted: date
    number: int = 1
    server: str = "biorxiv"
    category: str = "neuroscience"
    authors: str = "Lovelace, A.; du Chatelet, E."
    abstract: str = "We dig wells and measure how deep they are."
    license: str = "cc_by_nc_nd"
    journal_doi: str = "NA"
    journal: str = ""
    in_print: date | None = None  # the day on which the journal published it


@dataclass
class Biorxiv:
    """What both servers hold."""

    versions: list[Version] = field(default_factory=list)
    page: int = 30  # rows of an answer to /details; /pubs gives 100
    overcount: int = 0  # rows that are counted and never shown
    is_padded: bool = True  # days as 2026-06-03, not as 2026-6-3
    server: Server | None = None

    def answer(self, asked: Asked) -> Said:
        """Answer as the API does: errors too come with status 200."""
        parts = asked.path.strip("/").split("/")
        if len(parts) not in {5, 6} or parts[0] not in {"details", "pubs"}:
            return _said([{"status": "error: unknown endpoint"}], [])
        kind, server, first, last, offset = parts[:5]
        try:
            days = date.fromisoformat(first), date.fromisoformat(last)
        except ValueError:
            return _said([{"status": "error: the interval is not valid"}], [])
        found = self._details if kind == "details" else self._pubs
        wanted = asked.params.get("category", "").replace("_", " ").lower()
        rows = [
            row
            for row in found(server, days)
            if not wanted or row.get("category", "").lower() == wanted
        ]
        size = self.page if kind == "details" else 100
        shown = rows[int(offset) : int(offset) + size]
        if not shown:
            return _said([{"status": "no posts found"}], [])
        counted = {
            "status": "ok",
            "interval": f"{first}:{last}",
            "cursor": int(offset),
            "count": len(shown),
            "total": str(len(rows) + self.overcount),
        }
        return _said([counted], shown)

    def _details(self, server: str, days: tuple[date, date]) -> list[dict[str, Any]]:
        return [
            {
                "title": one.title,
                "authors": one.authors,
                "author_corresponding": "Ada Lovelace",
                "author_corresponding_institution": "University of Wells",
                "doi": one.doi,
                "date": self._day(one.posted),
                "version": str(one.number),
                "type": "new results",
                "license": one.license,
                "category": one.category,
                "jatsxml": f"https://www.biorxiv.org/content/early/{one.doi}.source.xml",
                "abstract": one.abstract,
                "funder": "NA",
                "published": one.journal_doi,
                "server": {"biorxiv": "bioRxiv", "medrxiv": "medRxiv"}[server],
            }
            for one in sorted(self.versions, key=lambda one: one.posted)
            if one.server == server and days[0] <= one.posted <= days[1]
        ]

    def _pubs(self, server: str, days: tuple[date, date]) -> list[dict[str, Any]]:
        return [
            {
                "preprint_doi": one.doi,
                "published_doi": one.journal_doi,
                "published_journal": one.journal,
                "preprint_platform": {"biorxiv": "bioRxiv", "medrxiv": "medRxiv"}[server],
                "preprint_title": one.title,
                "preprint_authors": one.authors,
                "preprint_category": one.category,
                "preprint_date": self._day(one.posted),
                "published_date": self._day(one.in_print),
                "preprint_abstract": one.abstract,
                "preprint_author_corresponding": "Ada Lovelace",
                "preprint_author_corresponding_institution": "University of Wells",
            }
            for one in self.versions
            if one.server == server and one.in_print and days[0] <= one.in_print <= days[1]
        ]

    def _day(self, day: date) -> str:
        return day.isoformat() if self.is_padded else f"{day.year}-{day.month}-{day.day}"


def _said(messages: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Said:
    return json_said({"messages": messages, "collection": rows})


@contextmanager
def biorxiv() -> Iterator[Biorxiv]:
    """Run both servers on loopback."""
    held = Biorxiv()
    with serving(held.answer) as server:
        held.server = server
        yield held


def settings(server: Server) -> dict[str, str]:
    """Return the environment of an instance that reads them there."""
    return {"BROADSHEET_SOURCES": "biorxiv", "BROADSHEET_BIORXIV_API_URL": server.url}
