"""How is a query written? One text for each meaning, which is read back as the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.model import Clause, ClauseKind, Filters, Occur, Sort

if TYPE_CHECKING:
    from broadsheet.model import Query

SAFE_AFTER_SIGN = '“"'


EXAMPLES = ("like:", "similar:")
"""Prefixes of examples, which are no words where they stand at the top."""


def normal_form(query: Query, /) -> str:
    """Return the query as its own reading says it: clauses, conditions, examples, order.

    ``parse(normal_form(query))`` has the same clauses, filters, examples, window and order, apart
    from the pieces that they were typed as.
    """
    told = [written(clause) for clause in query.clauses]
    told += _conditions(query.filters)
    for example in query.examples:
        sign = "" if example.is_wanted else "-"
        told.append(f"{sign}like:{_value(example.text)}")
    if query.window:
        told.append(f"window:{query.window.days}d")
    if query.sort is not Sort.RELEVANCE:
        told.append(f"sort:{query.sort.value}")
    return " ".join(told)


def written(clause: Clause, /) -> str:
    """Return one clause as it stands at the top of a query."""
    text = _part(clause)
    is_implied = clause.field or clause.kind in {ClauseKind.PHRASE, ClauseKind.ANY, ClauseKind.ALL}
    if clause.occur is Occur.SHOULD or (clause.occur is Occur.MUST and is_implied):
        return text
    can_be_signed = text[:1].isalnum() or text[:1] in '("'
    if not can_be_signed or text.startswith(EXAMPLES):
        text = _within(f"{text} OR {text}")
    return f"-{text}" if clause.occur is Occur.NOT else f"+{text}"


def _part(clause: Clause) -> str:
    """Return a clause without its occurrence, as an operand."""
    if clause.kind in {ClauseKind.ALL, ClauseKind.ANY}:
        between = " AND " if clause.kind is ClauseKind.ALL else " OR "
        return _within(between.join(_signed(part) for part in clause.parts))
    if clause.filters is not None:
        told = _conditions(clause.filters)
        return told[0] if len(told) == 1 else _within(" ".join(told))
    text = clause.text
    if clause.kind is ClauseKind.PHRASE:
        text = f'"{text}"'
    elif clause.kind is ClauseKind.PREFIX:
        text = f"{text}*"
    return f"{clause.field}:{text}" if clause.field else text


def _within(text: str) -> str:
    """Put parentheses around, away from a word like ``O(n`` that would take the last one."""
    last = text.rpartition(" ")[2]
    return f"({text} )" if last.count("(") > last.count(")") else f"({text})"


def _signed(part: Clause) -> str:
    return f"NOT {_part(part)}" if part.occur is Occur.NOT else _part(part)


def _conditions(filters: Filters) -> list[str]:
    """Return each condition as it is typed."""
    told = []
    if filters.since and filters.until:
        told.append(f"date:{filters.since}..{filters.until}")
    elif filters.since:
        told.append(f"since:{filters.since}")
    elif filters.until:
        told.append(f"until:{filters.until}")
    for name, values in (
        ("source", filters.sources),
        ("cat", filters.categories),
        ("topic", filters.topics),
        ("author", filters.authors),
        ("has", filters.has),
    ):
        told += [f"{name}:{_value(value)}" for value in values]
    return told


def _value(text: str) -> str:
    """Return a value, quoted where it would not be read as one piece."""
    is_one = text[:1].isalnum() and not any(map(str.isspace, text)) and text[-1] not in "*)"
    return text if is_one else f'"{text}"'
