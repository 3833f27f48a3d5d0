"""What every Engine promises: the embedded one, exact and approximate, and the fake."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from broadsheet.index import open_engine
from broadsheet.model import Clause, ClauseKind, Counts, Filters, Link, Occur, Query
from tests.fakes import FakeEngine
from tests.support_engine import DIM, indexed, keys, phrase, put, vectors, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.model import Paper
    from broadsheet.ports import Engine

ALL = Filters()
LIBRARY = [
    indexed(
        1,
        "Self-supervised learning of representations",
        abstract="We learn from unlabelled images.",
        authors=("Ada Lovelace", "Grace Hopper"),
        categories=("cs.LG", "stat.ML"),
        sources=("arxiv",),
        topics=("vision",),
        published=date(2024, 1, 31),
        day=date(2024, 2, 2),
        links=(Link(kind="code", url="https://example.org/code"),),
    ),
    indexed(
        2,
        "Self supervised networks",
        abstract="A network of networks.",
        authors=("Ada Hopper", "Émile Zölß"),
        categories=("cs.CL",),
        sources=("acl", "arxiv"),
        topics=("language models",),
        venue="Journal of Machines",
        published=date(2024, 2, 1),
    ),
    indexed(3, "深度学习 GPT模型", abstract="日本語の深層学習による画像認識", authors=("王小明",)),
    indexed(
        4,
        r"An $O(n\log n)$ bound by {\'E}douard",
        abstract=r"MHC^3 \textbf{matters}. Colour and $\beta$-carotene.",
    ),
]


KINDS = ["embedded", "approximate", "fake"]


def make(kind: str, folder: Path) -> Engine:
    """Return an empty engine of this kind."""
    if kind == "fake":
        return FakeEngine(dim=DIM)
    limit = 0 if kind == "approximate" else 1_000
    return open_engine(folder / "index", dim=DIM, exact_limit=limit, threads=1)


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty engine, of each kind."""
    made = make(request.param, tmp_path)
    yield made
    made.close()


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """An engine with the small library."""
    engine.apply(LIBRARY, [], position=4)
    return engine


@pytest.fixture(scope="module", params=KINDS)
def searched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """An engine with the small library and its vectors, for tests that change nothing."""
    made = make(request.param, tmp_path_factory.mktemp("searched"))
    made.apply(LIBRARY, [], position=4)
    put(made, 1, 2, 3, 4)
    made.optimize()
    yield made
    made.close()


def find(engine: Engine, query: Query, filters: Filters = ALL) -> list[int]:
    """Return all keys that match, best first."""
    return keys(engine.lexical(query, filters, k=100, among=None))


