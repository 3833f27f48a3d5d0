"""The administrator's page of what could not be read, and what its buttons do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from broadsheet.library import arrival, quarantine
from broadsheet.model import Fault
from broadsheet.text.digest import record_json
from broadsheet.web.app import create_app
from broadsheet.web.pages import admin_quarantine
from tests.support import NOON, record
from tests.support_web import Page
from tests.web.conftest import HERE, HOME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadsheet.library import Library

PAGE = "/admin/quarantine"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def page(library: Library) -> TestClient:
    """The administrator's browser."""
    return TestClient(create_app(library), base_url=HOME, client=HERE)


def fault(number: int = 1, /, **changes: str) -> Fault:
    """Return a piece that was cut off."""
    values = {
        "source": "daily",
        "where": f"line {number}",
        "reason": "title is empty",
        "raw": f"{{{number}",
    }
    return Fault(**(values | changes))


def mended(number: int = 1) -> Fault:
    """Return a piece that can be kept by now."""
    return fault(number, source="arxiv", raw=record_json(record(number)), form=arrival.RECORD)


def put(library: Library, *faults: Fault) -> list[int]:
    """Quarantine these; return their keys, newest first."""
    with library.store.write() as writer:
        writer.quarantine(faults, at=NOON)
    return keys(library)


def keys(library: Library) -> list[int]:
    """Return what is in quarantine, newest first."""
    return [one.key for one in library.store.quarantined(limit=1000)]


def shown(page: TestClient, path: str = PAGE) -> Page:
    """Return a page taken apart."""
    answer = page.get(path)
    assert answer.status_code == 200
    return Page(answer.text)


def pieces(found: Page) -> Sequence[str]:
    """Return the keys that a page has buttons for, in its order."""
    return [one["id"].removeprefix("q") for one in found.all("th", scope="row")]


def test_an_empty_quarantine_says_so(page: TestClient) -> None:
    """And offers nothing to press."""
    found = shown(page)

    assert "Nothing is in quarantine" in found.text
    assert found.all("form", method="post") == []


def test_each_piece_is_shown_with_its_reason(page: TestClient, library: Library) -> None:
    """Where it was, why it was refused and what was read, as text whatever it holds."""
    put(library, fault(raw=HOSTILE, reason=f"no title: {HOSTILE}", where=HOSTILE))
    answer = page.get(PAGE)
    found = Page(answer.text)

    assert "1 piece could not be read" in found.text
    assert found.text.count(HOSTILE) == 3
    assert HOSTILE not in answer.text


def test_a_long_piece_is_cut(page: TestClient, library: Library) -> None:
    """A page of 25 long ones must not be 25 MB; how much there is stands beside it."""
    put(library, fault(raw="é" * 50_000))
    found = shown(page)

    assert found.text.count("é") == admin_quarantine.RAW_SHOWN
    assert "The first 4,000 of 50,000 characters" in found.text


def test_one_source_can_be_looked_at(page: TestClient, library: Library) -> None:
    """With how many each has; the choice stays in the form, the buttons and the export."""
    put(library, fault(1), fault(2), fault(3, source="acl", reason="no year"))
    found = shown(page, f"{PAGE}?source=daily&reason=title")

    assert "all, 3acl, 1daily, 2" in found.text
    assert len(pieces(found)) == 2
    assert found.all("option", value="daily")[0].keys() >= {"selected"}
    assert {one["value"] for one in found.all("input", type="hidden", name="source")} == {"daily"}
    assert found.all("a", href=f"{PAGE}/export?source=daily&reason=title")
    assert "Nothing matches" in shown(page, f"{PAGE}?source=gone").text


def test_pages_show_each_piece_once(page: TestClient, library: Library) -> None:
    """Newest first, to the end and back, within the filter."""
    put(library, *(fault(number) for number in range(60)), fault(99, source="acl"))
    path = f"{PAGE}?source=daily"
    seen: list[str] = []
    while path:
        found = shown(page, path)
        seen += pieces(found)
        path = next((one["href"] for one in found.all("a", rel="next")), "")

    assert len(seen) == len(set(seen)) == 60
    assert seen == sorted(seen, key=int, reverse=True)
    assert found.all("a", rel="prev", href=f"{PAGE}?source=daily&page=2")


def test_a_piece_that_can_be_kept_leaves(page: TestClient, library: Library) -> None:
    """Its paper is there, and the answer says so."""
    [key] = put(library, mended())
    answer = page.post(f"{PAGE}/retry", data={"key": key})

    assert "It is read and kept now." in Page(answer.text).text
    assert keys(library) == []
    assert library.paper("arxiv:2603.00001").title == record(1).title


