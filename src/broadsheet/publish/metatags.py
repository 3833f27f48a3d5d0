"""What do scholars' crawlers and Zotero read in a page's head? Highwire Press tags.

The names are those that Google Scholar's inclusion guidelines list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.publish import names, work

if TYPE_CHECKING:
    from broadsheet.model import Paper


def highwire(paper: Paper, /) -> list[tuple[str, str]]:
    """Return (name, content) of each ``<meta>``; the page's template escapes the content.

    One ``citation_author`` per author, in the paper's order. Nothing is said that is not known,
    so no content is empty.
    """
    tags = [("citation_title", work.title(paper))]
    tags += [("citation_author", names.split(name).inverted) for name in paper.authors]
    if date := work.date_text(paper, separator="/"):
        tags.append(("citation_publication_date", date))
    if paper.venue:
        is_journal = work.is_journal(paper)
        kind = "citation_journal_title" if is_journal else "citation_conference_title"
        tags.append((kind, paper.venue))
    tags += [
        (name, value)
        for name, value in (
            ("citation_arxiv_id", work.arxiv_id(paper)),
            ("citation_doi", work.doi(paper)),
            ("citation_pdf_url", paper.link("pdf")),
            ("citation_abstract", work.abstract(paper)),
            ("citation_keywords", "; ".join(paper.topics)),
        )
        if value
    ]
    return tags