# --- words ---


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(words("unlabelled"), {1}, id="a word of an abstract"),
        pytest.param(words("UNLABELED", "images"), {1}, id="any word will do"),
        pytest.param(words("learned"), {1}, id="another form of the word"),
        pytest.param(words("self-supervised"), {1, 2}, id="hyphen finds space"),
        pytest.param(words("self", "supervised"), {1, 2}, id="space finds hyphen"),
        pytest.param(words("lovelace"), {1}, id="an author"),
        pytest.param(words("émile"), {2}, id="an accent typed"),
        pytest.param(words("Emile"), {2}, id="an accent left out"),
        pytest.param(words("zölss"), {2}, id="sharp s"),
        pytest.param(words("vision"), {1}, id="a topic"),
        pytest.param(words("machines"), {2}, id="a venue"),
        pytest.param(words("学习"), {3}, id="Chinese inside a longer run"),
        pytest.param(words("深層学習"), {3}, id="Japanese"),
        pytest.param(words("gpt"), {3}, id="Latin letters beside ideographs"),
        pytest.param(words("认识"), set(), id="Chinese that is not there"),
        pytest.param(words("log"), {4}, id="inside a formula"),
        pytest.param(words("edouard"), {4}, id="a LaTeX accent"),
        pytest.param(words("matters"), {4}, id="inside a LaTeX command"),
        pytest.param(words("mhc3"), {4}, id="a superscript"),
        pytest.param(words("representations", "unlabeled"), {1}, id="American"),
        pytest.param(words("beta"), {4}, id="a Greek letter by its name"),
        pytest.param(words("β"), {4}, id="a Greek letter"),
        pytest.param(words("$\\beta$"), {4}, id="a Greek letter in LaTeX"),
        pytest.param(words("color"), {4}, id="American for British"),
        pytest.param(words("colouring"), {4}, id="British"),
        pytest.param(words("nothing"), set(), id="no such word"),
        pytest.param(words("!!!"), set(), id="no word at all"),
    ],
)
def test_words_find(searched: Engine, query: Query, expected: set[int]) -> None:
    """Search is forgiving about everything that is not the word itself."""
    assert set(find(searched, query)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(phrase("learning of representations"), {1}, id="stop words keep their place"),
        pytest.param(phrase("representations of learning"), set(), id="order counts"),
        pytest.param(phrase("supervised networks"), {2}, id="as it is written"),
        pytest.param(phrase("supervised network"), set(), id="not in another form"),
        pytest.param(phrase("network"), {2}, id="one quoted word"),
        pytest.param(phrase("learn of"), set(), id="one quoted word is no stem"),
        pytest.param(phrase("network", field="title"), set(), id="quoted in the title"),
        pytest.param(phrase("networks", field="title"), {2}, id="quoted in the title as it is"),
        pytest.param(phrase("network", field="abstract"), {2}, id="quoted in the abstract"),
        pytest.param(phrase("supervised", field="abstract"), set(), id="quoted elsewhere"),
        pytest.param(words("local:2", field="id", occur=Occur.MUST), {2}, id="an identifier"),
        pytest.param(phrase("networks a"), set(), id="no phrase across fields"),
        pytest.param(phrase("of"), {1, 2}, id="a stop word alone"),
        pytest.param(phrase("度学"), {3}, id="ideographs"),
        pytest.param(words("network", occur=Occur.MUST), {2}, id="a required word"),
        pytest.param(words("ada", "network", occur=Occur.MUST), {2}, id="two required words"),
        pytest.param(words("!!!", occur=Occur.MUST), set(), id="required, but no word"),
        pytest.param(words("netw", kind=ClauseKind.PREFIX), {2}, id="a prefix"),
        pytest.param(words("learni", kind=ClauseKind.PREFIX), {1}, id="a prefix beyond the stem"),
        pytest.param(words("self-superv", kind=ClauseKind.PREFIX), {1, 2}, id="a prefix of two"),
        pytest.param(words("networks", field="title"), {2}, id="in the title"),
        pytest.param(words("images", field="title"), set(), id="not in the title"),
        pytest.param(words("images", field="abstract"), {1}, id="in the abstract"),
        pytest.param(words("learning", field="abstract"), {1}, id="stem in the abstract"),
        pytest.param(words("representations", field="abstract"), set(), id="not in the abstract"),
        pytest.param(words("hopper", field="author"), {1, 2}, id="by an author"),
        pytest.param(phrase("hopper ada", field="author"), {2}, id="by one author, any order"),
        pytest.param(words("journal", field="venue"), {2}, id="in a venue"),
        pytest.param(words("lear", field="title", kind=ClauseKind.PREFIX), {1}, id="title prefix"),
        pytest.param(
            words("love", field="author", kind=ClauseKind.PREFIX), {1}, id="author prefix"
        ),
    ],
)
def test_demands_are_met(searched: Engine, query: Query, expected: set[int]) -> None:
    """What a reader quotes, requires or puts into a field is there in every hit."""
    assert set(find(searched, query)) == expected


def group(kind: ClauseKind, *parts: Clause, occur: Occur = Occur.MUST) -> Clause:
    """Return a group of clauses."""
    return Clause(text="", kind=kind, occur=occur, parts=parts)


