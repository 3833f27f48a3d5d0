"""Papers as CSL-JSON 1.0.2, which citeproc, Pandoc and Zotero read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from broadsheet.publish import names, work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadsheet.model import Paper

MEDIA_TYPE = "application/vnd.citationstyles.csl+json"


def render(papers: Iterable[Paper], /, *, base_url: str = "") -> bytes:
    """Return the papers as one JSON array in UTF-8; a lone surrogate becomes "?"."""
    items = [item(paper, base_url=base_url) for paper in papers]
    return json.dumps(items, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def item(paper: Paper, /, *, base_url: str = "") -> dict[str, Any]:
    """Return one paper as a CSL item; unknown values are left out."""
    parts = work.date_parts(paper)
    arxiv = work.arxiv_id(paper)
    url = work.outside_url(paper) or (work.page_url(paper, base_url) if base_url else "")
    kind = "article"  # what CSL calls a preprint
    if paper.venue:
        kind = "article-journal" if work.is_journal(paper) else "paper-conference"
    values: dict[str, Any] = {
        "id": paper.id,
        "type": kind,
        "title": work.title(paper),
        "author": [_name(author) for author in paper.authors],
        "issued": {"date-parts": [list(parts)]} if parts else None,
        "container-title": paper.venue,
        "publisher": "arXiv" if arxiv and not paper.venue else "",
        "number": f"arXiv:{arxiv}" if arxiv else "",
        "version": str(paper.version or ""),
        "DOI": work.doi(paper),
        "URL": url,
        "abstract": work.abstract(paper),
        "keyword": ", ".join(paper.topics),
        "note": work.note(paper),
    }
    return {name: value for name, value in values.items() if value}


def _name(author: str) -> dict[str, str]:
    name = names.split(author)
    if not name.given:
        return {"literal": name.family}
    return {"family": name.family, "given": name.given}
