"""A test collection in the BEIR layout: ``corpus.jsonl`` with ``_id``, ``title`` and ``text``.

Its ids count within its folder only: ``local:scifact/4983``. A document without a title is
called by the first words of its text, and ``extra`` says so.
"""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from broadsheet.model import Fault, Identifier, Precision, Record, Scheme
from broadsheet.sources import _fields, _lines
from broadsheet.sources._fields import FieldError, Fields
from broadsheet.sources.jsonlines import fault, line_problem
from broadsheet.text import normal, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from broadsheet.model import Observation

T = TypeVar("T")

CORPUS = "corpus.jsonl"
TITLE_FROM_TEXT = 120  # characters at most


class Beir:
    """A folder with a corpus, or the corpus itself; named after the folder."""

    def __init__(self, path: Path) -> None:
        self.corpus = path / CORPUS if path.is_dir() else path
        folder = normal.fold(self.corpus.absolute().parent.name)
        self._name = re.sub(r"[^a-z0-9]+", "-", folder).strip("-")[:40] or "beir"

    @property
    def name(self) -> str:
        """The folder's name in lower case."""
        return self._name

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the documents in the corpus's order; a line that is none becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        for number, line in _lines.read_lines(self.corpus):
            where = f"{self._name}/{self.corpus.name} line {number}"
            if isinstance(line, Exception):
                yield Fault(source=self._name, where=where, reason=line_problem(line))
                continue
            if line.isspace():
                continue
            try:
                yield self._record(Fields(_fields.decode(line)))
            except FieldError as error:
                yield fault(self._name, where, error, line)

    def _record(self, fields: Fields) -> Record:
        _, given = fields.take("_id")
        if not isinstance(given, (str, int)) or not (label := normal.clean(str(given))):
            raise FieldError("_id: there is none")
        title = fields.text("title", limit=_fields.MAX_TITLE)
        text = fields.paragraphs("text", limit=_fields.MAX_ABSTRACT)
        if not title and not text:
            raise FieldError("title and text: both are empty")
        authors = _or_kept(fields, "authors", fields.names) or ()
        venue = _or_kept(fields, "venue", fields.text) or ""
        in_range = partial(fields.whole, least=_fields.MIN_YEAR, most=_fields.MAX_YEAR)
        year = _or_kept(fields, "year", in_range)
        citations = _or_kept(fields, "n_citations", fields.whole)
        extra = fields.rest() | ({} if citations is None else {"citations": citations})
        if not title:
            title = sentences.gist(text, limit=TITLE_FROM_TEXT)
            extra["title_from"] = "text"
        return Record(
            source=self._name,
            source_id=label,
            title=title,
            identifiers=(Identifier(Scheme.LOCAL, f"{self._name}/{label}"),),
            abstract=text,
            authors=authors,
            venue=venue,
            published=date(year, 1, 1) if year else None,
            precision=Precision.YEAR if year else Precision.DAY,
            extra=extra,
        )


def _or_kept(fields: Fields, name: str, read: Callable[[str], T]) -> T | None:
    """Return what a field besides the text says; one that makes no sense is kept as it is.

    A collection is judged by all of its documents: none is lost for its year.
    """
    _, given = fields.take(name)
    if given is None:
        return None
    fields.put(name, given)
    try:
        return read(name)
    except FieldError:
        fields.put(name, given)
        return None
