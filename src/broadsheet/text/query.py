"""What is asked? The language of the search box, read without ever refusing.

Words count towards the score; ``"phrases"``, ``+words`` and words in a field must be there;
``-words`` must not; ``prefix*`` stands for every word that begins so. ``AND``, ``OR``, ``NOT``
and parentheses combine them: NOT binds closest, then AND, then OR, then what stands side by
side. Fields: ``title: abstract: venue: id:`` for words, ``author: category: topic: source: has:
year: date: since: until: after: before:`` for conditions. ``like:`` names examples, ``window:``
the last days, ``sort:`` the order. What looks like an operator but makes no sense is text.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from broadsheet.model import Clause, ClauseKind, Example, Filters, Occur, Query, Sort
from broadsheet.text import ids, latex, normal, query_fields
from broadsheet.text.query_fields import FILTER_LABELS, LINK_KINDS
from broadsheet.text.query_form import EXAMPLES, normal_form, written
from broadsheet.text.query_tokens import MAX_DEPTH, TEXT_FIELDS, Kind, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

__all__ = ["LINK_KINDS", "MAX_DEPTH", "MAX_LENGTH", "leaves", "normal_form", "parse", "parts"]

MAX_LENGTH = 1000
"""Characters of a query that are read; callers tell the reader when there were more."""

_MIN_PREFIX = 2
_SORTS = {
    "relevance": Sort.RELEVANCE,
    "date": Sort.DATE,
    "new": Sort.DATE,
    "newest": Sort.DATE,
    "votes": Sort.VOTES,
    "heat": Sort.HEAT,
    "hot": Sort.HEAT,
    "trending": Sort.HEAT,
}
_WINDOWS = ("window", "last")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """A piece, or what an operator or parentheses hold together."""

    kind: Kind  # PIECE; OPEN: parentheses; AND, OR: their operands; NOT: its one operand
    start: int
    end: int
    token: Token | None = None  # of PIECE and OPEN
    children: tuple[_Node, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What the nodes read so far mean."""

    clauses: list[Clause] = field(default_factory=list)
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    examples: list[Example] = field(default_factory=list)
    window: timedelta | None = None


def parse(text: str) -> Query:
    """Read what was typed; every string is a query.

    A word in a field (``title:entropy``) must be there. Dates: ``since:`` and ``until:``
    include the day, month or year they name, ``after:`` and ``before:`` exclude it; several
    narrow one another. When the whole text is an identifier, ``identifier`` is set and the
    text is read as words all the same, for when no such paper is here.
    """
    head = normal.clean(text[:MAX_LENGTH])
    reading = _Reading()
    for node in _nodes(head):
        _read(node, reading, head)
    words = [leaf.text for leaf in leaves(reading.clauses) if leaf.field in {None, *_READ}]
    return Query(
        text=text,
        clauses=tuple(reading.clauses),
        filters=reading.filters,
        sort=reading.sort,
        examples=tuple(dict.fromkeys(reading.examples)),
        window=reading.window,
        identifier=ids.parse(head.strip().removeprefix("id:")),
        meaning=normal.clean(latex.to_text(" ".join(words))),
    )


_READ = ("title", "abstract")  # fields whose words the encoder reads


def parts(query: Query) -> list[tuple[str, str]]:
    """Return a label, and the text without it, for each part that is more than a word."""
    head, rest = normal.clean(query.text[:MAX_LENGTH]), query.text[MAX_LENGTH:]
    found: list[tuple[str, str]] = []
    for node in _nodes(head):
        label = _label(node, head)
        if label:
            found.append(
                (label, " ".join(f"{head[: node.start]} {head[node.end :]}{rest}".split()))
            )
    return found


def leaves(clauses: Sequence[Clause], /) -> Iterator[Clause]:
    """Yield the words, phrases and prefixes that a hit may or must have, in order."""
    for clause in clauses:
        if clause.occur is Occur.NOT or clause.kind is ClauseKind.FILTER:
            continue
        if clause.kind in {ClauseKind.ALL, ClauseKind.ANY}:
            yield from leaves(clause.parts)
        else:
            yield clause


# --- structure ---


def _nodes(text: str) -> list[_Node]:
    """Return what stands side by side at the top; parentheses that hold words alone are open."""
    return list(_opened(_Parser(tokens(text)).sequence()))


def _opened(nodes: Sequence[_Node]) -> Iterator[_Node]:
    for node in nodes:
        if _is_mere(node):
            yield from _opened(node.children)
        else:
            yield node


def _is_mere(node: _Node) -> bool:
    """Tell whether these are parentheses as a writer sets them, without an operator's meaning."""
    if node.kind is not Kind.OPEN or node.token is None or node.token.sign or node.token.field:
        return False
    return all(
        child.kind in {Kind.PIECE, Kind.NOT} or (child.kind is Kind.OPEN and _is_mere(child))
        for child in node.children
    )


