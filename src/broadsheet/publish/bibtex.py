"""Papers as BibTeX, in UTF-8, for BibTeX, biber and the reference managers that read them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from broadsheet.publish import names, work
from broadsheet.text import latex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadsheet.model import Paper

MEDIA_TYPE = "application/x-bibtex"
# BibTeX counts braces even after a backslash, so "\{" would end a field early: the words for
# them are balanced.
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
}
_ESCAPE_TABLE = str.maketrans(_ESCAPES)
_WORD = re.compile(r"\S+")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SMALL_WORDS = frozenset({"a", "an", "the", "on", "of", "in", "for", "to", "towards", "and"})


def render(papers: Iterable[Paper], /, *, base_url: str = "") -> str:
    """Return one entry per paper, in their order; equal keys get "a", "b" and so on behind them.

    With a base URL each entry without another address gives the paper's page there.
    """
    taken: set[str] = set()
    entries = []
    for paper in papers:
        key = _free_key(citation_key(paper), taken)
        taken.add(key)
        entries.append(_entry(paper, key, base_url))
    return "\n".join(entries)


def citation_key(paper: Paper, /) -> str:
    """Return the usual key in ASCII: first author's family name, year, first telling word."""
    family = names.split(paper.authors[0]).family if paper.authors else ""
    words = [_ascii(word) for word in work.title(paper).split()]
    telling = next((word for word in words if word and word not in _SMALL_WORDS), "")
    return f"{_ascii(family) or 'anonymous'}{paper.year or ''}{telling}"


def escape(text: str, /) -> str:
    """Return plain text with all that TeX or BibTeX would read as a command made literal."""
    return " ".join(text.split()).translate(_ESCAPE_TABLE)


def _ascii(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", letters.lower())[:40]


def _free_key(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    number = 0
    while (key := wanted + _letters(number)) in taken:
        number += 1
    return key


def _letters(number: int) -> str:
    """Count as columns of a sheet do: a … z, aa, ab …."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _entry(paper: Paper, key: str, base_url: str) -> str:
    kind, fields = _kind(paper), _fields(paper, base_url)
    lines = [f"  {name} = {value}," for name, value in fields if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}", ""])


def _kind(paper: Paper) -> str:
    if not paper.venue:
        return "misc"
    return "article" if work.is_journal(paper) else "inproceedings"


def _fields(paper: Paper, base_url: str) -> list[tuple[str, str]]:
    parts = work.date_parts(paper)
    arxiv = work.arxiv_id(paper)
    place = "journal" if work.is_journal(paper) else "booktitle"
    url = work.outside_url(paper) or (work.page_url(paper, base_url) if base_url else "")
    primary = paper.categories[0] if arxiv and paper.categories else ""
    return [
        ("title", _braced(_title(paper))),
        ("author", _braced(" and ".join(_author(name) for name in paper.authors))),
        ("year", _braced(str(parts[0]) if parts else "")),
        ("month", _MONTHS[parts[1] - 1] if len(parts) > 1 else ""),
        (place, _braced(escape(paper.venue))),
        ("eprint", _braced(escape(arxiv or ""))),
        ("archivePrefix", _braced("arXiv" if arxiv else "")),
        ("primaryClass", _braced(escape(primary))),
        ("doi", _braced(escape(work.doi(paper) or ""))),
        ("url", _braced(_url(url))),
        ("keywords", _braced(escape(", ".join(paper.topics)))),
        ("abstract", _braced(_mixed(paper.abstract))),
        ("note", _braced(escape(work.note(paper)))),
    ]


def _braced(value: str) -> str:
    return f"{{{value}}}" if value else ""


def _url(url: str) -> str:
    """Percent-encode what would unbalance the braces; styles print the rest verbatim."""
    return url.replace("\\", "%5C").replace("{", "%7B").replace("}", "%7D").replace(" ", "%20")


def _author(name: str) -> str:
    """Keep BibTeX from splitting a group ("Foo and Bar") or a comma that is part of a name."""
    escaped = escape(name)
    if re.search(r",|\band\b", escaped, re.IGNORECASE):
        return f"{{{escaped}}}"
    return escaped


def _title(paper: Paper) -> str:
    return _mixed(paper.title, is_title=True) or escape(work.title(paper))


def _mixed(source: str, *, is_title: bool = False) -> str:
    """Return text escaped and formulas as they are; a broken formula becomes text."""
    pieces = []
    for segment in latex.segments(source):
        if segment.kind == "math" and _is_sound(segment.tex):
            pieces.append(f"${' '.join(segment.tex.split())}$")
            continue
        edge_before = " " if segment.text[:1].isspace() else ""
        edge_after = " " if segment.text[-1:].isspace() else ""
        text = " ".join(segment.text.split())
        words = _WORD.sub(_keep_capitals, text) if is_title else escape(text)
        pieces.append(edge_before + words + edge_after)
    return " ".join("".join(pieces).split())


def _keep_capitals(word: re.Match[str]) -> str:
    """Brace a word with a capital behind its first letter, which styles would make small."""
    escaped = escape(word[0])
    return f"{{{escaped}}}" if word[0][1:] != word[0][1:].lower() else escaped


def _is_sound(formula: str) -> bool:
    """Tell whether a formula keeps BibTeX's braces balanced and stays within its dollars."""
    if not formula.strip() or re.search(r"(?<!\\)[$%]|\\$", formula):
        return False
    depth = 0
    for character in formula:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0
