"""Every mistake has a page, and programs get its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from broadsheet import errors as tree
from broadsheet.web import errors
from broadsheet.web.app import create_app
from tests.support_web import Page
from tests.web.conftest import HOME

if TYPE_CHECKING:
    from broadsheet.library import Library


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/papers/date/2026-02-30", "There is no day '2026-02-30'"),
        ("/papers/date/yesterday", "There is no day 'yesterday'"),
        ("/papers/date/20260304", "a day is written like"),
        ("/papers/date/0001-01-01", "from 1900 to 2199"),
        ("/papers/date/٢٠٢٦-٠٣-٠٤", "There is no day"),
        ("/papers/week/2026-W54", "There is no week '2026-W54'"),
        ("/papers/week/2026-W00", "There is no week"),
        ("/papers/week/9999-W52", "There is no week"),
        ("/papers/month/2026-13", "There is no month '2026-13'"),
        ("/papers/month/2026", "a month is written like"),
        ("/?page=0", "Page must be a whole number"),
        ("/?page=-1", "Page must be a whole number"),
        ("/?page=1e3", "Page must be a whole number"),
        ("/papers/trending?window=year", "Window can be day, week or month"),
        ("/papers?q=x&sort=size", "Sort can be relevance, date, votes and heat"),
        ("/papers?q=x&mode=magic", "Mode can be"),
        ("/papers?q=x&has=luck", "Has can be"),
        ("/papers?q=x&since=2026-02-30", "There is no day '2026-02-30'"),
        ("/papers?q=x&since=2026-03-01&until=2026-02-01", "swap them"),
        ("/papers?q=x&page=99999", "Page must be a whole number"),
        ("/papers?q=" + "x" * 2001, "2,001 characters"),
        ("/papers?cat=" + "x" * 201, "Cat takes at most"),
        ("/topics/x?sort=relevance", "Sort can be"),
    ],
)
def test_bad_input_is_answered_with_the_field_and_the_fix(
    client: TestClient, path: str, says: str
) -> None:
    """A 400 that explains itself, never a 500 and never an empty page."""
    answer = client.get(path)

    assert answer.status_code == 400
    page = Page(answer.text)
    assert says in page.text
    assert page.all("main")
    assert page.all("form", action="/papers")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/nowhere",
            "/papers/2603.99999",
            "/papers/not an id",
            "/topics/nothing",
            "/authors/Nobody",
        ),
        *("/shelves/none", "/static/../app.py", "/static/nothing.css", "/papers/a/b/c/d/e"),
        *("/papers/%00", "/topics/%ED%A0%80", "/authors/", "/papers/%F0%9F%92%A9"),
    ],
)
def test_what_is_not_here_has_a_page(client: TestClient, path: str) -> None:
    """It says so, and offers the search."""
    answer = client.get(path)

    assert answer.status_code == 404
    assert Page(answer.text).all("input", name="q")


def test_the_wrong_method_has_a_page(client: TestClient) -> None:
    """405 with what is allowed, readable."""
    answer = client.post("/status")

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert "cannot be done here" in answer.text


def test_a_form_without_its_field_is_explained(client: TestClient) -> None:
    """FastAPI's 422 becomes a page of the 400 kind."""
    answer = client.post("/papers/2603.00001/vote", data={"on": "maybe"})

    assert answer.status_code == 400
    assert "On must be 1 or 0" in answer.text


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/api/nowhere", "text/html"),
        ("/nowhere", "application/json"),
        ("/papers?page=x", "application/json"),
    ],
)
def test_programs_get_one_shape(client: TestClient, path: str, accept: str) -> None:
    """``{"error": {"code", "message", "field"}}``, whatever went wrong."""
    answer = client.get(path, headers={"Accept": accept})

    error = answer.json()["error"]
    assert set(error) == {"code", "message", "field"}
    assert error["message"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(RuntimeError("secret detail"), 500, id="a fault of ours"),
        pytest.param(tree.StoreError("secret detail"), 503, id="the store"),
        pytest.param(tree.ConflictError("secret detail"), 503, id="another writer"),
        pytest.param(tree.IndexFaultError("secret detail"), 503, id="an index"),
        pytest.param(tree.ForbiddenError("used before"), 403, id="a used link"),
        pytest.param(tree.MailRefusedError("refused"), 400, id="an address that takes no mail"),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_broken_library_still_answers(
    library: Library, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, accept: str
) -> None:
    """The page about the fault needs nothing that may be broken, and leaks no detail."""
    app = create_app(library)
    client = TestClient(app, base_url=HOME, raise_server_exceptions=False)

    def fail() -> None:
        raise error

    monkeypatch.setattr(library.store, "last_change", fail)
    answer = client.get("/healthz", headers={"Accept": accept})

    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == errors.CONTENT_SECURITY_POLICY
    if status >= 500:
        assert "secret" not in answer.text.lower()


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 414, 422, 429, 500, 503, 418, 599])
def test_every_status_has_words(status: int) -> None:
    """What happened and what to do, for the common ones and for any other."""
    problem = errors.problem_from(HTTPException(status))

    assert problem.status == status
    assert problem.title
    assert problem.message
    assert problem.advice
    assert problem.code.replace("_", "a").isalpha()


@given(path=st.text(max_size=60), query=st.text(max_size=60))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_address_breaks_the_pages(reader: TestClient, path: str, query: str) -> None:
    """Infinite patience: whatever is typed behind /papers, the answer is no fault of ours."""
    from urllib.parse import quote

    for address in (
        f"/papers/{quote(path, errors='replace')}",
        f"/papers?q={quote(query, errors='replace')}",
        f"/authors/{quote(path, errors='replace')}",
        f"/papers?q={quote(path, errors='replace')}&{quote(query, safe='=&', errors='replace')}",
    ):
        assert reader.get(address).status_code in {200, 400, 404}, address