class _Parser:
    """Reads tokens from left to right; parentheses are paired already, and not too deep."""

    def __init__(self, found: Sequence[Token]) -> None:
        self._tokens = found
        self._place = 0

    def sequence(self) -> list[_Node]:
        """Read what stands side by side, up to a closing parenthesis."""
        nodes: list[_Node] = []
        while (token := self._peek()) and token.kind is not Kind.CLOSE:
            nodes.append(self._joined(Kind.OR))
        return nodes

    def _joined(self, operator: Kind) -> _Node:
        """Read operands with this operator between them; one alone is itself."""
        nodes = [self._operand(operator)]
        while (token := self._peek()) and token.kind is operator and self._begins(1):
            self._place += 1
            nodes.append(self._operand(operator))
        if len(nodes) == 1:
            return nodes[0]
        return _Node(kind=operator, start=nodes[0].start, end=nodes[-1].end, children=tuple(nodes))

    def _operand(self, operator: Kind) -> _Node:
        return self._joined(Kind.AND) if operator is Kind.OR else self._factor()

    def _factor(self) -> _Node:
        """Read a piece or a group, with any NOT before it; two of them take each other back."""
        start, is_negated = self._tokens[self._place].start, False
        while self._tokens[self._place].kind is Kind.NOT and self._begins(1):
            self._place += 1
            is_negated = not is_negated
        token = self._tokens[self._place]
        self._place += 1
        children: tuple[_Node, ...] = ()
        end, kind = token.end, Kind.PIECE
        if token.kind is Kind.OPEN:
            children, kind = tuple(self.sequence()), Kind.OPEN
            end = self._tokens[self._place].end
            self._place += 1
        elif token.kind is not Kind.PIECE:  # an operator without an operand is a word
            token = replace(token, kind=Kind.PIECE, value=token.value.lower())
        node = _Node(kind=kind, start=token.start, end=end, token=token, children=children)
        return _Node(kind=Kind.NOT, start=start, end=end, children=(node,)) if is_negated else node

    def _peek(self, ahead: int = 0) -> Token | None:
        place = self._place + ahead
        return self._tokens[place] if place < len(self._tokens) else None

    def _begins(self, ahead: int) -> bool:
        """Tell whether an operand begins there."""
        token = self._peek(ahead)
        return token is not None and token.kind in {Kind.PIECE, Kind.OPEN, Kind.NOT}


# --- meaning ---


def _read(node: _Node, reading: _Reading, text: str) -> None:
    """Add what a node at the top means to the reading."""
    typed = text[node.start : node.end]
    token = node.token
    if node.kind is Kind.NOT:
        token = _signed(node.children[0].token)
    if token is not None and token.kind is Kind.PIECE and _is_example(token):
        _add_example(token, reading, typed)
        return
    if node.kind is Kind.PIECE and token is not None:
        if not _is_directive(token, reading):
            clause = _clause(token)
            if clause is not None:
                reading.clauses.append(replace(clause, typed=typed))
        return
    clause = _part(node, "")
    if clause is None:
        return
    is_list = clause.kind is ClauseKind.ALL and clause.occur is Occur.MUST
    for part in clause.parts if is_list else (clause,):
        reading.clauses.append(replace(part, typed=typed))


def _signed(token: Token | None) -> Token | None:
    """Return a piece as if its sign were the opposite."""
    return replace(token, sign="" if token.sign == "-" else "-") if token else None


def _is_example(token: Token) -> bool:
    is_named = f"{token.field}:" in EXAMPLES and token.sign != "+"
    return is_named and any(map(str.isalnum, token.value))


def _add_example(token: Token, reading: _Reading, typed: str) -> None:
    reading.examples.append(
        Example(
            text=token.value,
            is_text=ids.parse(token.value) is None,
            is_wanted=token.sign != "-",
            typed=typed,
        )
    )


def _is_directive(token: Token, reading: _Reading) -> bool:
    """Tell whether the piece is no clause but a condition or an order; note it."""
    name, value = token.field, token.value
    if token.sign:
        return False
    if name == "sort" and value.lower() in _SORTS:
        reading.sort = _SORTS[value.lower()]
        return True
    if name in _WINDOWS and (span := query_fields.window(value)):
        reading.window = min(span, reading.window or span)
        return True
    filters = _narrowed(token, reading.filters)
    reading.filters = filters or reading.filters
    return filters is not None


def _narrowed(token: Token, filters: Filters) -> Filters | None:
    """Return the filters with the piece's condition; None when it names none."""
    if token.field == "author" and _is_prefix(token):
        return None
    return query_fields.narrowed(filters, token.field, token.value)


