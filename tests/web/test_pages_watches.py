"""Watches on the page and in the API: forms and links, no script."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tests.support import record
from tests.support_web import Page, fill

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from broadsheet.library import Library

SEARCH = "/papers?q=gravity&cat=cs.LG&sort=date&mode=lexical"


def hidden(page: Page) -> dict[str, str]:
    """Return what the form that keeps a search would send."""
    names = {"q", "cat", "sort", "mode"}
    fields = {tag.get("name", ""): tag.get("value", "") for tag in page.all("input", type="hidden")}
    return {name: value for name, value in fields.items() if name in names}


def test_a_search_is_kept_as_it_is(library: Library, client: TestClient) -> None:
    """Filters, order and mode, too; the list leads to it and to its feeds."""
    fill(library, [record(1)])
    fields = hidden(Page(client.get(SEARCH).text))
    answer = client.post("/watches", data={**fields, "name": "Falling <b>"})
    page = Page(answer.text)

    assert answer.url.path == "/watches"
    assert "Falling <b>" in page.text
    assert "nothing new" in page.text
    (link,) = [a["href"] for a in page.all("a") if "sort=date" in a.get("href", "")]
    assert sorted(parse_qsl(urlsplit(link).query)) == sorted(fields.items())
    assert page.all("a", href="/papers.atom?q=gravity&cat=cs.LG")


def test_what_is_new_is_seen_by_a_press(library: Library, client: TestClient) -> None:
    """Opening the list or the search makes nothing old; the button does, and leads there."""
    fill(library, [record(1)])
    client.post("/watches", data={"q": "gravity", "name": "falling"})
    fill(library, [record(2), record(3)])
    before = Page(client.get("/watches").text)
    client.get("/papers?q=gravity")

    assert "2 new papers" in before.text
    assert "2 new papers" in Page(client.get("/watches").text).text
    answer = client.post("/watches/look", data={"name": "falling"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/papers?q=gravity")
    assert "nothing new" in Page(client.get("/watches").text).text


def test_a_watch_is_renamed_and_dropped(client: TestClient) -> None:
    """A name that is not there is a 404, one that is taken a 400."""
    for name in ("a", "b"):
        client.post("/watches", data={"q": "gravity", "name": name})

    assert client.post("/watches/rename", data={"name": "a", "to": "b"}).status_code == 400
    assert (
        "wells" in Page(client.post("/watches/rename", data={"name": "a", "to": "wells"}).text).text
    )
    client.post("/watches/drop", data={"name": "b"})
    client.post("/watches/drop", data={"name": "wells"})
    assert "No search is kept yet." in Page(client.get("/watches").text).text
    assert client.post("/watches/drop", data={"name": "wells"}).status_code == 404
    assert client.post("/watches", data={"q": " ", "name": "x"}).status_code == 400


def test_another_site_keeps_nothing_here(client: TestClient) -> None:
    """A form elsewhere is refused before it is read."""
    headers = {"Origin": "https://evil.example"}

    assert client.post("/watches", data={"q": "x"}, headers=headers).status_code == 403


def test_programs_keep_and_watch(library: Library, client: TestClient) -> None:
    """The same by the API."""
    fill(library, [record(1)])
    kept = client.post(
        "/api/v1/watches", params={"name": "falling", "q": "gravity", "category": "cs.LG"}
    ).json()["data"]
    fill(library, [record(2)])
    (listed,) = client.get("/api/v1/watches").json()["data"]
    looked = client.post("/api/v1/watches/look", params={"name": "falling"}).json()["data"]
    renamed = client.post("/api/v1/watches/rename", params={"name": "falling", "to": "g"}).json()

    assert kept["new"] == looked["new"] == 0
    assert listed["new"] == 1
    assert listed["url"].endswith("/papers?q=gravity&cat=cs.LG")
    assert client.get(listed["feed"]).status_code == 200
    assert renamed["data"]["name"] == "g"
    assert client.delete("/api/v1/watches", params={"name": "g"}).json()["data"] == []
    assert client.delete("/api/v1/watches", params={"name": "g"}).status_code == 404
