"""The embedded index agrees with its plain counterpart, and knows the words of a text."""

from __future__ import annotations

from datetime import date
from operator import and_, or_
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.index import language, open_engine, tags
from broadsheet.model import Clause, Filters, Link, Occur, Paper, Query
from broadsheet.text import spelling
from broadsheet.text.query import parse
from tests.fakes import FakeEngine, goes_by
from tests.support_engine import DIM, indexed, keys, phrase, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from broadsheet.ports import Engine

NAMES = ["Ada Lovelace", "Lovelace, Grace", "Ada Grace Hopper", "José Núñez", "王 小明", "Hopper"]
TERMS = ["graph", "graphs", "learning", "learn", "self-supervised", "the", "深度学习", "naïve"]
DAYS = st.none() | st.dates(date(2024, 1, 1), date(2024, 1, 5))

papers = st.lists(
    st.builds(
        lambda title, abstract, names, day, categories, kinds: {
            "title": " ".join(title),
            "abstract": " ".join(abstract),
            "authors": tuple(names),
            "published": day,
            "categories": tuple(categories),
            "links": tuple(Link(kind=kind, url="https://example.org") for kind in kinds),
        },
        st.lists(st.sampled_from(TERMS), min_size=1, max_size=4),
        st.lists(st.sampled_from(TERMS), max_size=4),
        st.lists(st.sampled_from(NAMES), max_size=3),
        DAYS,
        st.lists(st.sampled_from(["cs.LG", "cs.CL", "math.CO", "hep-th"]), max_size=2),
        st.lists(st.sampled_from(["code", "data"]), max_size=2),
    ),
    max_size=6,
)
filters = st.builds(
    Filters,
    since=DAYS,
    until=DAYS,
    categories=st.sampled_from([(), ("cs",), ("cs.LG", "math"), ("hep-th",)]),
    authors=st.sampled_from([(), ("ada",), ("grace lovelace",), ("nunez", "hopper ada grace")]),
    has=st.sampled_from([(), ("code",), ("code", "data")]),
)
clauses = st.lists(
    st.builds(
        Clause,
        text=st.sampled_from([*TERMS, "ada", "lovelace"]),
        occur=st.sampled_from(list(Occur)),
        field=st.sampled_from([None, None, "title", "author"]),
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One embedded engine, emptied by each example."""
    made = open_engine(tmp_path_factory.mktemp("index"), dim=DIM, exact_limit=50, threads=1)
    yield made
    made.close()


@given(made=papers, asked=clauses, filters=filters)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_engines_find_the_same_papers(
    engine: Engine, made: list[dict[str, object]], asked: list[Clause], filters: Filters
) -> None:
    """Whatever the query and the filters; the fake looks at each paper in plain Python."""
    fake = FakeEngine(dim=DIM)
    library: list[Paper] = [indexed(key, **values) for key, values in enumerate(made, start=1)]
    engine.apply(library, range(len(library) + 1, 7), position=1)
    fake.apply(library, [], position=1)
    query = Query(text="", clauses=tuple(asked))

    found = engine.lexical(query, filters, k=10, among=None)
    expected = fake.lexical(query, filters, k=10, among=None)

    assert sorted(keys(found)) == sorted(keys(expected))
    assert found.total == expected.total


def test_the_word_as_typed_comes_before_other_forms(engine: Engine) -> None:
    """Stemming finds more; the exact form still wins."""
    texts = ["Networking of things", "Networks of things", "Networked of things"]
    engine.apply([indexed(key, text) for key, text in enumerate(texts, 1)], range(4, 7), position=1)

    for key, word in enumerate(["networking", "networks", "networked"], start=1):
        found = keys(engine.lexical(words(word), Filters(), k=3, among=None))
        assert found[0] == key
        assert len(found) == 3


def test_a_title_counts_more_than_an_abstract(engine: Engine) -> None:
    """Of two papers with the same words, that whose title has them."""
    engine.apply(
        [
            indexed(1, "Gravity wells", abstract="A study of something else here"),
            indexed(2, "A study of something", abstract="else here Gravity wells"),
        ],
        range(3, 7),
        position=1,
    )

    assert keys(engine.lexical(words("gravity", "wells"), Filters(), k=2, among=None)) == [1, 2]


def test_a_phrase_is_not_split_by_its_stop_words(engine: Engine) -> None:
    """Who quotes "on demand" does not mean any demand."""
    engine.apply(
        [indexed(1, "Video on demand"), indexed(2, "The demand for video")], range(3, 7), position=1
    )

    assert keys(engine.lexical(phrase("on demand"), Filters(), k=2, among=None)) == [1]
    assert keys(engine.lexical(phrase("video demand"), Filters(), k=2, among=None)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Self-Supervised GPT-4", ["self", "supervised", "gpt", "4"], id="hyphens"),
        pytest.param("naïve Œuvre", ["naive", "oeuvre"], id="accents"),
        pytest.param("\uff21\uff22 \ufb01ne", ["ab", "fine"], id="compatibility forms"),
        pytest.param("深度学习GPT", ["深", "度", "学", "习", "gpt"], id="ideographs"),
        pytest.param("検索エンジン", ["検", "索", "エ", "ン", "ジ", "ン"], id="kana"),
        pytest.param("한국어", ["한", "국", "어"], id="Hangul"),
        pytest.param("Ωμέγα Ёлка", ["ωμεγα", "елка"], id="Greek and Cyrillic"),
        pytest.param("x\ud800y", ["x", "y"], id="half a character"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_words_of_a_text(text: str, expected: list[str]) -> None:
    """Papers and queries are read alike, so only what both must agree on is fixed here."""
    assert [word for _, word in language.exact_words(text)] == expected


@given(st.text())
def test_any_text_has_words(text: str) -> None:
    """No text is an error, and stems are found at the places of their words."""
    places = {place for place, _ in language.exact_words(text)}

    assert {place for place, _ in language.stems(text)} <= places


@given(st.lists(st.sampled_from(["ada", "king", "byron", "noel", "lovelace"]), unique=True))
def test_every_part_of_a_name_finds_it(name: list[str]) -> None:
    """In any order; a word more does not."""
    there = set(tags.name_tags(indexed(1, authors=(" ".join(name),))))

    def is_found(asked: list[str]) -> bool:
        return any(set(way) <= there for way in tags.author_conditions(" ".join(asked)))

    assert all(is_found(name[:size][::-1]) for size in range(1, len(name) + 1))
    assert not is_found([*name, "babbage"])


NAMES_ASKED = st.lists(
    st.sampled_from(["ada", "a", "king", "k", "lovelace", "l", "d"]), min_size=1, max_size=3
)
NAMES_THERE = st.lists(
    st.sampled_from(["ada", "a", "king", "d", "lovelace"]), min_size=1, max_size=3, unique=True
)


@given(asked=NAMES_ASKED, there=NAMES_THERE)
def test_names_meet_as_their_definition_says(asked: list[str], there: list[str]) -> None:
    """Tags find what comparing word by word finds: whole names, initials, a middle one too many."""
    made = set(tags.name_tags(indexed(1, authors=(" ".join(there),))))

    found = any(set(way) <= made for way in tags.author_conditions(" ".join(asked)))

    assert found is goes_by(asked, there)


LEAVES = ["graph", "learning", "title:naïve", "cat:cs.LG", "year:2024", '"learn"', "author:hopper"]
TREES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.tuples(st.sampled_from(["AND", "OR"]), inner, inner) | st.tuples(st.just("NOT"), inner)
    ),
    max_leaves=6,
)
ALGEBRA: dict[str, Callable[[set[int], set[int]], set[int]]] = {"AND": and_, "OR": or_}


def written(tree: Any) -> str:
    """Return a tree of operators as somebody types it."""
    if isinstance(tree, str):
        return tree
    operator, *parts = tree
    return f"({f' {operator} '.join(['', *map(written, parts)][len(parts) > 1 :])})"


def solved(tree: Any, sets: dict[str, set[int]], everything: set[int]) -> set[int]:
    """Return what a tree of operators means, by the algebra of sets."""
    if isinstance(tree, str):
        return sets[tree]
    parts = [solved(part, sets, everything) for part in tree[1:]]
    return everything - parts[0] if tree[0] == "NOT" else ALGEBRA[tree[0]](*parts)


@given(made=papers, tree=TREES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_operators_are_the_algebra_of_sets(
    engine: Engine, made: list[dict[str, object]], tree: Any
) -> None:
    """Whatever is put together of AND, OR, NOT and parentheses; each leaf is asked by itself."""
    library: list[Paper] = [indexed(key, **values) for key, values in enumerate(made, start=1)]
    engine.apply(library, range(len(library) + 1, 7), position=1)

    def found(typed: str) -> set[int]:
        read = parse(typed)
        return set(keys(engine.lexical(read, read.filters, k=10, among=None)))

    sets = {leaf: found(leaf) for leaf in LEAVES}

    assert found(written(tree)) == solved(tree, sets, {paper.key for paper in library})


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("colour", "color"),
        ("behaviours", "behavior"),
        ("modelling", "modeling"),
        ("labelled", "labeled"),
        ("optimisation", "optimization"),
        ("optimised", "optimizing"),
        ("analysed", "analyze"),
        ("catalysed", "catalyze"),
        ("centre", "center"),
        ("centred", "centered"),
        ("fibres", "fiber"),
        ("catalogue", "catalog"),
        ("anaemia", "anemia"),
        ("oestrogen", "estrogen"),
        ("greyscale", "grayscale"),
        ("programme", "program"),
        ("defence", "defense"),
    ],
)
def test_two_spellings_are_one_word(british: str, american: str) -> None:
    """Either finds the other; quoted they are two."""
    assert language.stem_of(british) == language.stem_of(american)
    assert language.exact_words(british) != language.exact_words(american)


@pytest.mark.parametrize(
    ("word", "relative"),
    [
        ("revised", "revision"),
        ("supervised", "supervision"),
        ("surprise", "surprisingly"),
        ("precise", "precisely"),
        ("four", "four"),
        ("course", "courses"),
    ],
)
def test_words_of_both_countries_stay_with_their_relatives(word: str, relative: str) -> None:
    """Revised is no British spelling of anything."""
    assert language.stem_of(word) == language.stem_of(relative)


def test_words_are_respelt_whatever_was_read_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when too many were, and those that no rule changes are met anew."""
    monkeypatch.setattr(spelling, "MAX_SAME", 3)

    for _ in range(3):
        assert spelling.american("a naive-model_centre, colour") == "a naive-model_center, color"
        assert spelling.american("größe colour, ßcolour") == "größe color, ßcolour"
        assert spelling.american("many other words that stay") == "many other words that stay"


def test_ten_megabytes_are_respelt_in_linear_time() -> None:
    """One word without end, or a million of them."""
    start = process_time()

    assert spelling.american("z" * 10_000_000 + "our") == "z" * 10_000_000 + "our"
    assert spelling.american("colour " * 1_000_000) == "color " * 1_000_000
    assert process_time() - start < 5
