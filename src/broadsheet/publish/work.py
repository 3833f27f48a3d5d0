"""What do all formats say of a paper? The values that they share, in plain text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from broadsheet.model import Precision, Scheme
from broadsheet.text import ids, latex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadsheet.model import Paper

_PATH_SAFE = "/:@!$'()*,;=~"  # RFC 3986 pchar without "&" and "+", which forms read otherwise
_JOURNAL = re.compile(
    r"\b(journal|transactions|letters|annals|bulletin|nature|science|proceedings of the national"
    r"|review|reviews|magazine|tacl|jmlr|tmlr|jair|tpami|pnas)\b",
    re.IGNORECASE,
)


def title(paper: Paper, /) -> str:
    """Return the title as readable Unicode on one line; never empty."""
    readable = " ".join(latex.to_text(paper.title).split())
    return readable or " ".join(paper.title.split()) or paper.id or "Untitled"


def headline(paper: Paper, /) -> str:
    """Return the title behind what a reader must know first: "Retracted: A title"."""
    warning = "Specimen" if paper.is_specimen else (paper.status or "").capitalize()
    return f"{warning}: {title(paper)}" if warning else title(paper)


def note(paper: Paper, /) -> str:
    """Return what whoever cites a paper must know of it; empty for nearly every one."""
    if paper.is_specimen:
        return "Specimen: no real paper"
    if paper.status is None:
        return ""
    return f"{paper.status.capitalize()}, according to {paper.status_by}"


def abstract(paper: Paper, /) -> str:
    """Return the abstract as readable Unicode; empty when there is none."""
    return latex.to_text(paper.abstract).strip()


def path(paper: Paper, /) -> str:
    """Return the path of the paper's page, percent-encoded: ``/papers/2401.01234``."""
    return "/papers/" + quote(ids.url_part(paper.id), safe=_PATH_SAFE, errors="replace")


def page_url(paper: Paper, base_url: str, /) -> str:
    """Return the address of the paper's page under a base without final slash."""
    return base_url + path(paper)


def identifier(paper: Paper, scheme: Scheme, /) -> str | None:
    """Return the paper's identifier of this scheme, without version; the first of several."""
    return next((one.value for one in paper.identifiers if one.scheme is scheme), None)


def arxiv_id(paper: Paper, /) -> str | None:
    """Return the arXiv id without version."""
    return identifier(paper, Scheme.ARXIV)


def doi(paper: Paper, /) -> str | None:
    """Return the DOI."""
    return identifier(paper, Scheme.DOI)


def outside_url(paper: Paper, /) -> str | None:
    """Return where the paper itself is: its abstract page, its DOI, its PDF, or None."""
    if link := paper.link("abstract"):
        return link
    if arxiv := arxiv_id(paper):
        return f"https://arxiv.org/abs/{arxiv}"
    if name := doi(paper):
        return f"https://doi.org/{quote(name, safe=_PATH_SAFE, errors='replace')}"
    return paper.link("doi") or paper.link("pdf")


def date_parts(paper: Paper, /) -> tuple[int, ...]:
    """Return year, month, day of publication, as many of them as are known."""
    if paper.published is None:
        return ()
    day = paper.published
    known = {Precision.DAY: 3, Precision.MONTH: 2, Precision.YEAR: 1}[paper.precision]
    return (day.year, day.month, day.day)[:known]


def date_text(paper: Paper, /, *, separator: str = "-") -> str:
    """Return the date of publication as far as known: "2026-03-04", "2026-03", "2026", ""."""
    parts = date_parts(paper)
    widths = (4, 2, 2)
    return separator.join(f"{part:0{width}d}" for part, width in zip(parts, widths, strict=False))


def is_journal(paper: Paper, /) -> bool:
    """Tell whether the venue sounds like a journal; any other venue counts as a conference."""
    return bool(_JOURNAL.search(paper.venue))


def unique(values: Iterable[str], /) -> list[str]:
    """Return the values without empty ones and repetitions, in their order."""
    return [value for value in dict.fromkeys(values) if value]
