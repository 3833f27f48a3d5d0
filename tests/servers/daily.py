"""The hosted daily list on loopback: its days."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from tests.servers.http import Asked, Said, Server, json_said, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    paper |= changes
    shown = {name: paper[name] for name in ("publishedAt", "title")}
    return {"paper": paper, **shown, "numComments": 2}


@dataclass
class Daily:
    """What people picked, by day: that of picking, whatever the papers' own days are."""

    days: dict[date, list[dict[str, Any]]] = field(default_factory=dict)
    server: Server | None = None

    def pick(self, day: str, number: int, **changes: Any) -> None:
        """Put a paper on the list of a day."""
        moment = f"{day}T08:00:00.000Z"
        picked = entry(number, submittedOnDailyAt=moment, **changes)
        self.days.setdefault(date.fromisoformat(day), []).append(picked)

    def answer(self, asked: Asked) -> Said:
        """Answer a request for a day."""
        if asked.path != "/api/daily_papers":
            return Said(status=404)
        try:
            day = date.fromisoformat(asked.params["date"])
            limit, page = int(asked.params.get("limit", "50")), int(asked.params.get("p", "0"))
        except (KeyError, ValueError):
            return json_said({"error": "Invalid date"}, status=400)
        if not 1 <= limit <= 100:
            return json_said({"error": "limit must be from 1 to 100"}, status=400)
        return json_said(self.days.get(day, [])[page * limit : (page + 1) * limit])


@contextmanager
def daily() -> Iterator[Daily]:
    """Run the list on loopback."""
    held = Daily()
    with serving(held.answer) as server:
        held.server = server
        yield held


def settings(url: str) -> dict[str, str]:
    """Return the environment of an instance that reads the list there."""
    return {"BROADSHEET_SOURCES": "daily", "BROADSHEET_DAILY_LIST_URL": url}
