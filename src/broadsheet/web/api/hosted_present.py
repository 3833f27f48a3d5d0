"""How does a paper look in the hosted site's API?"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from broadsheet.publish import work
from broadsheet.text import ids, latex
from broadsheet.web.api.hosted_models import HostedAuthor, HostedInfo, HostedItem, HostedPaper

if TYPE_CHECKING:
    from datetime import date

    from broadsheet.model import Paper

_GITHUB = ("https://github.com/", "http://github.com/", "https://www.github.com/")


def info(paper: Paper, /) -> HostedInfo:
    """Return a paper flat, with the comments that the hosted site leaves out here."""
    return HostedInfo(**_values(paper), num_comments=paper.comments)


def item(paper: Paper, /) -> HostedItem:
    """Return a paper as an item of a list.

    A client reads "published" from the inner ``publishedAt``, and "submitted" from the outer
    one, which therefore is the day on the daily list. Where the day of publication is unknown
    the outer one is left out too, or the client would take it for that.
    """
    values = _values(paper)
    outer = ["title", "summary", "upvotes", "submitted_on_daily_at", "project_page"]
    outer += ["github_repo", "github_stars", "ai_summary", "ai_keywords"]
    return HostedItem(
        paper=HostedPaper(**values),
        **{name: values[name] for name in outer},
        published_at=values["submitted_on_daily_at"] if values["published_at"] else None,
        num_comments=paper.comments,
    )


def _values(paper: Paper) -> dict[str, Any]:
    code = paper.link("code")
    repository = code if code and code.startswith(_GITHUB) else None
    is_machine = paper.summary_by == "machine"
    return {
        "id": ids.url_part(paper.id),
        "authors": [
            HostedAuthor(oid=_opaque(paper.id, place), name=name)
            for place, name in enumerate(paper.authors)
        ],
        "published_at": _stamp(paper.published),
        "submitted_on_daily_at": _stamp(paper.picked or paper.day),
        "title": work.title(paper),
        "summary": work.abstract(paper),
        "upvotes": paper.votes,
        "project_page": paper.link("project"),
        "github_repo": repository,
        "github_stars": paper.stars if repository else None,
        "ai_summary": latex.to_text(paper.summary) if is_machine and paper.summary else None,
        "ai_keywords": list(paper.topics) or None,
    }


def _opaque(paper_id: str, place: int) -> str:
    """Return 24 hexadecimal digits, the same for the same place of the same paper."""
    name = f"{paper_id}/{place}".encode("utf-8", "replace")
    return hashlib.blake2b(name, digest_size=12).hexdigest()


def _stamp(day: date | None) -> str | None:
    return f"{day.isoformat()}T00:00:00.000Z" if day else None
