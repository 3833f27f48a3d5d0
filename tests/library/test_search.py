from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from broadsheet.assemble import open_library
from broadsheet.errors import EncoderError, QueryError
from broadsheet.library.encoding import document_text, encode_pending
from broadsheet.library.search import MAX_LIMIT, narrowed, plain, ranked
from broadsheet.model import Filters, Mode, Results, Signal, SignalKind, Sort
from tests.library.fakes import ListSource
from tests.support import NOON, StillClock, record
from tests.support_papers import paper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.library import Library

DAY = timedelta(days=1)


def votes(count: int, *, ago: timedelta = DAY) -> tuple[Signal, ...]:
    """Return a counter of votes that stood at ``count`` some time ago."""
    return (Signal(kind=SignalKind.VOTE, value=count, at=NOON - ago, origin="hosted"),)


PAPERS: dict[int, dict[str, Any]] = {
    1: {"title": "Soil moisture from orbit", "abstract": "Radar reads how wet a field is."},
    2: {"title": "Sparse attention with a budget", "abstract": "Transformers look at less."},
    3: {
        "title": "Attention is costly",
        "abstract": "We count what attention costs in transformers and sparse variants.",
        "authors": ("Grace Hopper", "Ada Lovelace"),
        "signals": votes(40, ago=60 * DAY),
        "categories": ("cs.CL", "cs.LG"),
    },
    4: {
        "title": "Petrol use of cars in towns",
        "abstract": "How much a vehicle burns at each traffic light.",
        "authors": ("Grace Hopper",),
        "published": date(2020, 5, 1),
        "announced": date(2020, 5, 1),
        "source": "acl",
        "source_id": "P20-1",
    },
    5: {
        "title": "A budget of sparse carbon",
        "abstract": "Carbon in dry regions, attention to error bars.",
        "signals": votes(7),
        "categories": ("physics.ao-ph",),
    },
    6: {"title": "Counting bees", "abstract": "One bee, two bees.", "signals": votes(3)},
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Six papers, indexed and encoded; tests only read from it."""
    folder = tmp_path_factory.mktemp("shelf")
    opened = open_library(folder, environ={}, clock=StillClock())
    fill(opened, PAPERS)
    opened.catch_up(is_encoding=True)
    yield opened
    opened.close()


def fill(library: Library, papers: dict[int, dict[str, Any]]) -> None:
    """Ingest records of these numbers with these fields."""
    library.ingest(ListSource([record(number, **facts) for number, facts in papers.items()]))


def numbers(results: Results) -> list[int]:
    """Return the numbers of the papers found, in order."""
    return [int(hit.paper.id.rpartition(".")[2]) for hit in results.hits]


def test_words_find_what_has_them(shelf: Library) -> None:
    """Lexical search answers with every paper that has a word of the query, best first."""
    found = shelf.search("sparse attention budget", mode=Mode.LEXICAL)

    assert numbers(found)[0] == 2
    assert set(numbers(found)) == {2, 3, 5}
    assert found.total == 3


def test_meaning_finds_what_lacks_the_words(shelf: Library) -> None:
    """No word of the query is in the paper."""
    found = shelf.search("automobile fuel consumption", mode=Mode.DENSE)

    assert numbers(found)[0] == 4
    assert not found.hits[0].why.matched


def test_hybrid_finds_by_either(shelf: Library) -> None:
    """One answer holds what only words find and what only meaning finds."""
    found = shelf.search("bees and automobile fuel consumption")

    assert found.mode is Mode.HYBRID
    assert set(numbers(found)[:2]) == {4, 6}


def test_every_number_of_a_score_is_explained(shelf: Library) -> None:
    """The page can recompute each score from what it shows."""
    hits = shelf.search("sparse attention in transformers").hits

    for hit in hits:
        why = hit.why
        total = why.lexical_weight * why.lexical_norm + why.dense_weight * why.dense_norm
        assert hit.score == pytest.approx(total)
    assert {hit.why.dense_rank for hit in hits} == {1, 2, 3, 4, 5, 6}
    assert (hits[0].why.lexical_rank, hits[0].why.lexical_norm) == (1, 1.0)
    assert hits[0].why.matched == ("sparse", "attention", "transformers")


def test_of_two_papers_alike_the_one_that_is_cited_comes_first(library: Library) -> None:
    """It counts beside words and meaning, and alone decides nothing; every number is told."""
    alike = {"abstract": "Transformers look at less."}
    fill(
        library,
        {
            1: alike | {"title": "Sparse attention, again", "extra": {"citations": 2}},
            2: alike | {"title": "Sparse attention, anew"},
            3: alike | {"title": "Sparse attention, once", "extra": {"citations": 900}},
            4: {"title": "Bees", "abstract": "One bee.", "extra": {"citations": 10**6}},
        },
    )
    library.catch_up(is_encoding=True)

    found = library.search("sparse attention")

    assert numbers(found) == [3, 1, 2, 4]
    assert [hit.why.citations for hit in found.hits] == [900, 2, None, 10**6]
    for hit in found.hits:
        why = hit.why
        assert hit.score == pytest.approx(
            why.lexical_weight * why.lexical_norm
            + why.dense_weight * why.dense_norm
            + why.citation_weight * why.citations_norm
        )
        weights = (why.lexical_weight, why.dense_weight, why.citation_weight)
        assert sum(weights) == pytest.approx(1.0)
    by_word = library.search("sparse attention", mode=Mode.LEXICAL)
    assert numbers(by_word) != numbers(found)[:3]
    assert {hit.why.citation_weight for hit in by_word.hits} == {0.0}


def test_scores_fall(shelf: Library) -> None:
    """In every mode the order is that of the scores."""
    for mode in Mode:
        scores = [hit.score for hit in shelf.search("sparse attention cost", mode=mode).hits]

        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("2603.00004", id="bare"),
        pytest.param("https://arxiv.org/abs/2603.00004v3", id="URL with version"),
        pytest.param("10.48550/arXiv.2603.00004", id="DOI"),
    ],
)
def test_an_identifier_wins_outright(shelf: Library, typed: str) -> None:
    """Who types an id wants that paper and no other."""
    found = shelf.search(typed)

    assert numbers(found) == [4]
    assert found.hits[0].why.known_item == "id"


def test_an_identifier_that_is_not_here_is_words(shelf: Library) -> None:
    """Somebody may cite it in an abstract; what is near its digits in meaning is noise."""
    found = shelf.search("2501.99999")

    assert found.hits == ()
    assert found.mode is Mode.LEXICAL
    assert found.notes == ("No paper here goes by arxiv:2501.99999; words alone were compared.",)


def test_an_identifier_obeys_filters(shelf: Library) -> None:
    """A filter is a promise about every hit."""
    assert 4 not in numbers(shelf.search("2603.00004", filters=Filters(since=date(2021, 1, 1))))


def test_an_exact_title_comes_first(shelf: Library) -> None:
    """Whatever scores higher otherwise; case and punctuation do not matter."""
    found = shelf.search("attention is COSTLY!")

    assert numbers(found)[0] == 3
    assert found.hits[0].why.known_item == "title"
    assert len(found.hits) > 1


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("petrol use of cars in towns", id="as it is"),
        pytest.param("petrol use of crs in twons", id="two slips"),
        pytest.param("petrol use of cars towns", id="a word left out"),
        pytest.param("Petrol use: cars in towns", id="a word left out, another stop"),
        pytest.param("petorl use of cars in towns", id="a slip in a word that is nowhere else"),
    ],
)
def test_a_title_half_remembered_comes_first(shelf: Library, typed: str) -> None:
    """A letter or two off, or a word missing: it is still that title."""
    hit = shelf.search(typed, mode=Mode.LEXICAL).hits[0]

    assert (hit.paper.id, hit.why.known_item) == ("arxiv:2603.00004", "title")


@pytest.mark.parametrize(
    "typed", ["sparse carbon", "use of cars", "attention and sparse budget of"]
)
def test_a_few_words_of_a_title_are_not_the_title(shelf: Library, typed: str) -> None:
    """A subject is typed more often than a paper."""
    assert all(hit.why.known_item != "title" for hit in shelf.search(typed).hits)


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(
            "count what attention costs in transformers and sparse variants.", id="as it stands"
        ),
        pytest.param(
            "We count: what ATTENTION costs in transformers, and sparse variants",
            id="written otherwise",
        ),
        pytest.param(
            "Attention is costly. We count what attention costs in", id="from the title on"
        ),
    ],
)
@pytest.mark.parametrize("mode", [Mode.LEXICAL, Mode.HYBRID])
def test_a_sentence_finds_its_paper(shelf: Library, typed: str, mode: Mode) -> None:
    """Somebody pastes what they read: only one paper says just this."""
    hit = shelf.search(typed, mode=mode).hits[0]

    assert (hit.paper.id, hit.why.known_item) == ("arxiv:2603.00003", "sentence")


@pytest.mark.parametrize(
    "typed",
    ["attention costs in transformers", "We count what detention costs in dry regions and towns"],
)
def test_what_many_may_say_is_no_sentence(shelf: Library, typed: str) -> None:
    """A few words are a subject; other words are another sentence."""
    assert all(hit.why.known_item != "sentence" for hit in shelf.search(typed).hits)


def test_a_word_that_no_paper_has_is_mended_and_told(shelf: Library) -> None:
    """The answer is for what was meant, says so, and leads to what was typed."""
    found = shelf.search("sparse atention cat:cs.LG", mode=Mode.LEXICAL)

    assert found.query.text == "sparse attention cat:cs.LG"
    assert found.instead_of == 'sparse "atention" cat:cs.LG'
    assert numbers(found) == [2, 3]
    as_typed = shelf.search(found.instead_of, mode=Mode.LEXICAL)
    assert (numbers(as_typed), as_typed.instead_of) == ([], "")


@pytest.mark.parametrize(
    "query",
    ["attention", "hopper", "ATENTION", '"atention"', "atent10n", "-atention bees", "author:hoper"],
)
def test_what_is_known_or_meant_so_is_not_mended(shelf: Library, query: str) -> None:
    """Known words, names, capitals, quotations, and what must not be there."""
    found = shelf.search(query, mode=Mode.LEXICAL)

    assert (found.query.text, found.instead_of, found.suggestion) == (query, "", "")


def test_a_rare_word_that_looks_like_a_slip_is_only_offered(library: Library) -> None:
    """One paper says so: it is found, and the other word is a link."""
    fill(library, {n: {"abstract": "A transformer."} for n in range(1, 61)})
    fill(library, {99: {"title": "The transfromer", "abstract": ""}})
    library.catch_up(is_encoding=False)

    found = library.search("deep transfromer")

    assert numbers(found) == [99]
    assert (found.instead_of, found.suggestion) == ("", "deep transformer")


def test_a_name_finds_the_authors_papers_newest_first(shelf: Library) -> None:
    """Both papers by her come before any other."""
    found = shelf.search("grace hopper")

    assert numbers(found)[:2] == [3, 4]
    assert [hit.why.known_item for hit in found.hits[:3]][:2] == ["author", "author"]


@pytest.mark.parametrize("query", ["hopper 2020", "(2020) grace hopper"])
def test_a_name_and_a_year_find_that_years_papers(shelf: Library, query: str) -> None:
    """As papers are cited; her newer paper is no known item."""
    found = shelf.search(query)

    assert numbers(found)[0] == 4
    assert [hit.why.known_item for hit in found.hits[:2]] == ["author", ""]


def test_a_year_that_is_ruled_out_names_nothing(shelf: Library) -> None:
    """The filters of the page hold for known items too; two years are a span, not a citation."""
    elsewhere = shelf.search("hopper 2020", filters=Filters(since=date(2021, 1, 1)))

    assert all(not hit.why.known_item for hit in elsewhere.hits)
    assert all(not hit.why.known_item for hit in shelf.search("hopper 2019 2020").hits)


def test_known_items_keep_pages_whole(shelf: Library) -> None:
    """What was put first is not found a second time on a later page."""
    pages = [numbers(shelf.search("grace hopper", limit=1, offset=at)) for at in range(6)]

    assert max(Counter(number for page in pages for number in page).values()) == 1


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("attention cat:physics.ao-ph", {5}, id="category"),
        pytest.param("attention since:2026-01-01 -carbon +sparse", {2, 3}, id="must and not"),
        pytest.param("car source:acl", {4}, id="source"),
        pytest.param('"attention costs"', {3}, id="phrase"),
    ],
)
def test_conditions_hold_for_both_retrievers(
    shelf: Library, mode: Mode, query: str, expected: set[int]
) -> None:
    """A hit by meaning meets filters, required words and exclusions as a hit by word does."""
    found = set(numbers(shelf.search(query, mode=mode)))

    assert found
    assert found <= expected


def test_conditions_hold_where_many_papers_meet_them(
    shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exclusion leaves nearly all: then the nearest are looked through, not listed first."""
    monkeypatch.setattr("broadsheet.library.candidates.MAX_REQUIRED", 2)

    found = numbers(shelf.search("attention -carbon", mode=Mode.DENSE))

    assert set(found) == {1, 2, 3, 4, 6}
    assert found[0] in {2, 3}


def test_filters_of_caller_and_query_both_hold(shelf: Library) -> None:
    """Two categories, one typed and one clicked: a paper has both or is no hit."""
    found = shelf.search("attention cat:cs.LG", filters=Filters(categories=("cs.CL",)))

    assert numbers(found) == [3]


def test_narrowed_filters() -> None:
    """Dates narrow, links add up, alternatives on the same field need a second question."""
    one = Filters(since=date(2026, 1, 1), until=date(2026, 3, 1), sources=("acl",), has=("code",))
    other = Filters(since=date(2026, 2, 1), sources=("arxiv",), has=("data",), topics=("bees",))

    both, rest = narrowed(one, other)

    assert both == Filters(
        since=date(2026, 2, 1),
        until=date(2026, 3, 1),
        sources=("acl",),
        has=("code", "data"),
        topics=("bees",),
    )
    assert rest == Filters(sources=("arxiv",))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        pytest.param(Sort.DATE, [5, 3, 2], id="newest"),
        pytest.param(Sort.VOTES, [3, 5, 2], id="most votes"),
        pytest.param(Sort.HEAT, [5, 3, 2], id="hottest: old votes are cold"),
    ],
)
def test_other_orders(shelf: Library, sort: Sort, expected: list[int]) -> None:
    """Ties are broken by newer, then by the later arrival."""
    assert numbers(shelf.search("attention", sort=sort)) == expected


