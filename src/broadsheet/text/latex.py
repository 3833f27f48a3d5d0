"""What does this LaTeX say? Plain readable Unicode, and the formulas for pages that draw them.

A reader of its own, not a TeX: titles and abstracts are full of broken braces, lone dollars and
commands that only their authors know. It reads from left to right once, whatever comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from broadsheet.text import symbols
from broadsheet.text.latex_writers import is_marked, math, text, tidy

MAX_LENGTH = 200_000
"""Characters that are read as LaTeX; what follows them is passed on as it is."""

MAX_INLINE = 3000
"""Characters between two dollars; more is no formula but a lost dollar."""

SUPERSCRIPTS = symbols.SUPERSCRIPTS
SUBSCRIPTS = symbols.SUBSCRIPTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of text, or one formula."""

    kind: Literal["text", "math"]
    text: str  # plain Unicode
    tex: str = ""  # the raw formula without its delimiters; empty for text
    is_display: bool = False  # a formula on a line of its own


_ENVIRONMENTS = "equation|align|gather|multline|eqnarray|displaymath|math|alignat|flalign"
_OPENERS = re.compile(  # either begins with one sign, so that the search leaps to the next
    rf"\\(?:[\\$]|(?P<paren>\()|(?P<bracket>\[)"
    rf"|begin\s?\{{(?P<environment>(?:{_ENVIRONMENTS})\*?)\}})"
    r"|\$\$?"
)
_DOLLAR = re.compile(r"(?<!\\)\$")
_MONEY = re.compile(
    r"\d[\d.,]*\s?(?:[kKMBT]\b|bn\b|million|billion|trillion|USD|per\b|and\b|to\b|or\b)?"
)
_PROSE = re.compile(r"(?:[A-Za-z]{2,}[,.;:]?\s+){2,}[A-Za-z]{2,}")
_WORD = re.compile(r"[A-Za-z]{3}")
_MATHY = re.compile(r"[\\^_{}=<>]")


def to_text(source: str) -> str:
    r"""Return the source as plain readable Unicode; never raises, in time linear in its length.

    ``MHC^3`` is ``MHC³``, ``{\'e}`` is ``é``, ``$O(n\log n)$`` is ``O(n log n)``; money, lone
    dollars, ``snake_case`` and addresses stay as they are. Commands that nobody knows lose their
    backslash. Text without LaTeX comes back unchanged.
    """
    if not is_marked(source):
        return source
    return tidy("".join(segment.text for segment in segments(source)))


def segments(source: str) -> list[Segment]:
    """Return the source as stretches of text and formulas, in order, without empty ones."""
    if not is_marked(source):
        return [Segment(kind="text", text=source)] if source else []
    head, rest = source[:MAX_LENGTH], source[MAX_LENGTH:]
    found: list[Segment] = []
    for kind, piece in _pieces(head):
        if kind == "text":
            plain = text(piece)
            if plain:
                found.append(Segment(kind="text", text=plain))
        else:
            tex = piece.strip()
            is_display = kind == "display"
            found.append(Segment(kind="math", text=math(tex), tex=tex, is_display=is_display))
    if rest:
        found.append(Segment(kind="text", text=rest))
    return found


def _pieces(source: str) -> list[tuple[str, str]]:
    """Cut the source into ("text" | "inline" | "display", content)."""
    pieces: list[tuple[str, str]] = []
    closers = _Closers(source)
    start = at = 0
    while opener := _OPENERS.search(source, at):
        found = closers.match(opener)
        if not found:
            at = opener.end()
            continue
        kind, end, after = found
        if opener.start() > start:
            pieces.append(("text", source[start : opener.start()]))
        pieces.append((kind, source[opener.end() : end]))
        start = at = after
    if start < len(source):
        pieces.append(("text", source[start:]))
    return pieces


class _Closers:
    """Finds what ends a formula; remembers what is nowhere ahead, so that time stays linear."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.missing: set[str] = set()

    def match(self, opener: re.Match[str]) -> tuple[str, int, int] | None:
        """Return (kind, end of the content, where reading goes on), or None for no formula."""
        if opener["paren"]:
            return self._find("\\)", opener.end(), kind="inline")
        if opener["bracket"]:
            return self._find("\\]", opener.end(), kind="display")
        if opener["environment"]:
            return self._find(f"\\end{{{opener['environment']}}}", opener.end(), kind="display")
        if opener[0] == "$$":
            return self._find("$$", opener.end(), kind="display")
        return self._inline(opener.end()) if opener[0] == "$" else None

    def _find(self, closer: str, at: int, *, kind: str) -> tuple[str, int, int] | None:
        if closer in self.missing:
            return None
        end = self.source.find(closer, at)
        if end < 0:
            self.missing.add(closer)
            return None
        return (kind, end, end + len(closer)) if self.source[at:end].strip() else None

    def _inline(self, at: int) -> tuple[str, int, int] | None:
        if "$" in self.missing:
            return None
        closer = _DOLLAR.search(self.source, at)
        if not closer:
            self.missing.add("$")
            return None
        content = self.source[at : closer.start()]
        is_math = len(content) <= MAX_INLINE and _is_formula(
            content, self.source[closer.end() :][:1]
        )
        return ("inline", closer.start(), closer.end()) if is_math else None


def _is_formula(content: str, following: str) -> bool:
    """Tell whether what two dollars enclose is a formula, not money or prose."""
    if not content.strip() or "\n\n" in content:
        return False
    is_loose = content[0].isspace() or content[-1].isspace()
    if _MONEY.match(content) and (following.isdigit() or content[-1].isspace()):
        return bool(_MATHY.search(content)) and not _PROSE.search(content)
    if is_loose and (_PROSE.search(content) or not (_MATHY.search(content) or _is_terse(content))):
        return False
    return not (following.isdigit() and is_loose and not _MATHY.search(content))


def _is_terse(content: str) -> bool:
    """Tell whether no word of three letters or more is in it."""
    return not _WORD.search(content)
