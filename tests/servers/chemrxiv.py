"""ChemRxiv on loopback: Open Engage's ``/items``, with its limits and its error bodies."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from tests.servers.http import Asked, Said, Server, json_said, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/engage/chemrxiv/public-api/v1"
MOST_SKIPPED = 10_000  # beyond it the service answers 500


@dataclass(frozen=True)
class Item:
    """The newest version of a preprint as the API knows it."""

    id: str
    doi: str
    title: str
    published: date
    version: str = "1"
    submitted: date | None = None
    abstract: str = "<p>We dig wells of CO<sub>2</sub>.</p>"
    authors: tuple[tuple[str, str], ...] = (("Ada", "Lovelace"), ("Émilie", "du Châtelet"))
    categories: tuple[str, ...] = ("Physical Chemistry",)
    origin: str = "CHEMRXIV"
    status: str = "PUBLISHED"
    journal_doi: str = ""


@dataclass
class Chemrxiv:
    """What the service holds."""

    items: list[Item] = field(default_factory=list)
    most: int = 50  # items of an answer
    server: Server | None = None

    def answer(self, asked: Asked) -> Said:
        """Answer as the API does."""
        if asked.path != f"{PATH}/items":
            return json_said({"message": "Not Found", "error": "NOT_FOUND"}, status=404)
        try:
            skip, limit = (int(asked.params.get(name, 0)) for name in ("skip", "limit"))
            days = [asked.params.get(name) for name in ("searchDateFrom", "searchDateTo")]
            first, last = (date.fromisoformat(day[:10]) if day else None for day in days)
        except ValueError as error:
            return json_said({"message": str(error), "error": "BAD_REQUEST"}, status=400)
        if limit > self.most:
            return json_said({"message": "limit must be at most 50"}, status=400)
        if skip > MOST_SKIPPED:
            return json_said({"message": "Internal Server Error"}, status=500)
        found = sorted(
            (
                one
                for one in self.items
                if (not first or one.published >= first) and (not last or one.published <= last)
            ),
            key=lambda one: one.published,
            reverse=not asked.params.get("sort", "").endswith("_ASC"),
        )
        hits = [{"item": _item(one)} for one in found[skip : skip + (limit or 10)]]
        return json_said({"totalCount": len(found), "itemHits": hits})


def _item(one: Item) -> dict[str, Any]:
    journal = {"vorDoi": one.journal_doi, "url": f"https://doi.org/{one.journal_doi}"}
    return {
        "id": one.id,
        "doi": one.doi,
        "vor": journal if one.journal_doi else None,
        "title": one.title,
        "abstract": one.abstract,
        "contentType": {"id": "6", "name": "Working Paper"},
        "categories": [{"id": "1", "name": name, "count": 7} for name in one.categories],
        "subject": {"id": "2", "name": "Chemistry"},
        "status": one.status,
        "statusDate": f"{one.published}T09:15:00.000Z",
        "authors": [
            {
                "orcid": None,
                "title": "Dr",
                "firstName": first,
                "lastName": last,
                "institutions": [{"name": "University of Wells", "country": "Wells"}],
            }
            for first, last in one.authors
        ],
        "metrics": [{"description": "Abstract Views", "value": 12}],
        "version": one.version,
        "versionRefs": [],
        "submittedDate": f"{one.submitted or one.published}T08:00:00.000Z",
        "publishedDate": f"{one.published}T09:15:00.000Z",
        "approvedDate": f"{one.published}T09:00:00.000Z",
        "keywords": ["wells", "digging"],
        "license": {"id": "1", "name": "CC BY NC 4.0", "description": "", "url": ""},
        "origin": one.origin,
        "asset": {
            "id": "7",
            "mimeType": "application/pdf",
            "fileName": "wells.pdf",
            "original": {"url": f"https://chemrxiv.org/item/{one.id}/original/wells.pdf"},
        },
    }


@contextmanager
def chemrxiv() -> Iterator[Chemrxiv]:
    """Run ChemRxiv on loopback."""
    held = Chemrxiv()
    with serving(held.answer) as server:
        held.server = server
        yield held


def settings(server: Server) -> dict[str, str]:
    """Return the environment of an instance that reads ChemRxiv there."""
    return {
        "BROADSHEET_SOURCES": "chemrxiv",
        "BROADSHEET_CHEMRXIV_API_URL": f"{server.url}{PATH}",
    }