def test_heat_is_shown_where_it_orders(shelf: Library) -> None:
    """The page says why the first is first."""
    hits = shelf.search("attention", sort=Sort.HEAT).hits

    heats = [hit.why.heat for hit in hits]
    assert all(heat is not None for heat in heats)
    assert heats[0] == max(heat for heat in heats if heat is not None) > 0


def test_sort_looks_at_all_matches_not_at_a_page(shelf: Library) -> None:
    """The most voted match is first even when a page holds one hit."""
    assert numbers(shelf.search("attention", sort=Sort.VOTES, limit=1)) == [3]


def test_sorted_matches_have_every_word(shelf: Library) -> None:
    """By date one would otherwise see the newest paper that has any word of the query."""
    assert numbers(shelf.search("sparse transformers", sort=Sort.DATE)) == [3, 2]
    assert numbers(shelf.search("bees unheardof", sort=Sort.DATE)) == [6]


def test_what_only_meaning_finds_can_be_sorted(shelf: Library) -> None:
    """No paper has a word of the query: choosing an order must not empty the page."""
    found = shelf.search("automobile consumption", sort=Sort.DATE)

    assert len(found.hits) == 6
    assert numbers(found)[-1] == 4
    assert numbers(shelf.search("bees", mode=Mode.DENSE, sort=Sort.VOTES))[:3] == [3, 5, 6]


