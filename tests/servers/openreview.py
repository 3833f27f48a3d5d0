"""OpenReview on loopback: both versions of its API, for guests and for whoever has a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.servers.http import Asked, Said, json_said

MAX_LIMIT = 1_000
VENUE = "Wells.cc/2026/Conference"


def moment(text: str) -> int:
    """Return a moment as the API gives it: milliseconds since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@dataclass
class OpenReview:
    """What OpenReview holds: notes of version 2 under ``/v2``, of version 1 under ``/v1``."""

    notes: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"v1": [], "v2": []})
    replies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by forum
    page: int = MAX_LIMIT  # notes of one answer, at most
    token: str = "sesame"  # noqa: S105  # shows all that is not for everyone
    is_challenging: bool = False  # asks for a human first

    def submit(self, number: int, **changes: Any) -> dict[str, Any]:
        """Take a submission in; ``content`` changes its fields, other names the note."""
        name = f"forum{number:04d}"
        content = {
            "title": {"value": f"On gravity wells, part {number}"},
            "authors": {"value": ["Ada Lovelace", "Émilie du Châtelet"]},
            "authorids": {"value": ["~Ada_Lovelace1", "emilie@example.org"]},
            "keywords": {"value": ["Gravity", "wells"]},
            "abstract": {"value": "We dig wells."},
            "venue": {"value": "Wells 2026 poster"},
            "venueid": {"value": VENUE},
            "pdf": {"value": f"/pdf/{number:040x}.pdf"},
            **changes.pop("content", {}),
        }
        note = {
            "id": name,
            "forum": name,
            "number": number,
            "invitations": [f"{VENUE}/-/Submission", f"{VENUE}/-/Edit"],
            "readers": ["everyone"],
            "signatures": [f"{VENUE}/Submission{number}/Authors"],
            "cdate": moment("2026-01-10T10:00"),
            "odate": moment("2026-02-01T10:00"),
            "pdate": moment("2026-03-01T10:00"),
            "mdate": moment("2026-03-01T10:00"),
            "tcdate": moment("2026-01-10T10:00"),
            "tmdate": moment("2026-03-01T10:00"),
            "license": "CC BY 4.0",
            "content": content,
        }
        self.notes["v2"] = [one for one in self.notes["v2"] if one["id"] != name]
        self.notes["v2"].append(note | changes)
        return self.notes["v2"][-1]

    def reply(self, forum: str, kind: str, day: str, **changes: Any) -> None:
        """Let somebody answer a submission: "Official_Review", "Official_Comment", "Decision"."""
        given = self.replies.setdefault(forum, [])
        note = {
            "id": f"{forum}r{len(given)}",
            "forum": forum,
            "invitations": [f"{VENUE}/Submission1/-/{kind}", f"{VENUE}/-/Edit"],
            "readers": ["everyone"],
            "cdate": moment(f"{day}T10:00"),
            "content": {},
        }
        given.append(note | changes)

    def answer(self, asked: Asked) -> Said:
        """Answer a request for notes."""
        if self.is_challenging:
            return (
                Said(302, headers={"Location": "/challenge"}) if "notes" in asked.path else _HUMAN
            )
        version, _, what = asked.path.strip("/").partition("/")
        if version not in self.notes or what != "notes":
            return Said(status=404)
        return self._notes(version, asked)

    def _notes(self, version: str, asked: Asked) -> Said:
        limit = int(asked.params.get("limit", MAX_LIMIT))
        if limit > MAX_LIMIT:
            return _error(400, "ValidationError", "limit must be at most 1000")
        sees_all = asked.headers.get("authorization") == f"Bearer {self.token}"
        found = [
            self._shown(note, asked.params, sees_all=sees_all)
            for note in self.notes[version]
            if _matches(note, asked.params) and (sees_all or "everyone" in note["readers"])
        ]
        invitation = asked.params.get("invitation", "")
        if invitation and not any(invitation in _invitations(one) for one in self.notes[version]):
            return _error(404, "NotFoundError", f"The Invitation {invitation} was not found")
        name, _, direction = asked.params.get("sort", "id").partition(":")
        found.sort(key=lambda note: (note[name], note["id"]), reverse=direction == "desc")
        if after := asked.params.get("after"):
            places = [place for place, note in enumerate(found) if note["id"] == after]
            if not places:
                return _error(400, "ValidationError", f"after: {after} is no note of this list")
            found = found[places[0] + 1 :]
        page = found[: min(limit, self.page)]
        return json_said({"notes": page, "count": len(found)})

    def _shown(
        self, note: dict[str, Any], params: dict[str, str], *, sees_all: bool
    ) -> dict[str, Any]:
        if params.get("details") != "replies":
            return note
        replies = [
            one
            for one in self.replies.get(note["id"], ())
            if sees_all or "everyone" in one["readers"]
        ]
        return note | {"details": {"replies": replies}}


_HUMAN = Said(
    body=b"<!DOCTYPE html><html>Are you human?</html>", headers={"Content-Type": "text/html"}
)


def _matches(note: dict[str, Any], params: dict[str, str]) -> bool:
    if "id" in params:
        return bool(note["id"] == params["id"])
    if "invitation" in params:
        return params["invitation"] in _invitations(note)
    venue = note["content"].get("venueid", {})
    return bool(params.get("content.venueid") == venue.get("value"))


def _invitations(note: dict[str, Any]) -> list[str]:
    return note.get("invitations") or [note["invitation"]]


def _error(status: int, name: str, message: str) -> Said:
    body = {"name": name, "message": message, "status": status, "details": {}}
    return json_said(body, status=status)


def settings(url: str) -> dict[str, str]:
    """Return the environment of an instance that reads OpenReview there."""
    return {
        "BROADSHEET_SOURCES": f"openreview:{VENUE}",
        "BROADSHEET_OPENREVIEW_URL": f"{url}/v2",
        "BROADSHEET_OPENREVIEW_V1_URL": f"{url}/v1",
    }
