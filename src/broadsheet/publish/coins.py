"""What does a reference manager find in the body of a page? COinS: OpenURL 1.0 in a span.

Format: ANSI/NISO Z39.88-2004, ``info:ofi/fmt:kev:mtx:journal``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from broadsheet.publish import names, work

if TYPE_CHECKING:
    from broadsheet.model import Paper


def title(paper: Paper, /) -> str:
    """Return the ``title`` attribute of ``<span class="Z3988">``; the template escapes its "&"."""
    genre = "preprint"
    if paper.venue:
        genre = "article" if work.is_journal(paper) else "proceeding"
    pairs = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:journal"),
        ("rft.genre", genre),
        ("rft.atitle", work.title(paper)),
        ("rft.jtitle", paper.venue or ("arXiv" if work.arxiv_id(paper) else "")),
        ("rft.date", work.date_text(paper)),
    ]
    if paper.authors:
        first = names.split(paper.authors[0])
        pairs += [("rft.aulast", first.family), ("rft.aufirst", first.given)]
    pairs += [("rft.au", name) for name in paper.authors]
    if doi := work.doi(paper):
        pairs.append(("rft_id", f"info:doi/{doi}"))
    if arxiv := work.arxiv_id(paper):
        pairs.append(("rft_id", f"info:arxiv/{arxiv}"))
    if url := work.outside_url(paper):
        pairs.append(("rft_id", url))
    return urlencode([(name, value) for name, value in pairs if value], errors="replace")