@pytest.mark.parametrize("mode", list(Mode))
def test_the_total_is_the_same_on_every_page(shelf: Library, mode: Mode) -> None:
    """Page numbers are made of it."""
    pages = [shelf.search("attention costs", mode=mode, limit=2, offset=at) for at in (0, 2, 4)]

    assert len({page.total for page in pages}) == 1
    assert sum(len(page.hits) for page in pages) == pages[0].total


def test_the_query_may_name_the_sort(shelf: Library) -> None:
    """``sort:`` in the query counts unless the caller decides."""
    assert numbers(shelf.search("attention sort:votes"))[0] == 3
    assert numbers(shelf.search("attention sort:votes", sort=Sort.DATE))[0] == 5


@pytest.mark.parametrize("query", ["-bees", "NOT bees", "-bees since:2000", "-cat:math"])
def test_a_negation_alone_lists_the_newest_first(library: Library, query: str) -> None:
    """All others, in the order of a listing, on every page."""
    days = {n: date(2026, 1, 1) + (n * 7 % 13) * DAY for n in range(1, 13)}
    fill(
        library,
        {n: {"title": f"Word {n}", "published": d, "announced": d} for n, d in days.items()},
    )
    fill(library, {99: {"title": "Bees", "categories": ("math.CO",)}})
    library.catch_up(is_encoding=True)

    pages = [numbers(library.search(query, limit=5, offset=at)) for at in (0, 5, 10)]

    assert [n for page in pages for n in page] == sorted(days, key=lambda n: days[n], reverse=True)


