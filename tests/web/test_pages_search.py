"""Search: how the query was read, what was found, and why."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from broadsheet.model import Clause, Explanation, Filters, Hit, Mode, Query, Sort
from broadsheet.text import query as language
from broadsheet.web.pages import papers_search
from broadsheet.web.pages.papers_search import Asked
from tests.support import record
from tests.support_papers import paper
from tests.support_web import Page, fill

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from broadsheet.library import Library


def asked(text: str, **changes: object) -> Asked:
    """Return a search for a text."""
    values = {"filters": Filters(), "sort": None, "mode": Mode.HYBRID, "page": 1} | changes
    return Asked(text=text, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sparse", {"word sparse": "", "meaning sparse": "sparse"}),
        (
            'title:sparse "world models" -image',
            {
                "title sparse": '"world models" -image',
                "“world models”": "title:sparse -image",
                "not image": 'title:sparse "world models"',
                "meaning sparse world models": 'title:sparse "world models" -image',
            },
        ),
        ("cat:cs.LG has:code", {"category cs.LG": "has:code", "with code": "cat:cs.LG"}),
    ],
)
def test_each_chip_drops_its_part(text: str, expected: dict[str, str]) -> None:
    """The reader sees how the query was read, and takes back any part of it."""
    chips = papers_search.chips(asked(text), language.parse(text))

    found = {
        f"{chip.label} {chip.text}".strip(): parse_qs(urlsplit(chip.url).query).get("q", [""])[0]
        for chip in chips
    }
    assert found == expected


def test_filters_of_the_address_are_chips_too() -> None:
    """Dropping one keeps the others."""
    search = asked("x", filters=Filters(categories=("cs.LG", "cs.CL"), has=("code",)))
    chips = {chip.text: chip.url for chip in papers_search.chips(search, language.parse("x"))}

    assert "cat=cs.CL" in chips["cs.LG"]
    assert "cat=cs.LG" not in chips["cs.LG"]
    assert "has=code" in chips["cs.LG"]


@pytest.mark.parametrize(
    "text", ["2603.00001", "arXiv:2603.00001v2", "https://arxiv.org/abs/2603.00001", " 2603.00001 "]
)
def test_an_identifier_opens_its_paper(library: Library, client: TestClient, text: str) -> None:
    """Who pastes an id or address wants that paper, not a list."""
    fill(library, [record(1)])
    answer = client.get("/papers", params={"q": text}, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/papers/2603.00001")


def test_an_identifier_that_is_not_here_is_explained(client: TestClient) -> None:
    """Not "no results": the id was understood, the paper has not come."""
    text = Page(client.get("/papers?q=2603.99999").text).text

    assert "It is the identifier arxiv:2603.99999" in text


def test_a_slip_is_mended_on_the_page_and_can_be_taken_back(
    library: Library, client: TestClient
) -> None:
    """The page says what it searched for, and leads to what was typed."""
    fill(library, [record(n) for n in range(1, 4)])
    page = Page(client.get("/papers?q=gravitty+wells&mode=lexical").text)
    links = {tag["href"] for tag in page.all("a") if "%22gravitty%22" in tag.get("href", "")}

    assert "these are for gravity wells" in page.text
    assert "wordgravity" in page.text
    assert "3 papers" in page.text
    (link,) = links
    assert "these are for" not in Page(client.get(link).text).text


def test_every_hit_says_why(reader: TestClient) -> None:
    """Bars for words, meaning and the final score; the figures behind them; marked words."""
    page = Page(reader.get("/papers?q=sparse+models").text)

    assert "words" in page.text
    assert "meaning" in page.text
    assert "final" in page.text
    assert "BM25" in page.text
    assert "Cosine" in page.text
    assert page.all("mark")
    assert len(page.all("svg", class_="gauge")) >= 3


def test_citations_are_told_where_they_count(library: Library, client: TestClient) -> None:
    """On the hit, on the paper's page, in the API and among the constants; zero is told in none."""
    fill(
        library,
        [
            record(1, title="Sparse wells", extra={"citations": 1234}),
            record(2, title="Sparse holes", extra={"citations": 0}),
        ],
    )
    library.catch_up(is_encoding=True)

    page = Page(client.get("/papers?q=sparse").text)
    first, second = client.get("/api/v1/search?q=sparse").json()["data"]

    assert page.text.count("Cited 1,234 times, weight 0.1") == 1
    assert page.text.count("Cited") == 1
    assert "cited 1,234 times" in Page(client.get("/papers/2603.00001").text).text
    assert "cited" not in Page(client.get("/papers/2603.00002").text).text
    assert "weight of citations" in Page(client.get("/about/ranking").text).text
    assert (first["paper"]["citations"], second["paper"]["citations"]) == (1234, 0)
    assert first["why"]["citations"] == 1234
    assert first["why"]["citation_weight"] == second["why"]["citation_weight"] == 0.1
    assert second["why"]["citations"] is None


