"""A paper as Markdown: what a person reads in a terminal, or a program feeds to a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from broadsheet.publish import work
from broadsheet.text import latex

if TYPE_CHECKING:
    from broadsheet.model import Paper

MEDIA_TYPE = "text/markdown"
_SPECIAL = re.compile(r"([\\`*_\[\]<>])")
_LINE_START = re.compile(r"^(\s*)([#+\-=>|~]|\d+(?=[.)]))", re.MULTILINE)
_SPECIMEN = "*This is a specimen, written to show how Broadsheet works. It is no real paper.*"


def render(paper: Paper, url: str, /) -> str:
    """Return the paper as CommonMark with ``$…$`` formulas; ``url`` is its page here."""
    blocks = [f"# {_inline(paper.title) or escape(work.title(paper))}"]
    if paper.is_specimen:
        blocks.append(_SPECIMEN)
    elif paper.status:
        blocks.append(f"**{escape(work.note(paper))}.**")
    if paper.authors:
        blocks.append(", ".join(escape(name) for name in paper.authors))
    blocks.append(_facts(paper))
    if paper.abstract:
        blocks += ["## Abstract", _inline(paper.abstract)]
    if paper.summary:
        by = f" (by {escape(paper.summary_by)})" if paper.summary_by else ""
        blocks += [f"## Summary{by}", _inline(paper.summary)]
    blocks += ["## Links", _links(paper, url)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def escape(text: str, /) -> str:
    """Return plain text so that Markdown shows it as it is, on one line."""
    folded = " ".join(text.split())
    return _LINE_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", folded))


def _inline(source: str) -> str:
    """Return text escaped and formulas between dollars, on one line."""
    pieces = []
    for segment in latex.segments(source):
        if segment.kind == "math" and "$" not in segment.tex and segment.tex.strip():
            pieces.append(f"${' '.join(segment.tex.split())}$")
        else:
            pieces.append(_SPECIAL.sub(r"\\\1", segment.text))
    return _LINE_START.sub(r"\1\\\2", " ".join("".join(pieces).split()))


def _facts(paper: Paper) -> str:
    facts = (
        ("Published", work.date_text(paper)),
        ("Version", str(paper.version or "")),
        ("Venue", escape(paper.venue)),
        ("Categories", ", ".join(escape(name) for name in paper.categories)),
        ("Topics", ", ".join(escape(name) for name in paper.topics)),
        ("Comment", _inline(paper.comment)),
        ("Identifiers", ", ".join(escape(str(one)) for one in paper.identifiers)),
        ("Votes", str(paper.votes or "")),
        ("Comments", str(paper.comments or "")),
    )
    return "\n".join(f"- {label}: {value}" for label, value in facts if value)


def _links(paper: Paper, url: str) -> str:
    places = [("Page", url), ("Source", work.outside_url(paper))]
    places += [(link.kind.capitalize(), link.url) for link in paper.links]
    shown: dict[str, str] = {}
    for label, place in places:
        if place:
            shown.setdefault(place, label)
    return "\n".join(f"- {escape(label)}: <{_address(place)}>" for place, label in shown.items())


def _address(url: str) -> str:
    """Percent-encode what would end an autolink early."""
    return url.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20")