@pytest.mark.parametrize(
    "name",
    [
        *("C. Manning", "Manning C", "Manning, C. D.", "CD Manning", "manning christopher"),
        *("Christopher D. Manning", "Christopher Manning", "Manning CD 2020"),
    ],
)
def test_initials_find_the_author(library: Library, name: str) -> None:
    """As names stand in reference lists; an author without that initial is another one."""
    fill(
        library,
        {
            1: {"authors": ("Christopher D. Manning",), "published": date(2020, 5, 1)},
            2: {"authors": ("Peyton Manning",), "published": date(2020, 5, 2)},
            3: {"title": "On manning a ship", "abstract": "Manning c programs."},
        },
    )
    library.catch_up(is_encoding=True)

    hits = library.search(name).hits

    assert (hits[0].paper.id, hits[0].why.known_item) == ("arxiv:2603.00001", "author")
    assert all(not hit.why.known_item for hit in hits[1:])


def test_a_middle_initial_too_many_finds_the_author(library: Library) -> None:
    """One source gives it, another does not."""
    fill(library, {1: {"authors": ("Christopher Manning",)}, 2: {"authors": ("Chris Manning",)}})
    library.catch_up(is_encoding=False)

    assert numbers(library.search('author:"Christopher D. Manning"')) == [1]