NETWORK = Clause(text="network", occur=Occur.MUST)
SELF = Clause(text="self", occur=Occur.MUST)
NO_SELF = Clause(text="self", occur=Occur.NOT)
CS_LG = Clause(
    text="", kind=ClauseKind.FILTER, occur=Occur.MUST, filters=Filters(categories=("cs.LG",))
)


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        pytest.param(group(ClauseKind.ANY, NETWORK, CS_LG), {1, 2}, id="or"),
        pytest.param(group(ClauseKind.ALL, SELF, CS_LG), {1}, id="and"),
        pytest.param(group(ClauseKind.ANY, NO_SELF, CS_LG), {1, 3, 4}, id="or not"),
        pytest.param(group(ClauseKind.ALL, NO_SELF), {3, 4}, id="and not"),
        pytest.param(group(ClauseKind.ANY, NETWORK, CS_LG, occur=Occur.NOT), {3, 4}, id="neither"),
        pytest.param(
            group(ClauseKind.ANY, group(ClauseKind.ALL, SELF, NETWORK), NO_SELF),
            {2, 3, 4},
            id="groups within groups",
        ),
        pytest.param(group(ClauseKind.ANY), set(), id="nothing to choose from"),
        pytest.param(group(ClauseKind.ANY, Clause(text="!!", occur=Occur.MUST)), set(), id="?"),
    ],
)
def test_groups_combine_what_they_hold(
    searched: Engine, clause: Clause, expected: set[int]
) -> None:
    """Union, intersection and complement, conditions and words alike."""
    assert set(find(searched, Query(text="", clauses=(clause,)))) == expected


def test_a_forbidden_word_is_nowhere_in_the_hits(searched: Engine) -> None:
    """Negation alone lists all others, newest first; beside wishes it takes hits away."""
    no_network = Clause(text="networks", occur=Occur.NOT)

    assert find(searched, Query(text="", clauses=(no_network,))) == [1, 4, 3]
    assert find(searched, Query(text="", clauses=(Clause(text="self"), no_network))) == [1]


def test_wishes_beside_a_demand_only_change_the_order(searched: Engine) -> None:
    """A quoted phrase decides who is found, the words beside it who comes first."""
    demand = Clause(text="self supervised", kind=ClauseKind.PHRASE, occur=Occur.MUST)

    assert find(searched, Query(text="", clauses=(demand, Clause(text="images")))) == [1, 2]
    assert find(searched, Query(text="", clauses=(demand, Clause(text="journal")))) == [2, 1]


def test_scores_fall_and_the_total_counts_all(searched: Engine) -> None:
    """Fusion relies on the order, pages on the total."""
    found = searched.lexical(words("self", "learning", "gpt"), ALL, k=2, among=None)

    assert found.total == 3
    assert found.keys.dtype == np.int64
    assert found.scores.dtype == np.float32
    assert found.scores[0] >= found.scores[1] > 0


def test_equal_scores_put_the_newer_arrival_first(engine: Engine) -> None:
    """Also where the list is cut between equals: the same query always gives the same page."""
    engine.apply([indexed(key, "same words") for key in range(1, 61)], [], position=1)

    found = engine.lexical(words("same"), ALL, k=5, among=None)

    assert keys(found) == [60, 59, 58, 57, 56]
    assert found.total == 60


def test_no_words_list_the_newest_first(searched: Engine) -> None:
    """A page without a query is a listing; papers without a date come last."""
    found = searched.lexical(Query(text=""), ALL, k=100, among=None)

    assert keys(found) == [1, 2, 4, 3]
    assert found.scores.tolist() == [0.0] * 4
    assert keys(searched.lexical(Query(text=""), ALL, k=1, among=None)) == [1]


def test_a_long_query_answers(searched: Engine) -> None:
    """A pasted abstract of a thousand words is a query like any other."""
    text = ["unlabelled", *(f"word{number}" for number in range(1_000))]

    assert find(searched, words(*text)) == [1]


def test_matched_words_are_those_the_paper_has(searched: Engine) -> None:
    """The reader sees the words as typed, in their order, none that is forbidden."""
    asked = words("Representation", "GPT", "self-supervised", "hopper")
    asked = Query(text="", clauses=(*asked.clauses, Clause(text="images", occur=Occur.NOT)))

    matched = searched.matched_words(asked, [LIBRARY[0].key, 99])

    assert matched == [("Representation", "self-supervised", "hopper"), ()]


def test_matched_words_of_a_long_query_are_told(searched: Engine) -> None:
    """More words than one look at the index can tell apart."""
    asked = words(*(f"word{number}" for number in range(50)), "hopper", "representation")

    (matched,) = searched.matched_words(asked, [LIBRARY[0].key])

    assert matched == ("hopper", "representation")


def count(engine: Engine, query: Query, *beside: int, filters: Filters = ALL) -> Counts:
    """Count over what matches, and some papers beside."""
    others = np.array(beside, dtype=np.int64)
    return engine.counts(query, filters, among=None, beside=others)


