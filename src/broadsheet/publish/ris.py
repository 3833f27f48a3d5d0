"""Papers as RIS, as Zotero, EndNote and Mendeley read it: two-letter tags, CRLF line ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.publish import names, work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadsheet.model import Paper

MEDIA_TYPE = "application/x-research-info-systems"


def render(papers: Iterable[Paper], /, *, base_url: str = "") -> str:
    """Return one record per paper, in their order.

    With a base URL each record without another address gives the paper's page there.
    """
    return "".join(_record(paper, base_url) for paper in papers)


def _record(paper: Paper, base_url: str) -> str:
    parts = work.date_parts(paper)
    arxiv = work.arxiv_id(paper)
    url = work.outside_url(paper) or (work.page_url(paper, base_url) if base_url else "")
    is_journal = work.is_journal(paper)
    kind = ("JOUR" if is_journal else "CPAPER") if paper.venue else "UNPB"
    # "DA  - YYYY/MM/DD/": the slashes stay where a part is unknown.
    stamp = "/".join([f"{part:02d}" for part in parts] + [""] * (4 - len(parts)))
    fields = [
        ("TI", work.title(paper)),
        *(("AU", names.split(name).inverted) for name in paper.authors),
        ("PY", f"{parts[0]:04d}" if parts else ""),
        ("DA", stamp if parts else ""),
        ("JO" if is_journal else "T2", paper.venue),
        ("AB", work.abstract(paper)),
        *(("KW", topic) for topic in paper.topics),
        ("DO", work.doi(paper) or ""),
        ("AN", f"arXiv:{arxiv}" if arxiv else ""),
        ("PB", "arXiv" if arxiv and not paper.venue else ""),
        ("UR", url),
        ("L1", paper.link("pdf") or ""),
        ("N1", work.note(paper)),
    ]
    lines = [f"{tag}  - {folded}" for tag, value in fields if (folded := " ".join(value.split()))]
    return "\r\n".join([f"TY  - {kind}", *lines, "ER  - ", "", ""])