def test_words_that_papers_speak_of_are_no_author(library: Library) -> None:
    """K. Means may have written a paper, but "k means" is a method."""
    fill(library, {1: {"authors": ("Kathryn Means",)}, 2: {"title": "Fast k means"}})
    fill(library, {3: {"abstract": "We speed up k means."}})
    library.catch_up(is_encoding=False)

    hits = library.search("k means").hits

    assert all(not hit.why.known_item for hit in hits)
    assert hits[0].paper.id != "arxiv:2603.00001"


def test_words_in_another_script_are_scored_as_others_are(library: Library) -> None:
    """The encoder knows no ideograph: words alone count, in the same measure."""
    fill(library, {1: {"title": "深度学习的图像识别"}, 2: {"title": "学习"}, 3: {}})
    library.catch_up(is_encoding=True)

    hits = library.search("深度学习").hits

    assert hits[0].paper.id == "arxiv:2603.00001"
    for hit in hits:
        why = hit.why
        total = why.lexical_weight * why.lexical_norm + why.dense_weight * why.dense_norm
        assert hit.score == pytest.approx(total)
        assert hit.score <= 1


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("(bees OR carbon) attention", {5, 6}),
        ("attention AND NOT carbon", {2, 3}),
        ("attention (cat:cs.CL OR source:acl)", {3, 4}),
        ("attention -source:arxiv", {4}),
        ("attention +cat:cs.CL +cat:cs.LG", {3}),
    ],
)
def test_operators_hold_for_both_retrievers(
    shelf: Library, mode: Mode, query: str, expected: set[int]
) -> None:
    """What is demanded is in every hit, however it was found."""
    found = set(numbers(shelf.search(query, mode=mode)))

    assert found == expected if mode is not Mode.LEXICAL else found <= expected


