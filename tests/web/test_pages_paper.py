"""One paper's page, and what a reader does there."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.model import Identifier, Link, Scheme, Signal, SignalKind, Status
from broadsheet.web.pages import paper_show
from tests.support import NOON, record
from tests.support_web import Page, fill

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from broadsheet.library import Library

URL = "/papers/2603.00001"


def test_the_page_says_all_that_is_known(library: Library, client: TestClient) -> None:
    """Authors, versions, where each record came from, signals, links, a citation."""
    signal = Signal(kind=SignalKind.VOTE, value=3, at=NOON - timedelta(days=1), origin="hosted")
    later = Signal(kind=SignalKind.VOTE, value=9, at=NOON, origin="hosted")
    links = (
        Link(kind="pdf", url="https://arxiv.org/pdf/2603.00001"),
        Link(kind="code", url="https://github.com/ada/wells"),
    )
    first = record(1, signals=(signal, later), links=links, topics=("gravity",), venue="ICLR")
    second = record(1, source_id="2603.00001v2", version=2, comment="12 pages")
    fill(library, [first, second])
    page = Page(client.get(URL).text)

    for text in (
        *("Émilie du Châtelet", "v2", "v1", "read 4 Mar 2026, 12:00", "2603.00001v2"),
        *("9 votes", "PDF at arxiv.org", "Code at github.com", "@", "gravity", "ICLR"),
        *("The authors remark: 12 pages", "Signals over time", "cs.LG"),
    ):
        assert text in page.text, text
    assert page.all("svg", class_="plot")[0]["aria-label"].startswith("9 votes from")
    assert page.all("meta", name="citation_title")
    assert page.all("span", class_="Z3988")
    assert page.all("a", href="https://github.com/ada/wells")[0]["rel"] == "noopener external"


@pytest.mark.parametrize(
    "name",
    [
        *("2603.00001v1", "arXiv:2603.00001", "https://arxiv.org/abs/2603.00001v3"),
        *("arxiv:2603.00001", "10.48550/arXiv.2603.00001", "ARXIV:2603.00001"),
    ],
)
def test_other_names_lead_to_the_one_address(
    library: Library, client: TestClient, name: str
) -> None:
    """Permanently, so that crawlers and bookmarks follow."""
    fill(library, [record(1)])
    answer = client.get(f"/papers/{name}", follow_redirects=False)

    assert answer.status_code == 301
    assert answer.headers["location"] == URL


def test_an_address_of_before_a_merge_still_leads_here(
    library: Library, client: TestClient
) -> None:
    """A paper known by its title gets its real id later; old links keep working."""
    known = {"title": "A most unusual title about wells", "authors": ("Ada Lovelace",)}
    fill(library, [record(1, identifiers=(), source="capture", source_id="page 1", **known)])
    old = next(iter(library.edition(NOON.date()).papers)).paper
    assert old.id.startswith("title:")
    fill(library, [record(1, **known)])

    answer = client.get(f"/papers/{old.id}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, URL)


def test_a_withdrawn_paper_is_marked_wherever_it_is_listed(
    library: Library, client: TestClient
) -> None:
    """On its page with the source that says so, in the edition, among hits, and in the API."""
    fill(library, [record(1, status=Status.WITHDRAWN, title="On wells that were deep")])

    assert "arXiv says that this paper was withdrawn" in " ".join(
        Page(client.get(URL).text).text.split()
    )
    for url in (f"/papers/date/{NOON.date()}", "/papers?q=wells"):
        assert "Withdrawn" in Page(client.get(url).text).text, url
    told = client.get(f"{URL}.json").json()["data"]
    assert (told["status"], told["status_by"]) == ("withdrawn", "arxiv")


HOSTILE = [
    pytest.param("</script><script>alert(1)</script>", id="the end of a script"),
    pytest.param('"><img src=x onerror=alert(1)>', id="the end of an attribute"),
    pytest.param("{{ 7 * 7 }} {% raw %}", id="a template"),
    pytest.param("\u202egnirts\u202c and \u2066isolated", id="bidirectional controls"),
    pytest.param("مقالة عن الآبار العميقة", id="right to left"),
    pytest.param("Wells 🕳️ and 🦄 dug by 👩‍🔬", id="emoji"),
    pytest.param(r"On $\mathbb{R}^3 \times S^2$ and $O(n\log n)$ \textbf{wells}", id="LaTeX"),
    pytest.param("$" + "{" * 500, id="braces without end"),
    pytest.param("'; DROP TABLE papers; --", id="SQL"),
    pytest.param("javascript:alert(1)", id="a scheme"),
    pytest.param("word " * 4000, id="twenty thousand characters"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(
    library: Library, client: TestClient, text: str
) -> None:
    """In titles, abstracts, authors, venues, topics and comments, on every page that lists it."""
    name = " ".join(text.split())[:400] or "x"
    signal = Signal(kind=SignalKind.VOTE, value=3, at=NOON, origin=name[:60])
    fill(
        library,
        [
            record(
                1,
                title=name,
                abstract=text,
                authors=(name,),
                venue=name,
                comment=name,
                topics=(name.lower()[:80],),
                license=name,
                links=(Link(kind="code", url="https://x.example/?a=1&b='\"<>"),),
                signals=(signal,),
            )
        ],
    )
    for path in (URL, f"/papers/date/{NOON.date()}", "/papers/trending", "/papers?q=wells"):
        answer = client.get(path)
        page = Page(answer.text)

        assert answer.status_code == 200, path
        assert not page.all("img")
        assert all(tag.get("src", "/static/").startswith("/static/") for tag in page.all("script"))
        assert not [tag for _, tag in page.tags if any(key.startswith("on") for key in tag)]
        assert all(
            re.match(r"(https?:|/|#|\?)", tag["href"]) for tag in page.all("a") if "href" in tag
        )
        assert "\u202e" not in answer.text
        assert "49 " not in page.text[:40]


def test_the_data_for_machines_cannot_end_its_script(library: Library, client: TestClient) -> None:
    """JSON-LD stands in a script element: no markup of a title may close it."""
    title = "A </script><b> & well"
    fill(library, [record(1, title=title)])
    html = client.get(URL).text
    inside = html.partition('<script type="application/ld+json">')[2].partition("</script>")[0]

    assert json.loads(inside)["name"] == title or title in json.dumps(json.loads(inside))


def test_formulas_are_text_first_and_loaded_only_where_they_are(
    library: Library, client: TestClient
) -> None:
    """Without script the formula reads as Unicode; KaTeX comes only with formulas."""
    fill(
        library, [record(1, abstract=r"Of $x^2$ and \textbf{bold}."), record(2, abstract="Plain.")]
    )
    with_formula = client.get(URL).text
    without = client.get("/papers/2603.00002").text

    assert '<span class="tex" data-tex="x^2">x²</span>' in with_formula
    assert "katex.min.js" in with_formula
    assert "katex" not in without


def test_a_link_of_another_scheme_is_not_shown(library: Library) -> None:
    """Only what a browser opens as a page."""
    fill(library, [record(1)])
    paper = library.paper("2603.00001")
    shown = paper_show.doors(paper)

    assert all(url.startswith("http") for _, url in shown)
    assert len({url for _, url in shown}) == len(shown)


def test_a_vote_counts_once_and_can_be_taken_back(library: Library, client: TestClient) -> None:
    """Pressed twice is one vote; the page comes back to its place."""
    fill(library, [record(1)])
    home = {"Referer": "http://127.0.0.1:8000/papers/week?page=2"}
    for _ in range(2):
        answer = client.post(f"{URL}/vote", data={"on": "1"}, headers=home, follow_redirects=False)
    key = library.paper("2603.00001").key

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/papers/week?page=2#p{key}"
    assert library.paper("2603.00001").votes == 1
    client.post(f"{URL}/vote", data={"on": "0"})
    assert library.paper("2603.00001").votes == 0


@pytest.mark.parametrize(
    ("referer", "expected"),
    [
        ("https://evil.example/x", URL),
        ("http://127.0.0.1:8000@evil.example/x", URL),
        ("//evil.example/x", URL),
        ("javascript:alert(1)", URL),
        ("", URL),
        ("http://127.0.0.1:8000//evil.example/x", "/evil.example/x"),
    ],
)
def test_a_redirect_never_leaves_the_house(
    library: Library, client: TestClient, referer: str, expected: str
) -> None:
    """Only path and query of our own pages are followed back, else the paper is shown."""
    fill(library, [record(1)])
    answer = client.post(
        f"{URL}/vote", data={"on": "1"}, headers={"Referer": referer}, follow_redirects=False
    )

    assert answer.headers["location"].partition("#")[0] == expected


def test_htmx_gets_the_button_alone(library: Library, client: TestClient) -> None:
    """The new state, ready to be swapped in, and nothing else of a page."""
    fill(library, [record(1)])
    hx = {"HX-Request": "true"}
    vote = client.post(f"{URL}/vote", data={"on": "1"}, headers=hx)
    save = client.post(f"{URL}/save", data={"on": "1"}, headers=hx)

    assert vote.text.lstrip().startswith("<form")
    assert 'aria-pressed="true"' in vote.text
    assert ">saved</button>" in save.text
    assert "<html" not in vote.text + save.text


def test_a_paper_is_saved_found_and_taken_off(library: Library, client: TestClient) -> None:
    """On the usual shelf, or on any other by name."""
    fill(library, [record(1)])
    client.post(f"{URL}/save", data={"on": "1", "shelf": "Séminaire / été"})
    shelves = Page(client.get("/shelves").text)
    shelf = Page(client.get("/shelves/S%C3%A9minaire%20%2F%20%C3%A9t%C3%A9").text)

    assert "Séminaire / été" in shelves.text
    assert "On the 1th paper" in shelf.text
    assert "Take off" in Page(client.get(URL).text).text
    client.post(f"{URL}/save", data={"on": "0", "shelf": "Séminaire / été"})
    assert client.get("/shelves/S%C3%A9minaire%20%2F%20%C3%A9t%C3%A9").status_code == 404
    assert client.post(f"{URL}/save", data={"shelf": "x" * 81}).status_code == 400


def test_a_doi_with_slashes_has_a_page(library: Library, client: TestClient) -> None:
    """Its path has several parts, and so have its vote and its shelf."""
    doi = Identifier(Scheme.DOI, "10.1145/1571941.1572114")
    fill(library, [record(1, identifiers=(doi,), source_id="x", source="acl")])
    url = "/papers/doi:10.1145/1571941.1572114"

    assert client.get(url).status_code == 200
    assert client.post(f"{url}/vote", data={"on": "1"}, follow_redirects=False).status_code == 303
