"""Why is this one paper? Reasons, undo and merge on the page and in the API."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from broadsheet.model import Identifier, Scheme
from tests.support import record
from tests.support_web import Page, fill
from tests.web.conftest import HOME

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from broadsheet.library import Library

URL = "/papers/2603.00001"
ACL = Identifier(Scheme.ACL, "2026.acl-long.1")


def two(library: Library) -> None:
    """Fill the library with two papers that nothing ties together."""
    other = record(
        2,
        source="acl",
        source_id="2026.acl-long.1",
        identifiers=(ACL,),
        title="Quite another title",
    )
    fill(library, [record(1), other])


def test_papers_are_made_one_and_two_again(library: Library, client: TestClient) -> None:
    """By two forms that work without scripts; the page says why and what was undone."""
    two(library)
    made = client.post(
        f"{URL}/merge",
        data={"other": "https://aclanthology.org/2026.acl-long.1"},
        follow_redirects=False,
    )
    assert (made.status_code, made.headers["location"]) == (303, f"{URL}#work")
    page = Page(client.get(URL).text)
    assert "acl 2026.acl-long.1 joined by hand." in page.text
    number = page.all("input", name="merge")[0]["value"]
    old = client.get("/papers/acl:2026.acl-long.1", follow_redirects=False)
    assert old.headers["location"] == URL

    undone = client.post(f"{URL}/unmerge", data={"merge": number}, follow_redirects=False)
    assert undone.status_code == 303
    assert "Taken apart, and kept apart." in Page(client.get(URL).text).text
    assert client.get("/papers/acl:2026.acl-long.1").status_code == 200


def test_mistakes_of_the_form_are_told(library: Library, client: TestClient) -> None:
    """An id that nobody has, the paper itself, a merge of another paper."""
    two(library)
    paper = library.unite("2603.00001", str(ACL))
    fill(library, [record(3)])

    assert client.post(f"{URL}/merge", data={"other": "2603.00009"}).status_code == 404
    assert client.post(f"{URL}/merge", data={"other": "2603.00001"}).status_code == 400
    number = library.merges(paper)[0].key
    answer = client.post("/papers/2603.00003/unmerge", data={"merge": number})
    assert answer.status_code == 404


def test_another_site_merges_nothing(library: Library, client: TestClient) -> None:
    """A page elsewhere must not press the button for its visitor."""
    two(library)
    answer = client.post(
        f"{URL}/merge", data={"other": str(ACL)}, headers={"origin": "https://evil.example"}
    )

    assert answer.status_code == 403
    assert library.merges() == []


def test_an_open_instance_shows_reasons_but_no_buttons(
    library: Library, client: TestClient
) -> None:
    """What nobody may press is not there, and pressing it anyway is refused."""
    two(library)
    library.unite("2603.00001", str(ACL))
    library.settings = replace(library.settings, base_url=HOME)

    page = Page(client.get(URL).text)
    assert "joined by hand" in page.text
    assert not page.all("input", name="merge")
    assert client.post(f"{URL}/unmerge", data={"merge": "1"}).status_code == 403
    assert client.delete("/api/v1/merges/1").status_code == 403


def test_the_api_merges_lists_and_undoes(library: Library, client: TestClient) -> None:
    """The same three things for programs."""
    two(library)
    made = client.post("/api/v1/papers/2603.00001/merge", params={"other": str(ACL)})
    assert made.json()["data"]["id"] == "arxiv:2603.00001"
    [merge] = client.get("/api/v1/papers/2603.00001/merges").json()["data"]
    assert (merge["reason"], merge["records"]) == ("hand", ["acl 2026.acl-long.1"])

    undone = client.delete(f"/api/v1/merges/{merge['merge']}").json()["data"]
    assert [one["id"] for one in undone] == ["arxiv:2603.00001", str(ACL)]
    assert client.delete(f"/api/v1/merges/{merge['merge']}").status_code == 400
    assert client.delete("/api/v1/merges/99").status_code == 404


def test_every_value_says_where_it_comes_from(library: Library, client: TestClient) -> None:
    """On the page in a block of its own, and in the paper's JSON."""
    fill(library, [record(1), record(1, source_id="2603.00001v2", version=2, title="Newer")])

    meta = client.get(f"{URL}.json").json()["meta"]
    assert [one["source_id"] for one in meta["provenance"]["title"]] == ["2603.00001v2"]
    assert meta["ties"] == ["arxiv 2603.00001v1 and arxiv 2603.00001v2 name arxiv:2603.00001."]
    assert meta == client.get("/api/v1/papers/2603.00001").json()["meta"]
    page = Page(client.get(URL).text)
    assert page.all("details", class_="supplied")
    assert "Value by value" in page.text