def test_a_window_ends_today(library: Library) -> None:
    """The clock is the library's; papers without a day are not in it."""
    days = {1: NOON.date(), 2: NOON.date() - 7 * DAY, 3: NOON.date() - 8 * DAY}
    fill(library, {n: {"published": day, "announced": day} for n, day in days.items()})
    library.catch_up(is_encoding=False)

    assert numbers(library.search("window:7d gravity")) == [1, 2]
    assert numbers(library.search("last:week")) == [1, 2]
    assert numbers(library.search("window:day", sort=Sort.DATE)) == [1]


def test_like_a_paper(shelf: Library) -> None:
    """The nearest in meaning, without the example itself; less like another one."""
    near = shelf.search("like:2603.00002")
    away = shelf.search("like:2603.00002 like:2603.00005 -like:2603.00003")

    assert near.mode is Mode.DENSE
    assert numbers(near)[0] in {3, 5}
    assert not {2} & set(numbers(near))
    assert not {2, 3, 5} & set(numbers(away))
    assert near.total == len(numbers(near)) == 5


def test_like_a_text(shelf: Library) -> None:
    """A draft finds what it is near to, as a paper does."""
    found = shelf.search('like:"how much fuel vehicles use in a city"')

    assert numbers(found)[0] == 4
    assert found.total == 6


def test_examples_move_the_words(shelf: Library) -> None:
    """The words still count; what is like the example comes nearer, the other falls."""

    def cosine(query: str) -> float:
        hits = shelf.search(query).hits
        return next(h.why.dense or 0.0 for h in hits if h.paper.id == "arxiv:2603.00005")

    plain = cosine("attention")

    assert cosine('attention like:"carbon in dry regions"') > plain + 0.1
    assert cosine('attention -like:"carbon in dry regions"') < plain - 0.05


def test_an_example_that_is_not_here_is_told(shelf: Library) -> None:
    """Nothing is like nothing; the rest of the query stands."""
    found = shelf.search("bees like:2501.99999")

    assert numbers(found)[0] == 6
    assert "no paper here goes by arxiv:2501.99999" in found.notes[0]


def test_an_example_without_a_vector_is_read_now(library: Library) -> None:
    """A paper that arrived a second ago is an example like any other."""
    fill(library, {1: PAPERS[2], 2: PAPERS[4]})
    library.catch_up(is_encoding=True)
    fill(library, {3: PAPERS[3]})
    library.catch_up(is_encoding=False)

    assert numbers(library.search("like:2603.00003"))[0] == 1


@pytest.mark.parametrize("query", ["", "   ", "author:hopper"])
def test_filters_alone_list_newest_first(shelf: Library, query: str) -> None:
    """Nothing typed: everything, by date; the oldest paper is last."""
    found = shelf.search(query)

    assert numbers(found)[-1] == 4
    assert found.total == (2 if query.strip() else 6)
    assert found.mode is Mode.LEXICAL


@pytest.mark.parametrize(
    ("field", "value"),
    [("limit", 0), ("limit", MAX_LIMIT + 1), ("offset", -1), ("offset", 10**9)],
)
def test_a_page_out_of_range_is_refused(shelf: Library, field: str, value: int) -> None:
    """The error names the parameter, so that a page can mark it."""
    page: dict[str, Any] = {field: value}
    with pytest.raises(QueryError, match=f"{field} must be from") as caught:
        shelf.search("attention", **page)

    assert caught.value.field == field


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('"', id="open quotation"),
        pytest.param("🚀🚀", id="emoji"),
        pytest.param("' OR 1=1 --", id="SQL"),
        pytest.param("((( AND NOT [", id="operators"),
        pytest.param("\x00\ud800", id="no text at all"),
        pytest.param("the of and", id="stop words"),
        pytest.param("שלום", id="right to left"),
        pytest.param("word " * 100_000, id="long"),
        pytest.param("$\\frac{", id="LaTeX"),
    ],
)
@pytest.mark.parametrize("mode", list(Mode))
def test_no_query_is_an_error(shelf: Library, text: str, mode: Mode) -> None:
    """Whatever is typed gets an answer, if an empty one."""
    found = shelf.search(text, mode=mode)

    assert len(found.hits) <= 20