def test_marks_are_the_index_own_and_break_nothing(library: Library, client: TestClient) -> None:
    """British words mark American ones, a quotation only its form; tags and LaTeX stay whole."""
    fill(
        library,
        [
            record(
                1,
                title="Color of <i>networks</i> and $\\alpha$",
                abstract="A network. Networks <b>of</b> $x^2 < y$ are colored.",
            )
        ],
    )

    def shown(query: str) -> str:
        return client.get("/papers", params={"q": query, "mode": "lexical"}).text

    title = "<mark>Color</mark> of &lt;i&gt;networks&lt;/i&gt; and <mark>α</mark>"  # noqa: RUF001
    assert title in shown("colour alpha")
    assert "<mark>Networks</mark> &lt;b&gt;of&lt;/b&gt; x² &lt; y are colored." in shown(
        '"networks"'
    )
    assert "A network. <mark>Networks</mark>" in shown('"networks"')
    assert "<mark>network</mark>. <mark>Networks</mark>" in shown("network")


def test_the_whole_abstract_is_a_press_away_without_script(
    library: Library, client: TestClient
) -> None:
    """Below the nearest sentence, where there is more than that, and marked like it."""
    abstract = "It begins. Gravity pulls. It ends."
    fill(library, [record(1, abstract=abstract), record(2, abstract="Gravity.", title="Short")])
    html = client.get("/papers?q=gravity&mode=lexical").text

    assert '<blockquote dir="auto">… <mark>Gravity</mark> pulls.</blockquote>' in html
    assert "It begins. <mark>Gravity</mark> pulls. It ends." in html
    assert html.count("whole abstract") == 1


def test_filters_narrow_and_survive_the_pages(library: Library, client: TestClient) -> None:
    """Category, date, source, topic and links; the next page keeps them."""
    fill(library, [record(n, categories=("cs.CL",)) for n in range(1, 31)])
    fill(library, [record(n) for n in range(31, 41)])
    page = Page(client.get("/papers?q=gravity&cat=cs.CL&mode=lexical&sort=date").text)
    url = page.all("a", rel="next")[0]["href"]

    assert "30 papers" in page.text
    kept = {"q": "gravity", "cat": "cs.CL", "mode": "lexical", "sort": "date", "page": "2"}
    kept |= {"as_of": "40"}
    assert parse_qs(urlsplit(url).query) == {name: [value] for name, value in kept.items()}
    assert "Papers 21 to 30 of 30" in Page(client.get(url).text).text
    for name in ("source", "cat", "since", "until", "has", "mode"):
        assert page.all("input", name=name), name


def test_counts_are_of_all_hits_and_lead_on(library: Library, client: TestClient) -> None:
    """Beyond the page; each count adds its filter, or takes it away when it is set."""
    fill(library, [record(n, categories=("cs.CL",)) for n in range(1, 31)])
    fill(library, [record(n) for n in range(31, 41)])
    page = Page(client.get("/papers?q=gravity&mode=lexical").text)
    (only,) = page.all("a", aria_label="Only cs.CL, 30 papers")
    narrow = Page(client.get(only["href"]).text)
    (without,) = narrow.all("a", aria_label="Without cs.CL, 30 papers")

    assert "40 papers" in page.text
    assert "30 papers" in narrow.text
    assert without["href"] == "/papers?q=gravity&mode=lexical"