def test_all_hits_are_counted(searched: Engine) -> None:
    """Not the best few, nor each value once a page: every match, most first."""
    told = count(searched, words("self"))

    assert told.total == 2
    assert told.years == ((2024, 2),)
    assert told.categories == (("cs.CL", 1), ("cs.LG", 1), ("stat.ML", 1))
    assert told.sources == (("arxiv", 2), ("acl", 1))
    assert told.topics == (("language models", 1), ("vision", 1))


def test_papers_beside_the_matches_are_counted_once(searched: Engine) -> None:
    """What meaning found may match by word too."""
    assert count(searched, words("self"), 1, 3, 4, 99).total == 4
    assert count(searched, words("nothing"), 3).total == 1
    assert count(searched, words("nothing")).total == 0
    assert count(searched, Query(text="")).total == 4
    assert count(searched, Query(text=""), filters=Filters(sources=("acl",))).total == 1


def test_what_changed_is_counted_as_it_is(filled: Engine) -> None:
    """A paper that went away, or lost its category, counts no more."""
    filled.apply([indexed(2, "Self", categories=("math.CO",))], [1], position=5)

    told = count(filled, words("self"))

    assert (told.total, told.categories, told.years) == (1, (("math.CO", 1),), ())


@pytest.mark.parametrize(
    ("typed", "authors", "topics", "titles"),
    [
        pytest.param("ada", ["Ada Hopper", "Ada Lovelace"], [], (), id="a first name"),
        pytest.param("hop", ["Ada Hopper", "Grace Hopper"], [], (), id="a family name"),
        pytest.param("hopper g", ["Grace Hopper"], [], (), id="the family name first"),
        pytest.param("Lovelace, A", ["Ada Lovelace"], [], (), id="as in a reference list"),
        pytest.param("ada ", ["Ada Hopper", "Ada Lovelace"], [], (), id="a whole word"),
        pytest.param("emile zo", ["Émile Zölß"], [], (), id="without its accents"),
        pytest.param("王小", ["王小明"], [], (), id="in another script"),
        pytest.param("visi", [], ["vision"], (), id="a topic"),
        pytest.param("models", [], ["language models"], (), id="a later word of a topic"),
        pytest.param("superv", [], [], (1, 2), id="a word of titles, newest first"),
        pytest.param("self net", [], [], (2,), id="every word but the last is whole"),
        pytest.param("se", [], [], (), id="too short for titles"),
        pytest.param("a", [], [], (), id="too short"),
        pytest.param("", [], [], (), id="nothing"),
        pytest.param('"(*', [], [], (), id="signs"),
    ],
)
def test_what_is_being_typed_is_completed(
    searched: Engine, typed: str, authors: list[str], topics: list[str], titles: tuple[int, ...]
) -> None:
    """Authors and topics by any of their words, titles by all of theirs."""
    found = searched.complete(typed, limit=4)

    assert [name for name, _ in found.authors] == authors
    assert [name for name, _ in found.topics] == topics
    assert found.titles == titles


def test_completions_are_few_and_the_most_frequent_first(filled: Engine) -> None:
    """A list under the box holds no hundred names."""
    filled.apply(
        [indexed(n, f"Title {n}", authors=(f"Ada {'XYZ'[n % 3]}ork",)) for n in range(5, 15)],
        [],
        position=5,
    )

    found = filled.complete("ada", limit=2)

    assert found.authors == (("Ada Zork", 4), ("Ada Xork", 3))
    assert filled.complete("title", limit=3).titles == (14, 13, 12)


def test_spelling_is_asked_of_the_library(searched: Engine) -> None:
    """Known in any form, or as a name: nothing to mend; else what is nearest."""
    assert searched.spelling("networks").papers == 1
    assert searched.spelling("networking").instead == ""
    assert searched.spelling("lovelace").instead == ""
    assert searched.spelling("netwroks").instead == "networks"
    assert searched.spelling("netwroks").papers == 0
    assert searched.spelling("representatoins").instead == "representations"
    assert searched.spelling("!!").papers == 0


# --- filters ---