def test_a_long_query_says_that_it_was_cut(shelf: Library) -> None:
    """Otherwise a reader wonders why the end of the pasted abstract has no effect."""
    assert "first 1,000 characters" in shelf.search("bees " * 300).notes[0]


def test_only_those_among_are_ranked(shelf: Library) -> None:
    """Evaluation on pools ranks within the pool, by word and by meaning."""
    key = shelf.paper("2603.00006").key
    among = np.array([key], dtype=np.int64)

    assert ranked(shelf, plain("sparse"), mode=Mode.HYBRID, count=9, among=among) == [key]
    assert ranked(shelf, plain("grace hopper"), mode=Mode.HYBRID, count=9, among=among) == [key]
    typed = replace(plain("x"), identifier=shelf.paper("2603.00004").identifiers[0])
    assert ranked(shelf, typed, mode=Mode.LEXICAL, count=9, among=among) == []


def test_plain_words_are_no_operators() -> None:
    """A minus or a colon in a claim of a test collection is text."""
    query = plain('a -b "c d" cat:cs.LG ...')

    assert [clause.text for clause in query.clauses] == ["a", "-b", '"c', 'd"', "cat:cs.LG"]
    assert not query.filters


# --- while the library changes ---


def test_without_vectors_words_answer(library: Library) -> None:
    """A new library is searchable before anything was encoded, and says what is missing."""
    fill(library, {1: PAPERS[1], 2: PAPERS[2]})
    library.catch_up(is_encoding=False)

    found = library.search("soil")

    assert (numbers(found), found.mode) == ([1], Mode.LEXICAL)
    assert found.notes == ("2 of 2 papers cannot be found by meaning yet.",)
    assert library.search("soil", mode=Mode.DENSE).hits == ()


def test_an_unread_paper_competes_by_its_words(library: Library) -> None:
    """Half of the papers have a vector: the best match by word stays first without one."""
    fill(library, {number: PAPERS[number] for number in (1, 2, 3)})
    library.catch_up(is_encoding=True)
    fill(library, {9: {"title": "Sparse sparse attention", "abstract": "Sparse attention."}})
    library.catch_up(is_encoding=False)

    found = library.search("sparse attention", mode=Mode.HYBRID)

    assert numbers(found)[0] == 9
    assert found.hits[0].why.dense is None
    assert found.hits[0].why.lexical_weight == 1.0
    assert found.notes == ("1 of 4 papers cannot be found by meaning yet.",)


def test_a_broken_encoder_leaves_words(library: Library) -> None:
    """Search goes on without meaning; who asks for meaning alone is told."""
    fill(library, {1: PAPERS[1]})
    library.catch_up(is_encoding=True)
    library.encoder = BrokenEncoder()

    assert numbers(library.search("soil")) == [1]
    assert "model.onnx is not the file" in library.search("soil").notes[0]
    with pytest.raises(EncoderError):
        library.search("soil", mode=Mode.DENSE)


class BrokenEncoder:
    """An encoder whose files were altered."""

    space = "all-MiniLM-L6-v2"
    name = f"{space}/int8/128"
    dim = 384
    joint = ". "

    def encode(self, texts: object, /) -> Any:
        """Refuse."""
        raise EncoderError("model.onnx is not the file that it was")

    encode_query = encode


