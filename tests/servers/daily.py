"""The hosted daily list on loopback: its days."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.servers.http import Asked, Said

_JSON = {"Content-Type": "application/json; charset=utf-8"}


def entry(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a paper of the daily list as its API gives it."""
    paper: dict[str, Any] = {
        "id": f"2603.{number:05d}",
        "authors": [
            {"_id": "1", "name": "Ada Lovelace", "hidden": False},
            {"_id": "2", "name": "Nobody", "hidden": True},
        ],
        "publishedAt": "2026-03-01T00:00:00.000Z",
        "submittedOnDailyAt": "2026-03-04T00:00:00.000Z",
        "title": f"Well {number}",
        "summary": "We dig.",
        "upvotes": 5,
        "githubRepo": "https://github.com/wells/wells",
        "githubStars": 8,
        "projectPage": "https://wells.example/",
        "ai_summary": "Digging.",
        "ai_keywords": ["Wells", "digging"],
    }
    return {
        "paper": paper | changes,
        "publishedAt": paper["publishedAt"],
        "title": paper["title"],
        "numComments": 2,
    }


@dataclass
class Daily:
    """What people picked, by day: that of picking, whatever the papers' own days are."""

    days: dict[date, list[dict[str, Any]]] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Said:
        """Answer a request for a day."""
        if asked.path != "/api/daily_papers":
            return Said(status=404)
        try:
            day = date.fromisoformat(asked.params["date"])
            limit, page = int(asked.params.get("limit", "50")), int(asked.params.get("p", "0"))
        except (KeyError, ValueError):
            return _error(400, "Invalid date")
        if not 1 <= limit <= 100:
            return _error(400, "limit must be from 1 to 100")
        found = self.days.get(day, [])[page * limit : (page + 1) * limit]
        return Said(body=json.dumps(found).encode(), headers=_JSON)


def _error(status: int, said: str) -> Said:
    return Said(status=status, body=json.dumps({"error": said}).encode(), headers=_JSON)


def settings(url: str) -> dict[str, str]:
    """Return the environment of an instance that reads the list there."""
    return {"BROADSHEET_SOURCES": "daily", "BROADSHEET_DAILY_LIST_URL": url}
