"""Similar papers on the page and in the API: a form, no script, nothing kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import record
from tests.support_web import Page, fill

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from broadsheet.library import Library

DRAFT = "Zanzibar: gravity wells of the visual system"


def test_papers_of_an_address_are_looked_up(library: Library, client: TestClient) -> None:
    """The form shows them again; none of them is among the answers."""
    fill(library, [record(n) for n in range(1, 5)])
    page = Page(client.get("/similar?to=2603.00001+2603.00002").text)
    hits = [tag["id"] for tag in page.all("li", class_="hit")]

    assert page.all("input", name="to")[0]["value"] == "2603.00001 2603.00002"
    assert len(hits) == 2
    assert "2 papers" in page.text


def test_a_text_is_answered_and_not_kept(library: Library, client: TestClient) -> None:
    """By POST, so that no address, log or cache has it; the form still holds it."""
    fill(library, [record(n) for n in range(1, 4)])
    answer = client.post("/similar", data={"text": DRAFT})
    page = Page(answer.text)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.url.path == "/similar"
    assert not answer.url.query
    assert DRAFT in page.text
    assert page.all("li", class_="hit")
    assert not [a for a in page.all("a") if "Zanzibar" in a.get("href", "")]


def test_each_hit_can_be_added_without_script(library: Library, client: TestClient) -> None:
    """Its buttons send the same form with one paper more."""
    fill(library, [record(n) for n in range(1, 4)])
    page = Page(client.post("/similar", data={"text": DRAFT}).text)
    buttons = page.all("button", form="similar", name="unlike")
    again = Page(
        client.post("/similar", data={"text": DRAFT, "unlike": ["", buttons[0]["value"]]}).text
    )

    assert again.all("input", name="unlike")[0]["value"] == buttons[0]["value"]
    assert len(again.all("li", class_="hit")) == len(page.all("li", class_="hit")) - 1


def test_the_aspect_is_the_readers_choice(library: Library, client: TestClient) -> None:
    """From a paper's page; the bars say what it changed."""
    abstract = (
        "Bees are a problem. We use a model that is trained on features. The results show it."
    )
    fill(library, [record(n, title=f"Bees {n}", abstract=abstract) for n in range(1, 3)])
    library.catch_up(is_encoding=True)
    paper = Page(client.get("/papers/2603.00001").text)
    (link,) = [a["href"] for a in paper.all("a") if "aspect=method" in a.get("href", "")]
    page = Page(client.get(link).text)
    (chosen,) = [one for one in page.all("input", name="aspect") if "checked" in one]

    assert chosen["value"] == "method"
    assert "aspect" in page.text
    assert "final" in page.text
    assert client.get("/similar?aspect=colour").status_code == 400


def test_filters_narrow_what_is_similar(library: Library, client: TestClient) -> None:
    """And stay in the form."""
    fill(library, [record(1), record(2), record(3, categories=("q-bio.NC",))])
    page = Page(client.post("/similar", data={"to": "2603.00001", "cat": "q-bio.NC"}).text)

    assert len(page.all("li", class_="hit")) == 1
    assert page.all("input", name="cat")[0]["value"] == "q-bio.NC"


def test_mistakes_show_the_form_again(client: TestClient) -> None:
    """With what was typed, and what to do."""
    answer = client.post("/similar", data={"unlike": "2603.00001"})

    assert answer.status_code == 400
    assert "name a paper, or give a text" in Page(answer.text).text
    assert client.get("/similar?to=2603.99999").status_code == 404

    missing = client.post("/similar", data={"to": "2603.99999", "text": "what was pasted"})
    assert missing.status_code == 404
    assert "2603.99999" in missing.text
    assert ">what was pasted</textarea>" in missing.text
    assert client.get("/similar").status_code == 200
    assert (
        client.post("/similar", data={"text": "x"}, headers={"Origin": "https://e.example"})
    ).status_code == 403


def test_programs_ask_by_several_and_by_text(library: Library, client: TestClient) -> None:
    """The same by the API; a paper's own list takes an aspect and filters."""
    fill(library, [record(n) for n in range(1, 5)])
    body = {"papers": ["2603.00001"], "unlike": ["2603.00002"], "text": "gravity"}
    found = client.post("/api/v1/similar", params={"limit": 9}, json=body).json()["data"]
    narrow = client.get("/api/v1/papers/2603.00001/similar?category=q-bio&aspect=task").json()
    wrong = client.post("/api/v1/similar", json={})

    assert {hit["paper"]["id"] for hit in found} == {"arxiv:2603.00003", "arxiv:2603.00004"}
    assert narrow["data"] == []
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (400, "to")


@pytest.mark.parametrize("show", ["", "80", "-1", "many", "1" * 5_000, "²", "41"])
def test_there_are_more_where_more_are_near(
    library: Library, client: TestClient, show: str
) -> None:
    """A button asks the same for more of them, as far as nearness means anything."""
    fill(library, [record(n) for n in range(1, 100)])
    page = Page(client.post("/similar", data={"text": DRAFT, "show": show}).text)
    shown = len(page.all("li", class_="hit"))
    more = [button["value"] for button in page.all("button", form="similar", name="show")]

    assert (shown, more) == ((80, ["120"]) if show == "80" else (40, ["80"]))
