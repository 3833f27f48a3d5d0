"""The language of the search box."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import (
    Clause,
    ClauseKind,
    Filters,
    Identifier,
    Occur,
    Query,
    Scheme,
    Sort,
)
from broadsheet.text import normal, query

DAY = date.fromisoformat


@pytest.mark.parametrize(
    ("typed", "clause"),
    [
        pytest.param("gan", Clause(text="gan", typed="gan"), id="word"),
        pytest.param(
            '"deep nets"',
            Clause(text="deep nets", kind=ClauseKind.PHRASE, occur=Occur.MUST, typed='"deep nets"'),
            id="phrase",
        ),
        pytest.param(
            "“deep nets”",
            Clause(text="deep nets", kind=ClauseKind.PHRASE, occur=Occur.MUST, typed="“deep nets”"),
            id="phrase in curly quotes",
        ),
        pytest.param("-gan", Clause(text="gan", occur=Occur.NOT, typed="-gan"), id="not"),
        pytest.param("+gan", Clause(text="gan", occur=Occur.MUST, typed="+gan"), id="must"),
        pytest.param(
            "transf*", Clause(text="transf", kind=ClauseKind.PREFIX, typed="transf*"), id="prefix"
        ),
        pytest.param("a*", Clause(text="a*", typed="a*"), id="prefix too short"),
        pytest.param(
            "TI:bert",
            Clause(text="bert", occur=Occur.MUST, field="title", typed="TI:bert"),
            id="field",
        ),
        pytest.param(
            '-abs:"a b"',
            Clause(
                text="a b",
                kind=ClauseKind.PHRASE,
                occur=Occur.NOT,
                field="abstract",
                typed='-abs:"a b"',
            ),
            id="not a phrase in a field",
        ),
        pytest.param(
            "venue:acl",
            Clause(text="acl", occur=Occur.MUST, field="venue", typed="venue:acl"),
            id="venue",
        ),
        pytest.param(
            "-author:ng",
            Clause(
                text="",
                kind=ClauseKind.FILTER,
                occur=Occur.NOT,
                filters=Filters(authors=("ng",)),
                typed="-author:ng",
            ),
            id="not an author",
        ),
        pytest.param("NOT gan", Clause(text="gan", occur=Occur.NOT, typed="NOT gan"), id="NOT"),
        pytest.param("OR", Clause(text="or", typed="OR"), id="an operator of nothing"),
        pytest.param("(gan)", Clause(text="gan", typed="gan"), id="parentheses of a writer"),
        pytest.param("((gan", Clause(text="gan", typed="gan"), id="never closed"),
        pytest.param("f(x)", Clause(text="f(x)", typed="f(x)"), id="parentheses in a word"),
        pytest.param('"open', Clause(text="open", typed="open"), id="open quote"),
        pytest.param(
            "author:mann*",
            Clause(
                text="mann",
                kind=ClauseKind.PREFIX,
                occur=Occur.MUST,
                field="author",
                typed="author:mann*",
            ),
            id="the beginning of a name",
        ),
        pytest.param(
            "id:2401.01234",
            Clause(text="arxiv:2401.01234", occur=Occur.MUST, field="id", typed="id:2401.01234"),
            id="an identifier",
        ),
        pytest.param("foo:bar", Clause(text="foo:bar", typed="foo:bar"), id="unknown field"),
        pytest.param(
            "state-of-the-art",
            Clause(text="state-of-the-art", typed="state-of-the-art"),
            id="hyphens",
        ),
        pytest.param("--flag", Clause(text="--flag", typed="--flag"), id="two hyphens"),
        pytest.param("C++", Clause(text="C++", typed="C++"), id="plus at the end"),
        pytest.param("year:20x", Clause(text="year:20x", typed="year:20x"), id="no year"),
        pytest.param("has:wings", Clause(text="has:wings", typed="has:wings"), id="no kind"),
        pytest.param("sort:size", Clause(text="sort:size", typed="sort:size"), id="no order"),
        pytest.param(
            "since:2020-13", Clause(text="since:2020-13", typed="since:2020-13"), id="month 13"
        ),
        pytest.param("until:never", Clause(text="until:never", typed="until:never"), id="no date"),
        pytest.param("after:9999", Clause(text="after:9999", typed="after:9999"), id="after all"),
        pytest.param(
            "before:0001", Clause(text="before:0001", typed="before:0001"), id="before all"
        ),
        pytest.param("cat:?", Clause(text="cat:?", typed="cat:?"), id="no category"),
    ],
)
def test_a_clause(typed: str, clause: Clause) -> None:
    """Each operator means one thing; what makes no sense is text."""
    assert query.parse(typed).clauses == (clause,)


@pytest.mark.parametrize(
    ("typed", "filters"),
    [
        pytest.param('author:"Ada Lovelace"', Filters(authors=("Ada Lovelace",)), id="author"),
        pytest.param("au:ng au:ng", Filters(authors=("ng",)), id="author twice"),
        pytest.param("cat:CS.lg cat:math", Filters(categories=("cs.LG", "math")), id="categories"),
        pytest.param(
            "cat:cond-mat.STR-EL", Filters(categories=("cond-mat.str-el",)), id="long category"
        ),
        pytest.param('topic:"Deep RL"', Filters(topics=("deep rl",)), id="topic"),
        pytest.param("source:acl", Filters(sources=("acl",)), id="source"),
        pytest.param("has:Code has:data", Filters(has=("code", "data")), id="has"),
        pytest.param(
            "year:2020", Filters(since=DAY("2020-01-01"), until=DAY("2020-12-31")), id="year"
        ),
        pytest.param(
            "year:2019..2021", Filters(since=DAY("2019-01-01"), until=DAY("2021-12-31")), id="years"
        ),
        pytest.param("year:2019..", Filters(since=DAY("2019-01-01")), id="from a year"),
        pytest.param("year:..2019", Filters(until=DAY("2019-12-31")), id="to a year"),
        pytest.param(
            "date:2020-02..2020-03",
            Filters(since=DAY("2020-02-01"), until=DAY("2020-03-31")),
            id="a span",
        ),
        pytest.param("date:..2020-03-04", Filters(until=DAY("2020-03-04")), id="an open span"),
        pytest.param("since:2020-02", Filters(since=DAY("2020-02-01")), id="since includes"),
        pytest.param("after:2020-02", Filters(since=DAY("2020-03-01")), id="after excludes"),
        pytest.param("until:2020-12", Filters(until=DAY("2020-12-31")), id="until includes"),
        pytest.param("before:2020-02-29", Filters(until=DAY("2020-02-28")), id="before excludes"),
        pytest.param(
            "since:2019 since:2020 until:2022 until:2021",
            Filters(since=DAY("2020-01-01"), until=DAY("2021-12-31")),
            id="bounds narrow",
        ),
    ],
)
def test_filters(typed: str, filters: Filters) -> None:
    """Filters are conditions, not words: they leave no clause and no meaning."""
    read = query.parse(typed)

    assert (read.filters, read.clauses, read.meaning) == (filters, (), "")


@pytest.mark.parametrize(
    "typed", ["year:", "year:2021..2019", "year:20202021", "year:0000", "year:.."]
)
def test_years_that_are_none_are_text(typed: str) -> None:
    """A slip of the finger must not empty the page."""
    assert not query.parse(typed).filters


@pytest.mark.parametrize(
    ("typed", "sort"),
    [
        ("sort:date", Sort.DATE),
        ("sort:Votes", Sort.VOTES),
        ("sort:heat", Sort.HEAT),
        ("x", Sort.RELEVANCE),
    ],
)
def test_order(typed: str, sort: Sort) -> None:
    """The last word on order is typed."""
    assert query.parse(typed).sort is sort


def test_a_whole_query_may_be_an_identifier() -> None:
    """People paste ids, URLs and DOIs into the search box."""
    expected = Identifier(Scheme.ARXIV, "2401.01234")

    for typed in ("2401.01234v2", " https://arxiv.org/pdf/2401.01234 ", "id:2401.01234"):
        assert query.parse(typed).identifier == expected
    assert query.parse("about 2401.01234").identifier is None


def test_the_encoder_reads_words_without_operators() -> None:
    """What is excluded or filtered has no part in the meaning; LaTeX is read."""
    read = query.parse('deep "neural nets" -gan venue:acl title:graph* year:2020 $x^2$')

    assert read.meaning == "deep neural nets graph x²"


def test_parts_can_be_dropped_one_by_one() -> None:
    """A page shows a chip for each operator, with a link to the query without it."""
    read = query.parse('deep "neural nets" -gan transf* ti:bert cat:cs.LG sort:date has:code')

    assert [label for label, _ in query.parts(read)] == [
        "“neural nets”",
        "not gan",
        "transf…",
        "title bert",
        "category cs.LG",
        "by date",
        "with code",
    ]
    for _, rest in query.parts(read):
        assert len(query.parts(query.parse(rest))) == 6
    assert query.parts(query.parse("only words - here")) == []


def test_only_the_beginning_of_a_long_query_is_read() -> None:
    """A pasted book must not stop the search; what was typed is kept."""
    typed = "word " * 1000
    read = query.parse(typed)

    assert read.text == typed
    assert len(read.clauses) == query.MAX_LENGTH // len("word ")


pieces = st.sampled_from(
    [
        '"',
        "-",
        "+",
        "*",
        ":",
        "title:",
        "author:",
        "year:",
        "2020",
        "..",
        "since:",
        "has:code",
        "“",
        "”",
        " ",
        "a",
        "word",
        "sort:date",
        "cat:",
        "cs.LG",
        "\u202e",
        "\x00",
        "$x$",
        "id:",
        "10.1/x",
        "(",
        ")",
        " OR ",
        " AND ",
        " NOT ",
        "like:",
        "window:7d",
        "date:",
        "2020-01",
        "topic:",
        '"a b"',
        ".5",
        "深",
    ]
)


def bare(clause: Clause) -> Clause:
    """Return a clause without the piece that it was typed as."""
    return replace(clause, typed="", parts=tuple(map(bare, clause.parts)))


def told(read: Query) -> tuple[object, ...]:
    """Return all that a query means."""
    return (
        tuple(map(bare, read.clauses)),
        read.filters,
        tuple(replace(example, typed="") for example in read.examples),
        read.window,
        read.sort,
    )


@given(st.text(max_size=40) | st.lists(pieces, max_size=15).map("".join))
def test_the_normal_form_is_read_as_the_same(typed: str) -> None:
    """What a page writes for a query is that query, and is written once and for all."""
    read = query.parse(typed)
    form = query.normal_form(read)

    assert told(query.parse(form)) == told(read)
    assert query.normal_form(query.parse(form)) == form


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("a b", "a b"),
        ("a AND b", "+a +b"),
        ("a OR b AND c", "(a OR (b AND c))"),
        ("a OR b c", "(a OR b) c"),
        ("deep (a b OR c)", "deep +a (b OR c)"),
        ("-(a b)", "-(a AND b)"),
        ("NOT (a OR NOT b)", "-(a OR NOT b)"),
        ('title:(a OR "b c")', '(title:a OR title:"b c")'),
        ("cat:(cs.LG OR cs.CL)", "(cat:cs.LG OR cat:cs.CL)"),
        ("cat:cs.LG AND cat:cs.CL", "+cat:cs.LG +cat:cs.CL"),
        ("year:2020 OR has:code", "(date:2020-01-01..2020-12-31 OR has:code)"),
        ("(a OR a) OR ()", "+a"),
        ("a OR", "a or"),
        ("((a OR b)", "(a OR b)"),
        ('like:2401.01234v2 -like:"my draft"', 'like:2401.01234v2 -like:"my draft"'),
        ("window:2w sort:new", "window:14d sort:date"),
    ],
)
def test_operators(typed: str, form: str) -> None:
    """NOT binds closest, then AND, then OR, then what stands side by side."""
    assert query.normal_form(query.parse(typed)) == form


def test_hostile_queries_take_linear_time() -> None:
    """Ten megabytes of anything: only the beginning is read, and nesting has a bottom."""
    for piece in (
        "(",
        "-(",
        "NOT ",
        "((a OR ",
        '-"',
        "title:(",
        '"',
        ")",
        "a OR ",
        "like:",
        "\x00(",
    ):
        start = process_time()
        query.normal_form(query.parse(piece * (10_000_000 // len(piece))))

        assert process_time() - start < 2


@given(st.text() | st.lists(pieces, max_size=15).map("".join))
def test_every_string_is_a_query(typed: str) -> None:
    """Nothing raises; each clause names the piece that it came from."""
    read = query.parse(typed)
    cleaned = normal.clean(typed)

    assert read.text == typed
    assert all(clause.typed in cleaned for clause in read.clauses)
    assert all(leaf.text for leaf in query.leaves(read.clauses))
    for _, rest in query.parts(read):
        assert len(rest) <= len(cleaned)


@pytest.mark.parametrize("text", ["-", "((", "?!", "*", " … ", "🙂"])
def test_signs_alone_ask_nothing(text: str) -> None:
    """No word, no meaning: the encoder would find papers that are near nothing at all."""
    read = query.parse(text)

    assert (read.clauses, read.meaning) == ((), "")