FILTERS = [
    pytest.param(Filters(since=date(2024, 2, 1)), {2}, id="since"),
    pytest.param(Filters(until=date(2024, 1, 31)), {1}, id="until"),
    pytest.param(
        Filters(since=date(2024, 1, 31), until=date(2024, 2, 1)), {1, 2}, id="ends included"
    ),
    pytest.param(Filters(sources=("arxiv",)), {1, 2}, id="a source"),
    pytest.param(Filters(categories=("cs",)), {1, 2}, id="an archive"),
    pytest.param(Filters(categories=("cs.CL", "stat.ML")), {1, 2}, id="either category"),
    pytest.param(Filters(categories=("c",)), set(), id="no archive"),
    pytest.param(Filters(topics=("Language Models",)), {2}, id="a topic"),
    pytest.param(Filters(authors=("hopper",)), {1, 2}, id="a family name"),
    pytest.param(Filters(authors=("Hopper, Ada",)), {2}, id="a name turned around"),
    pytest.param(Filters(authors=("Ada Hopper", "lovelace")), {1, 2}, id="either author"),
    pytest.param(Filters(authors=("Lovelace Hopper",)), set(), id="words of two authors"),
    pytest.param(Filters(authors=("emile zolss",)), {2}, id="a name without its accents"),
    pytest.param(Filters(authors=("A. Hopper",)), {2}, id="an initial"),
    pytest.param(Filters(authors=("Hopper A",)), {2}, id="an initial behind"),
    pytest.param(Filters(authors=("Hopper AB",)), set(), id="another initial"),
    pytest.param(Filters(authors=("Ada M. Hopper",)), {2}, id="an initial too many"),
    pytest.param(Filters(authors=("A. Lovelace", "E. Zölß")), {1, 2}, id="initials of two"),
    pytest.param(Filters(authors=("h ada",)), set(), id="family names are never initials"),
    pytest.param(Filters(authors=("?",)), set(), id="no name"),
    pytest.param(Filters(last_key=2), {1, 2}, id="arrived by then"),
    pytest.param(Filters(last_key=0), set(), id="arrived before all"),
    pytest.param(Filters(has=("code",)), {1}, id="has code"),
    pytest.param(Filters(has=("code", "data")), set(), id="has all of them"),
    pytest.param(Filters(sources=("arxiv",), categories=("cs.CL",)), {2}, id="two conditions"),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
def test_filters_hold_for_words(searched: Engine, filters: Filters, expected: set[int]) -> None:
    """With words and without, every hit meets every condition."""
    assert set(find(searched, Query(text=""), filters)) == expected
    assert set(find(searched, words("self", "gpt"), filters)) == expected & {1, 2, 3}


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
def test_filters_hold_for_meaning(searched: Engine, filters: Filters, expected: set[int]) -> None:
    """Both retrievers understand a filter alike."""
    found = searched.dense(vectors(9)[0], filters, k=10, among=None)

    assert set(keys(found)) == expected
    assert found.total == len(expected)


def test_only_papers_among_those_named_are_found(searched: Engine) -> None:
    """Judging pools and earlier answers restrict both retrievers; unknown keys do no harm."""
    some = np.array([2, 3, 99], dtype=np.int64)

    assert set(keys(searched.lexical(words("self"), ALL, k=9, among=some))) == {2}
    assert set(keys(searched.lexical(Query(text=""), ALL, k=9, among=some))) == {2, 3}
    assert set(keys(searched.dense(vectors(1)[0], ALL, k=9, among=some))) == {2, 3}


def test_among_none_finds_nothing(searched: Engine) -> None:
    """An empty pool is not the same as no pool."""
    nobody = np.empty(0, dtype=np.int64)

    assert keys(searched.lexical(words("self"), ALL, k=9, among=nobody)) == []
    assert keys(searched.lexical(Query(text=""), ALL, k=9, among=nobody)) == []
    assert keys(searched.dense(vectors(1)[0], ALL, k=9, among=nobody)) == []


# --- meaning ---


def test_the_nearest_come_first(filled: Engine) -> None:
    """Scores are cosines; only papers that have a vector are found."""
    put(filled, 1, 2, 3)
    filled.optimize()
    wanted = vectors(2)[0]

    found = filled.dense(wanted, ALL, k=2, among=None)

    expected = sorted([(float(vectors(key)[0] @ wanted), key) for key in (1, 2, 3)], reverse=True)
    assert keys(found) == [key for _, key in expected[:2]]
    assert found.scores == pytest.approx([score for score, _ in expected[:2]], abs=2e-3)
    assert found.total == 3


def test_equal_vectors_put_the_newer_arrival_first(engine: Engine) -> None:
    """Two papers of one text have one vector."""
    engine.apply([indexed(key) for key in range(1, 41)], [], position=1)
    engine.put_vectors(list(range(1, 41)), np.repeat(vectors(1), 40, axis=0), encoder="s/one")

    assert keys(engine.dense(vectors(1)[0], ALL, k=3, among=None)) == [40, 39, 38]


def test_similarities_and_vectors_follow_the_keys(filled: Engine) -> None:
    """In the order asked for; what is not there is not a number."""
    put(filled, 1, 2)

    found = filled.similarities(vectors(1)[0], [2, 99, 3, 1])
    stored = filled.vectors([2, 3, 1])

    assert found[[0, 3]] == pytest.approx([vectors(2)[0] @ vectors(1)[0], 1.0], abs=2e-3)
    assert np.isnan(found[[1, 2]]).all()
    assert np.isnan(stored[1]).all()
    assert stored[[0, 2]] == pytest.approx(vectors(2, 1), abs=1e-3)


def test_a_vector_of_nothing_is_stored_but_never_near(filled: Engine) -> None:
    """An empty text encodes to zeros, or to what is not a number: no neighbour, no fault."""
    made = np.zeros((2, DIM), dtype=np.float32)
    made[1] = np.nan
    filled.put_vectors([1, 2], made, encoder="space/one")
    put(filled, 3)

    assert keys(filled.dense(vectors(1)[0], ALL, k=9, among=None)) == [3]
    assert filled.pending(encoder="space/one", limit=9) == [4]
    assert filled.vectors([1, 2]).tolist() == [[0.0] * DIM] * 2


def test_a_query_of_nothing_is_near_nothing(filled: Engine) -> None:
    """The encoder makes zeros of an empty query."""
    put(filled, 1)

    assert keys(filled.dense(np.zeros(DIM, dtype=np.float32), ALL, k=9, among=None)) == []


def test_vectors_wait_newest_first(filled: Engine) -> None:
    """Today's papers are encoded before the backlog."""
    assert list(filled.pending(encoder="space/one", limit=3)) == [1, 2, 4]

    put(filled, 1, 4)

    assert list(filled.pending(encoder="space/one", limit=9)) == [2, 3]


def test_another_encoder_makes_vectors_due_and_replaces_them(filled: Engine) -> None:
    """A draft is searched until the better vector takes its place."""
    put(filled, 1, 2, encoder="space/draft")

    assert list(filled.pending(encoder="space/final", limit=9)) == [1, 2, 4, 3]

    filled.put_vectors([1], vectors(7), encoder="space/final")

    assert filled.status().encoders == {"space/draft": 1, "space/final": 1}
    assert list(filled.pending(encoder="space/final", limit=9)) == [2, 4, 3]
    assert keys(filled.dense(vectors(7)[0], ALL, k=1, among=None)) == [1]


def test_a_draft_is_due_for_the_final_vector_but_not_for_a_draft(filled: Engine) -> None:
    """Papers that nobody has encoded come first; those with any vector of their text wait."""
    put(filled, 1, 2, encoder="space/draft")
    put(filled, 3, encoder="space/final")

    assert list(filled.pending(encoder=None, limit=9)) == [4]

    filled.apply([indexed(2, "A new title", day=date(2025, 1, 1))], [], position=5)

    assert sorted(filled.pending(encoder=None, limit=9)) == [2, 4]


def test_what_somebody_looks_at_is_encoded_first(filled: Engine) -> None:
    """The papers of an answer get their better vectors while it is read; a later wish goes first.

    Then come those that are preferred, then the newest, 1, 2, 4, 3.
    """
    put(filled, 1, 2, 3, 4, encoder="space/draft")
    filled.wish([4, 99], encoder="space/final")
    filled.wish([3], encoder="space/final")

    assert list(filled.pending(encoder="space/final", limit=9, first=[2, 77])) == [3, 4, 2, 1]
    assert list(filled.pending(encoder="space/final", limit=1)) == [3]

    put(filled, 3, 4, encoder="space/final")
    filled.wish([3], encoder="space/final")

    assert list(filled.pending(encoder="space/final", limit=9)) == [1, 2]


def test_drafts_of_an_older_table_can_be_made_anew(filled: Engine) -> None:
    """Only they: what the encoder itself has read is better than any draft."""
    put(filled, 1, 2, encoder="space/draft-1")
    put(filled, 3, encoder="space/draft-2")
    put(filled, 4, encoder="space/final")

    old = {"space/draft-1", "space/unknown"}
    assert list(filled.pending(encoder="space/draft-2", limit=9, instead_of=old)) == [1, 2]
    assert sorted(filled.made_by("space/draft-1").tolist()) == [1, 2]
    assert filled.made_by("space/unknown").tolist() == []


def test_a_changed_text_makes_the_vector_due_but_keeps_it(filled: Engine) -> None:
    """A correction does not take a paper out of the search by meaning."""
    put(filled, 1, 2, 3, 4)

    filled.apply([indexed(2, "A new title", day=date(2025, 1, 1))], [], position=5)

    assert list(filled.pending(encoder="space/one", limit=9)) == [2]
    assert keys(filled.dense(vectors(2)[0], ALL, k=1, among=None)) == [2]


def test_other_changes_leave_the_vector_current(filled: Engine) -> None:
    """A new category or a vote costs no encoding."""
    put(filled, 1, 2, 3, 4)

    filled.apply(
        [indexed(3, LIBRARY[2].title, abstract=LIBRARY[2].abstract, votes=3)], [], position=5
    )

    assert list(filled.pending(encoder="space/one", limit=9)) == []
    assert keys(filled.dense(vectors(3)[0], ALL, k=1, among=None)) == [3]


def test_a_text_that_changes_while_it_is_encoded_is_due_again(filled: Engine) -> None:
    """The vector was made of the text that `pending` saw, not of the one that is here now."""
    assert 2 in filled.pending(encoder="space/one", limit=9)
    filled.apply([indexed(2, "Changed meanwhile")], [], position=5)

    put(filled, 2)

    assert 2 in filled.pending(encoder="space/one", limit=9)


def test_vectors_of_papers_that_are_gone_are_passed_over(filled: Engine) -> None:
    """A paper may go away while it is being encoded."""
    filled.apply([], [2], position=5)

    put(filled, 2, 3)

    assert keys(filled.dense(vectors(2)[0], ALL, k=9, among=None)) == [3]
    assert np.isnan(filled.vectors([2])).all()


def test_vectors_of_the_wrong_shape_are_refused(filled: Engine) -> None:
    """Better than a table that is off by one."""
    with pytest.raises(ValueError, match="shape"):
        filled.put_vectors([1, 2], vectors(1), encoder="space/one")


# --- changes ---


def test_a_changed_paper_is_found_by_its_new_words_only(filled: Engine) -> None:
    """Also its filters follow."""
    filled.apply([indexed(2, "Quantum gravity", categories=("gr-qc",))], [], position=5)

    assert find(filled, words("quantum")) == [2]
    assert find(filled, words("networks")) == []
    assert find(filled, Query(text=""), Filters(categories=("cs.CL",))) == []
    assert find(filled, Query(text=""), Filters(categories=("gr-qc",))) == [2]
    assert filled.status().indexed == 4


def test_a_gone_paper_is_not_found(filled: Engine) -> None:
    """Neither by word nor by meaning; and it may come back."""
    put(filled, 1, 2)
    filled.optimize()
    filled.apply([], [1, 77], position=5)

    assert find(filled, words("self")) == [2]
    assert keys(filled.dense(vectors(1)[0], ALL, k=9, among=None)) == [2]
    assert filled.status().indexed == 3

    filled.apply([LIBRARY[0]], [], position=6)

    assert set(find(filled, words("self"))) == {1, 2}


def test_applying_again_changes_nothing(filled: Engine) -> None:
    """A batch that is replayed after a kill does no harm."""
    put(filled, 1, 2)
    before = filled.status()

    filled.apply(LIBRARY, [], position=4)

    after = filled.status()
    assert (after.indexed, after.encoded, after.position) == (4, 2, 4)
    assert before.encoders == after.encoders
    assert filled.check([1, 2, 3, 4]) == []


def test_the_last_of_one_paper_in_a_batch_counts(engine: Engine) -> None:
    """A batch may name a paper twice."""
    engine.apply([indexed(1, "first"), indexed(1, "second")], [], position=1)

    assert find(engine, words("first")) == []
    assert find(engine, words("second")) == [1]


def test_the_position_is_remembered(engine: Engine) -> None:
    """Also when there was nothing to do."""
    assert engine.status().position == 0

    engine.apply([], [], position=17)

    assert engine.status().position == 17


def test_status_counts(filled: Engine) -> None:
    """`/status` shows these."""
    put(filled, 1, 2, 3)

    told = filled.status()

    assert (told.indexed, told.encoded, told.encoders) == (4, 3, {"space/one": 3})
    assert told.kind in {"exact", "ivf-pq"}
    assert told.bytes >= 0


def test_check_names_what_is_missing(filled: Engine) -> None:
    """Papers that the store has beyond the index's own are told; nothing else is."""
    assert filled.check([1, 2, 3]) == []

    (problem,) = filled.check([1, 2, 3, 4, 55])

    assert "55" in problem


def test_clear_forgets_everything(filled: Engine) -> None:
    """And the engine goes on as new."""
    put(filled, 1, 2)

    filled.clear()

    assert filled.status().position == filled.status().indexed == filled.status().encoded == 0
    assert find(filled, words("self")) == []
    assert keys(filled.dense(vectors(1)[0], ALL, k=9, among=None)) == []

    filled.apply(LIBRARY[:1], [], position=1)

    assert find(filled, words("self")) == [1]


def test_an_empty_engine_answers(engine: Engine) -> None:
    """The first page of a new library."""
    engine.optimize()

    assert find(engine, words("anything")) == []
    assert find(engine, Query(text=""), Filters(authors=("nobody",))) == []
    assert keys(engine.dense(vectors(1)[0], ALL, k=9, among=None)) == []
    assert engine.vectors([]).shape == (0, DIM)
    assert list(engine.pending(encoder="space/one", limit=9)) == []
    assert engine.check([]) == []


HOSTILE = [
    pytest.param(indexed(1, "x" * 300_000), id="a title without end"),
    pytest.param(indexed(1, "\x00\ud800\u202e</script>"), id="nothing that is a word"),
    pytest.param(indexed(1, "🙂🙃 שלום عالم"), id="emoji and right-to-left"),
    pytest.param(indexed(1, "t", authors=("A " * 50_000,)), id="a name without end"),
    pytest.param(
        indexed(1, "t", authors=tuple(f"A {n}" for n in range(3_000))), id="3,000 authors"
    ),
    pytest.param(indexed(1, "$" * 10_000 + "{" * 10_000), id="broken LaTeX"),
]


@pytest.mark.parametrize("paper", HOSTILE)
def test_a_hostile_paper_stops_no_batch(engine: Engine, paper: Paper) -> None:
    """It is indexed as far as it can be, the others as always."""
    engine.apply([paper, indexed(2, "harmless")], [], position=1)

    assert find(engine, words("harmless")) == [2]
    assert engine.check([1, 2]) == []


NO_LANGUAGE = ["", " ", '"', "a" * 5_000, "AND OR NOT", "title:", "*", "\x00", "\ud800", "[1 TO 2]"]


@pytest.mark.parametrize("kind", list(ClauseKind))
def test_no_query_is_an_error(searched: Engine, kind: ClauseKind) -> None:
    """Whatever a reader types is text, never an operator of the engine's own."""
    for text in [*NO_LANGUAGE, "~^\\", "🙂", "(", "learn" * 30]:
        for occur in Occur:
            for name in (None, "title", "abstract", "author", "venue"):
                find(searched, words(text, kind=kind, occur=occur, field=name))


def test_it_knows_whether_somebody_waits_for_an_answer(engine: Engine) -> None:
    """As long as any of them does."""
    seen = [engine.is_answering()]
    with engine.answering():
        with engine.answering():
            seen.append(engine.is_answering())
        seen.append(engine.is_answering())
    seen.append(engine.is_answering())

    assert seen == [False, True, True, False]
