"""The hosted daily list on loopback: which papers were picked on which day."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.servers.http import Asked, Said, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Daily:
    """The entries of each day, by "2026-03-04"."""

    days: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    server: Server | None = None

    def pick(self, day: str, number: int, title: str) -> None:
        """Put a paper on the list of a day."""
        paper = {
            "id": f"2603.{number:05d}",
            "title": title,
            "summary": f"We dig well {number}.",
            "authors": [{"_id": "1", "name": "Émilie du Châtelet", "hidden": False}],
            "publishedAt": "2026-03-02T00:00:00.000Z",
            "submittedOnDailyAt": f"{day}T08:00:00.000Z",
            "upvotes": 3,
        }
        entry = {"paper": paper, "publishedAt": paper["publishedAt"], "title": title}
        self.days.setdefault(day, []).append(entry | {"numComments": 1})

    def answer(self, asked: Asked) -> Said:
        """Answer with the list of a day."""
        if asked.path != "/api/daily_papers":
            return Said(status=404)
        found = self.days.get(asked.params.get("date", ""), [])
        body = json.dumps(found[: int(asked.params.get("limit", "50"))], ensure_ascii=False)
        return Said(body=body.encode(), headers={"Content-Type": "application/json"})


@contextmanager
def daily() -> Iterator[Daily]:
    """Run the list on loopback."""
    held = Daily()
    with serving(held.answer) as server:
        held.server = server
        yield held