def _part(node: _Node, name: str) -> Clause | None:
    """Return the clause of a node within a group, MUST or NOT; None where there is no word.

    ``name`` is the field before parentheses around it, for pieces that name none.
    """
    if node.kind is Kind.NOT:
        return _opposite(_part(node.children[0], name))
    if node.token is not None and node.kind is Kind.PIECE:
        token = node.token if node.token.field else replace(node.token, field=name)
        clause = _clause(token)
        if clause is not None and clause.occur is Occur.SHOULD:
            clause = replace(clause, occur=Occur.MUST)
        return clause
    if node.token is not None:
        name = node.token.field or name
        made = _group(ClauseKind.ALL, _beside(node.children, name))
        return _opposite(made) if node.token.sign == "-" else made
    kind = ClauseKind.ANY if node.kind is Kind.OR else ClauseKind.ALL
    return _group(kind, [_part(child, name) for child in node.children])


def _beside(nodes: Sequence[_Node], name: str) -> list[Clause | None]:
    """Return the parts side by side within parentheses; conditions among them are one."""
    found: list[Clause | None] = []
    filters = Filters()
    for node in nodes:
        token = node.token if node.kind is Kind.PIECE else None
        if token is not None and not token.sign:
            token = token if token.field else replace(token, field=name)
            more = _narrowed(token, filters)
            if more is not None:
                filters = more
                continue
        found.append(_part(node, name))
    return [*found, _condition(filters)] if filters else found


def _group(kind: ClauseKind, made: Sequence[Clause | None]) -> Clause | None:
    """Return the group of these parts, each once; one part is itself, none is nothing."""
    found: list[Clause] = []
    for part in made:
        if part is None:
            continue
        is_same = part.kind is kind and part.occur is Occur.MUST
        found += part.parts if is_same else [part]
    once = tuple(dict.fromkeys(found))
    if len(once) <= 1:
        return once[0] if once else None
    return Clause(text="", kind=kind, occur=Occur.MUST, parts=once)


def _opposite(clause: Clause | None) -> Clause | None:
    if clause is None:
        return None
    return replace(clause, occur=Occur.MUST if clause.occur is Occur.NOT else Occur.NOT)


def _condition(filters: Filters, occur: Occur = Occur.MUST) -> Clause:
    return Clause(text="", kind=ClauseKind.FILTER, occur=occur, filters=filters)


def _clause(token: Token) -> Clause | None:
    """Return what the piece asks for; None where it has no word."""
    occur = {"-": Occur.NOT, "+": Occur.MUST}.get(token.sign)
    filters = _narrowed(token, Filters())
    if filters is not None:
        return _condition(filters, occur or Occur.MUST)
    where = "author" if _is_author_prefix(token) else TEXT_FIELDS.get(token.field)
    text = token.value
    if token.field and not where:
        text = f"{token.field}: {text}".strip() if token.is_quoted else f"{token.field}:{text}"
    if not any(map(str.isalnum, text)):
        return None
    kind = ClauseKind.PHRASE if token.is_quoted else ClauseKind.WORD
    if where == "id":
        name = ids.parse(text)
        kind = ClauseKind.WORD
        text = (
            str(name)
            if name
            else "".join(char for char in text if char.isalnum() or char in "./:-")
        )
    elif _is_prefix(token):
        kind, text = ClauseKind.PREFIX, text.rstrip("*")
    if occur is None:
        occur = Occur.MUST if where or kind is ClauseKind.PHRASE else Occur.SHOULD
    return Clause(text=text, kind=kind, occur=occur, field=where)


def _is_prefix(token: Token) -> bool:
    is_long = len(token.value.rstrip("*")) >= _MIN_PREFIX
    return not token.is_quoted and token.value.endswith("*") and is_long


def _is_author_prefix(token: Token) -> bool:
    return token.field in {"author", "au"} and _is_prefix(token)


def _label(node: _Node, text: str) -> str:
    """Return how a page names what stands there; nothing for plain words."""
    reading = _Reading()
    _read(node, reading, text)
    if reading.clauses:
        return " ".join(_clause_label(clause, node.token) for clause in reading.clauses).strip()
    if reading.examples:
        example = reading.examples[0]
        return f"{'' if example.is_wanted else 'un'}like {example.text}"
    if reading.window:
        return f"last {reading.window.days} days"
    if node.token is None or not (reading.filters or node.token.field == "sort"):
        return ""
    if reading.filters:
        return f"{FILTER_LABELS[node.token.field]} {node.token.value}"
    return f"by {reading.sort.value}"


def _clause_label(clause: Clause, token: Token | None) -> str:
    if clause == Clause(text=clause.text, typed=clause.typed):
        return ""
    if clause.filters is not None and token is not None and token.field in FILTER_LABELS:
        told = f"{FILTER_LABELS[token.field]} {token.value}"
    elif clause.filters is not None or clause.parts:
        return written(clause)
    else:
        ends = {ClauseKind.PHRASE: ("“", "”"), ClauseKind.PREFIX: ("", "…")}
        before, after = ends.get(clause.kind, ("", ""))
        told = f"{clause.field or ''} {before}{clause.text}{after}".strip()
    return f"not {told}" if clause.occur is Occur.NOT else told