def test_years_are_a_picture_with_links(library: Library, client: TestClient) -> None:
    """Each bar narrows to its year; within it, it leads back."""
    for year in (2020, 2021):
        day = date(year, 5, 1)
        fill(library, [record(year - 2000 + n, published=day) for n in range(0, 30, 10)])
    page = Page(client.get("/papers?q=gravity").text)
    (bar,) = page.all("a", aria_label="2021: 3 papers")

    assert bar["href"] == "/papers?q=gravity&since=2021-01-01&until=2021-12-31"
    assert "3 papers" in Page(client.get(bar["href"]).text).text


def test_a_later_page_is_as_of_the_first(library: Library, client: TestClient) -> None:
    """Its links keep the moment; a new question forgets it."""
    fill(library, [record(n) for n in range(1, 31)])
    url = Page(client.get("/papers?q=gravity&mode=lexical").text).all("a", rel="next")[0]["href"]
    fill(library, [record(n) for n in range(31, 71)])
    page = Page(client.get(url).text)

    assert "Papers 21 to 30 of 30" in page.text
    assert page.all("a", rel="prev")[0]["href"] == "/papers?q=gravity&mode=lexical"
    assert client.get("/papers?q=gravity&as_of=x").status_code == 400


def test_each_hit_leads_to_more_and_less_like_it(library: Library, client: TestClient) -> None:
    """Links, so that they work without script: the search is asked again with an example."""
    fill(library, [record(1), record(2)])
    page = Page(client.get("/papers?q=gravity&mode=lexical").text)
    more = [a["href"] for a in page.all("a") if a.get("aria-label", "").startswith("More like")]
    less = [a["href"] for a in page.all("a") if a.get("aria-label", "").startswith("Less like")]

    assert "/papers?q=gravity+like%3A2603.00001&mode=lexical" in more
    assert "/papers?q=gravity+-like%3A2603.00001&mode=lexical" in less
    assert "unlike 2603." in Page(client.get(less[0]).text).text


def test_a_search_leads_to_its_feeds(reader: TestClient) -> None:
    """The same question as Atom and JSON, filters and all."""
    page = Page(reader.get("/papers?q=sparse&cat=cs.IR").text)
    feeds = [tag["href"] for tag in page.all("link", rel="alternate")]

    assert feeds == ["/papers.atom?q=sparse&cat=cs.IR", "/papers.json?q=sparse&cat=cs.IR"]
    assert all(reader.get(feed).status_code == 200 for feed in feeds)


@pytest.mark.parametrize(
    ("why", "words", "expected"),
    [
        (Explanation(known_item="id"), 1, "its identifier is what you typed"),
        (Explanation(known_item="title"), 3, "its title is what you typed"),
        (Explanation(known_item="sentence"), 9, "what it says is what you typed"),
        (Explanation(matched=("a",), lexical_rank=1), 1, "the word"),
        (Explanation(matched=("a", "b"), lexical_rank=1), 2, "all words"),
        (Explanation(matched=("a",), lexical_rank=2, dense_rank=5), 2, "1 of 2 words"),
        (Explanation(dense_rank=1), 2, "close in meaning"),
        (
            Explanation(matched=("a",), lexical_rank=9, dense_rank=1, heat=2.5),
            2,
            "1 of 2 words; close in meaning; heat 2.50",
        ),
        (Explanation(), 0, ""),
    ],
)
def test_the_reason_is_one_clause(why: Explanation, words: int, expected: str) -> None:
    """Only what was found, in the order that counts."""
    query = Query(text="", clauses=tuple(Clause(text=str(n)) for n in range(words)))

    assert papers_search.reason(Hit(paper=paper(), score=1.0, why=why), query) == expected


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    values=st.lists(st.text("aä&=+# %\"'<", min_size=1, max_size=5).map(str.strip), max_size=3),
    sort=st.none() | st.sampled_from(Sort),
    mode=st.sampled_from(Mode),
    page=st.integers(1, 9),
)
def test_an_address_leads_back_to_its_search(
    text: str, values: list[str], sort: Sort | None, mode: Mode, page: int
) -> None:
    """Parts of addresses are kept between searches: none may leak from one into another."""
    topics = tuple(dict.fromkeys(filter(None, values)))
    search = Asked(text=text, filters=Filters(topics=topics), sort=sort, mode=mode, page=page)

    there = papers_search.read(QueryParams(search.url(page=page).partition("?")[2]))

    assert there == search
    assert (
        papers_search.read(QueryParams(search.url(text="other").partition("?")[2])).text == "other"
    )