def test_a_piece_that_cannot_be_kept_says_why(page: TestClient, library: Library) -> None:
    """And stays, with the same filter on the page."""
    put(library, fault(1, form=arrival.RECORD), fault(2, source="acl"))
    key = keys(library)[1]
    answer = page.post(f"{PAGE}/retry", data={"key": key, "source": "daily"})
    found = Page(answer.text)

    assert "It stays: " in found.text
    assert pieces(found) == [str(key)]
    assert len(keys(library)) == 2


def test_what_was_not_kept_whole_offers_no_second_reading(
    page: TestClient, library: Library
) -> None:
    """A button that can never do anything is a lie."""
    put(library, fault())

    assert "Read again" not in shown(page).text


def test_a_piece_is_forgotten(page: TestClient, library: Library) -> None:
    """The others stay; pressing twice does no harm."""
    gone, stays = put(library, fault(1), fault(2))
    for _ in range(2):
        assert page.post(f"{PAGE}/forget", data={"key": gone}).status_code == 200

    assert keys(library) == [stays]


def test_all_of_a_source_are_read_again(page: TestClient, library: Library) -> None:
    """Those of other sources are left alone."""
    put(library, mended(1), mended(2), fault(3))
    answer = page.post(f"{PAGE}/retry-all", data={"source": "arxiv"})

    assert "2 pieces read again: 2 kept, 0 stay." in Page(answer.text).text
    assert [one.fault.source for one in library.store.quarantined(limit=9)] == ["daily"]


def test_many_are_read_again_step_by_step(
    page: TestClient, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No press of a button takes minutes, and those that stay do not stand in the way."""
    monkeypatch.setattr(admin_quarantine, "AT_ONCE", 2)
    put(library, mended(1), mended(2), fault(3), fault(4), fault(5))
    form: dict[str, str] = {}
    said = []
    for _ in range(3):
        found = Page(page.post(f"{PAGE}/retry-all", data=form).text)
        said.append(found.text)
        form = {one["name"]: one["value"] for one in found.all("input", name="before")}

    assert "2 pieces read again: 0 kept, 2 stay" in said[0]
    assert "2 pieces read again: 1 kept, 1 stay" in said[1]
    assert "1 piece read again: 1 kept, 0 stay" in said[2]
    assert "Go on with older ones" not in said[2]
    assert len(keys(library)) == 3


def test_the_export_is_that_of_the_command(page: TestClient, library: Library) -> None:
    """One object a line with all that was kept, within the filter, saved as a file."""
    put(library, fault(1, raw="é" * 9000), fault(2, source="acl"))
    answer = page.get(f"{PAGE}/export?source=daily")

    [line] = answer.text.splitlines()
    [one] = library.store.quarantined(limit=9, source="daily")
    assert json.loads(line) == quarantine.values(one)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"].startswith("application/x-ndjson")


@pytest.mark.parametrize("action", ["retry", "forget", "retry-all"])
def test_looking_changes_nothing(page: TestClient, library: Library, action: str) -> None:
    """A link, a crawler or a preview presses no button."""
    [key] = put(library, mended())

    assert page.get(f"{PAGE}/{action}?key={key}").status_code in {404, 405}
    assert keys(library) == [key]


@pytest.mark.parametrize("action", ["retry", "forget", "retry-all"])
def test_another_sites_form_changes_nothing(
    page: TestClient, library: Library, action: str
) -> None:
    """The person at the machine may have a hostile page open beside this one."""
    [key] = put(library, mended())
    answer = page.post(
        f"{PAGE}/{action}", data={"key": str(key)}, headers={"Origin": "https://evil.example"}
    )

    assert answer.status_code == 403
    assert keys(library) == [key]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/export"),
        ("POST", "/retry"),
        ("POST", "/forget"),
        ("POST", "/retry-all"),
    ],
)
def test_the_page_is_the_administrators(library: Library, method: str, path: str) -> None:
    """What a source sent may be anything; only who runs the instance sees it and acts on it."""
    [key] = put(library, mended())
    stranger = TestClient(create_app(library), base_url=HOME, client=("192.0.2.7", 1))
    answer = stranger.request(
        method, PAGE + path, data={"key": str(key)} if method == "POST" else None
    )

    assert answer.status_code == 403
    assert keys(library) == [key]


def test_a_piece_that_left_meanwhile_is_no_mistake(page: TestClient) -> None:
    """Its record may have come whole while somebody looked."""
    answer = page.post(f"{PAGE}/retry", data={"key": 99})

    assert answer.status_code == 200
    assert "It has left already." in Page(answer.text).text
