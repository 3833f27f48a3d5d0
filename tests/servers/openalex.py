"""OpenAlex on loopback: its works, by filter and cursor, and one by one."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.servers.http import Asked, Said, json_said

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PAGE = 100


@dataclass
class OpenAlex:
    """What OpenAlex holds, and what it allows."""

    works: dict[str, dict[str, Any]] = field(default_factory=dict)  # by id, "W1001"
    merged: dict[str, str] = field(default_factory=dict)  # an id that is gone -> the one that is
    keys: frozenset[str] = frozenset({"sesame"})
    paid: frozenset[str] = frozenset()  # keys that may use the filters of a paid plan
    page: int = MAX_PAGE  # works of one answer, at most
    left: int = 1_000  # requests until the daily allowance is spent

    def add(self, number: int, **changes: Any) -> dict[str, Any]:
        """Take a work in, as the API gives it."""
        name = f"W100{number}"
        title = changes.get("title", f"On gravity wells, part {number}")
        work = {
            "id": f"https://openalex.org/{name}",
            "doi": f"https://doi.org/10.1000/wells.{number}",
            "title": title,
            "display_name": title,
            "publication_year": 2026,
            "publication_date": "2026-03-02",
            "ids": {"openalex": f"https://openalex.org/{name}"},
            "type": "article",
            "is_retracted": False,
            "cited_by_count": number,
            "authorships": [{"author": {"display_name": "Ada Lovelace"}}],
            "abstract_inverted_index": {"We": [0], "dig": [1], "wells.": [2]},
            "created_date": "2026-03-02",
            "updated_date": "2026-03-02T05:00:00.000000",
        }
        self.works[name] = work | changes
        return self.works[name]

    def answer(self, asked: Asked) -> Said:
        """Answer a request for works."""
        key = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if key and key not in self.keys:
            return _error(401, "Unauthorized", "this API key is not known")
        if asked.path.startswith("/works/"):
            return self._one(asked.path.removeprefix("/works/"))
        if asked.path != "/works":
            return Said(
                status=404, body=b"<h1>Not Found</h1>", headers={"Content-Type": "text/html"}
            )
        if self.left <= 0:
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "54000"}
            return _error(429, "Too Many Requests", "the daily budget is spent", headers)
        self.left -= 1
        return self._list(asked.params, key)

    def _one(self, name: str) -> Said:
        if name in self.merged:
            return Said(status=301, headers={"Location": f"/works/{self.merged[name]}"})
        if name not in self.works:
            return _error(404, "Not Found", f"Work {name} not found")
        return json_said(self.works[name])

    def _list(self, params: dict[str, str], key: str) -> Said:
        size = int(params.get("per-page", "25"))
        if not 1 <= size <= MAX_PAGE:
            return _error(400, "Invalid query parameters error.", "per-page must be from 1 to 100")
        found = list(self.works.values())
        for part in params.get("filter", "").split(","):
            name, _, value = part.partition(":")
            if name in {"from_created_date", "from_updated_date"} and key not in self.paid:
                return _error(403, "Plan upgrade required", f"{name} needs a paid plan")
            test = _FILTERS.get(name)
            if test is None:
                return _error(
                    400, "Invalid query parameters error.", f"{name} is not a valid field"
                )
            found = [work for work in found if test(work, value)]
        cursor = params.get("cursor", "*")
        start = 0 if cursor == "*" else int(base64.b64decode(cursor))
        page = found[start : start + min(size, self.page)]
        after = start + len(page)
        following = base64.b64encode(str(after).encode()).decode() if page else None
        meta = {"count": len(found), "per_page": size, "next_cursor": following}
        body = {"meta": meta, "results": page, "group_by": []}
        return json_said(body, headers={"X-RateLimit-Remaining": str(self.left)})


_FILTERS = {
    "type": lambda work, value: work["type"] == value,
    "primary_topic.field.id": lambda work, value: str(work.get("field", 17)) == value,
    "from_publication_date": lambda work, value: work["publication_date"] >= value,
    "from_created_date": lambda work, value: work["created_date"] >= value,
    "from_updated_date": lambda work, value: work["updated_date"] >= value,
}


def _error(status: int, error: str, message: str, headers: Mapping[str, str] | None = None) -> Said:
    return json_said({"error": error, "message": message}, status=status, headers=headers)


def settings(url: str) -> dict[str, str]:
    """Return the environment of an instance that reads OpenAlex there."""
    return {
        "BROADSHEET_SOURCES": "openalex:primary_topic.field.id:17,type:article",
        "BROADSHEET_OPENALEX_URL": url,
        "BROADSHEET_OPENALEX_KEY": "sesame",
    }
