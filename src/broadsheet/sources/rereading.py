"""How is a piece in quarantine read again? By the parser that could not read it.

A program that was mended meanwhile may. A form that is not in this table cannot be read again
from what was kept: a piece of a feed, an entry of a file of references, an answer that broke
off, a piece longer than quarantine keeps. Its source brings it again, or `broadsheet import`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.sources import arxiv_atom, arxiv_rss, daily_list, jsonlines, oai_pmh
from broadsheet.sources._fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from broadsheet.model import Fault, Observation, Record

    Item = Record | Observation | Fault


def reread(fault: Fault) -> Sequence[Item]:
    """Return what a piece holds now: records, or the fault that it still is.

    Raises:
        FieldError: it is still no record.
        KeyError: it has no form that is known here.
    """
    return list(_FORMS[fault.form](fault))


def _line(fault: Fault) -> Iterable[Item]:
    return [jsonlines.parse_line(fault)]


def _feed(fault: Fault) -> Iterable[Item]:
    return arxiv_rss.parse(fault.raw.encode(), where=fault.where).items


def _answer(fault: Fault) -> Iterable[Item]:
    return arxiv_atom.parse(fault.raw.encode(), where=fault.where).items


def _repository(fault: Fault) -> Iterable[Item]:
    return oai_pmh.parse(fault.raw.encode(), source=fault.source, where=fault.where).items


def _daily(fault: Fault) -> Iterable[Item]:
    return daily_list.parse(fault.raw.encode(), where=fault.where).items


_FORMS: Mapping[str, Callable[[Fault], Iterable[Item]]] = {
    jsonlines.FORM: _line,
    arxiv_rss.FORM: _feed,
    arxiv_atom.FORM: _answer,
    oai_pmh.FORM: _repository,
    daily_list.FORM: _daily,
}

__all__ = ["FieldError", "reread"]