def test_equal_scores_come_newest_first_across_pages(library: Library) -> None:
    """Papers that differ in date alone: no page repeats or drops one."""
    same = {"title": "One title", "abstract": "One abstract.", "authors": ()}
    days = {n: date(2026, 1, 1) + (n * 7 % 13) * DAY for n in range(1, 13)}
    fill(
        library,
        {n: same | {"title": f"Word {n}", "published": d, "announced": d} for n, d in days.items()},
    )
    library.catch_up(is_encoding=False)

    pages = [numbers(library.search("abstract", limit=5, offset=at)) for at in (0, 5, 10)]

    assert [n for page in pages for n in page] == sorted(days, key=lambda n: days[n], reverse=True)


def test_pages_go_on_beyond_the_candidates(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deep pages hold every match once, however few papers are fused."""
    monkeypatch.setattr("broadsheet.library.candidates.CANDIDATES", 5)
    fill(library, {n: {"title": f"Bees number {n}"} for n in range(1, 31)})
    library.catch_up(is_encoding=True)

    found = [
        n for at in range(0, 40, 7) for n in numbers(library.search("bees", limit=7, offset=at))
    ]

    assert sorted(found) == list(range(1, 31))
    assert library.search("bees", limit=1).total == 30


def test_whoever_searches_is_known_to_wait(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nothing is encoded until the answer is out."""
    fill(library, {1: {"title": "Bees"}})
    seen: list[bool] = []
    lexical = library.engine.lexical

    def watched(*args: Any, **options: Any) -> Any:
        seen.append(library.engine.is_answering())
        return lexical(*args, **options)

    monkeypatch.setattr(library.engine, "lexical", watched)
    library.search("bees")

    assert set(seen) == {True}
    assert not library.engine.is_answering()


def test_encoding_takes_the_newest_first_and_ends(library: Library) -> None:
    """A backlog never makes today's papers wait, and a paper of no known word is done too."""
    fill(library, {1: {"published": date(2020, 1, 1), "announced": date(2020, 1, 1)}})
    fill(library, {2: {"title": "🚀", "abstract": ""}, 3: {}})
    library.catch_up(is_encoding=False)

    assert encode_pending(library, 2) == 2
    assert library.engine.pending(encoder=library.encoder.name, limit=9) == [
        library.paper("2603.00001").key
    ]
    assert encode_pending(library, 2) == 1
    assert encode_pending(library, 2) == 0


def test_the_encoder_reads_plain_text() -> None:
    """LaTeX would be read letter by letter."""
    one = paper(1, title=r"The $O(n)$ \emph{bee}", abstract="")

    assert document_text(one) == "The O(n) bee"
    assert document_text(replace(one, abstract="It flies.")) == "The O(n) bee. It flies."
    assert (
        document_text(replace(one, abstract="It flies."), "[SEP]") == "The O(n) bee[SEP]It flies."
    )
    assert document_text(one, "[SEP]") == "The O(n) bee"


@pytest.mark.parametrize("sort", [None, Sort.DATE, Sort.VOTES])
@pytest.mark.parametrize("mode", [Mode.LEXICAL, Mode.HYBRID])
def test_later_pages_are_as_of_the_first(library: Library, mode: Mode, sort: Sort | None) -> None:
    """Papers that arrive between two pages push nothing from one to the other."""
    fill(library, {n: {"title": f"Bees number {n}"} for n in range(1, 13)})
    library.catch_up(is_encoding=True)
    whole = numbers(library.search("bees", mode=mode, sort=sort, limit=50))
    first = library.search("bees", mode=mode, sort=sort, limit=5)
    fill(library, {n: {"title": f"Bees number {n}"} for n in range(20, 26)})
    library.catch_up(is_encoding=True)

    rest = [
        library.search(
            "bees", mode=mode, sort=sort, limit=5, offset=at, filters=Filters(last_key=first.as_of)
        )
        for at in (5, 10)
    ]

    found = [n for page in (first, *rest) for n in numbers(page)]
    assert sorted(found) == sorted(whole) == list(range(1, 13))
    assert {page.total for page in rest} == {first.total}
    assert {page.as_of for page in rest} == {first.as_of}
    assert library.search("bees", mode=mode).total == 18
