"""Papers as files, the wish for Markdown, and the API's own reference."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.web.api import docs_show, negotiate
from tests.support import ROOT
from tests.support_api import doi_record, fill, fill_listed, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from broadsheet.library import Library

BASE = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("ending", "media_type", "start"),
    [
        pytest.param("md", "text/markdown", "# On the 1th paper", id="Markdown"),
        pytest.param("bib", "application/x-bibtex", "@misc{lovelace2026", id="BibTeX"),
        pytest.param("ris", "application/x-research-info-systems", "TY  - UNPB", id="RIS"),
        pytest.param("json", "application/json", '{"data":{"id":"arxiv:2603', id="JSON"),
        pytest.param("csl.json", "application/vnd.citationstyles.csl+json", "[", id="CSL"),
    ],
)
def test_a_paper_leaves_as_a_file(
    client: TestClient, library: Library, *, ending: str, media_type: str, start: str
) -> None:
    """The page's address and an ending; the answer names the page it stands for."""
    fill_listed(library, 1)
    answer = client.get(f"/papers/2603.00001v1.{ending}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["link"] == f'<{BASE}/papers/2603.00001>; rel="canonical"'
    assert answer.text.startswith(start)


def test_a_name_with_slashes_leaves_as_a_file(client: TestClient, library: Library) -> None:
    """A DOI's page has files too."""
    fill(library, [doi_record()])

    assert client.get("/papers/doi:10.1000/a/b.bib").text.startswith("@article{germain2026springs")


@pytest.mark.parametrize("ending", ["md", "bib", "ris", "json", "csl.json"])
def test_a_file_of_no_paper_is_not_found(client: TestClient, ending: str) -> None:
    """A program asked, so the error is for programs."""
    answer = client.get(f"/papers/9999.99999.{ending}")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_an_agent_gets_markdown_from_the_pages_address(
    client: TestClient, library: Library
) -> None:
    """It asks by `Accept`, and caches keep the two apart."""
    fill_listed(library, 1)
    answer = client.get("/papers/2603.00001", headers={"Accept": "text/markdown, */*;q=0.1"})

    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text == client.get("/papers/2603.00001.md").text
    assert "Accept" in answer.headers["vary"].split(", ")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("text/markdown", True, id="Markdown alone"),
        pytest.param("text/markdown, text/html", True, id="Markdown first"),
        pytest.param("text/html, text/markdown", False, id="HTML first"),
        pytest.param("text/html;q=0.5, text/markdown", True, id="HTML weighs less"),
        pytest.param("text/markdown;q=0.1, text/html", False, id="Markdown weighs less"),
        pytest.param("text/markdown;q=0", False, id="Markdown refused"),
        pytest.param("text/markdown;q=x", False, id="a weight that is none"),
        pytest.param("text/html,application/xhtml+xml,*/*;q=0.8", False, id="a browser"),
        pytest.param("*/*", False, id="anything"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_who_wants_markdown(accept: str, expected: bool) -> None:  # noqa: FBT001
    """Only who names it, and prefers it to the page."""
    assert negotiate.wants_markdown(accept) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/papers/2603.00001", True, id="a paper"),
        pytest.param("/papers/doi:10.1/x", True, id="a paper with a slash"),
        pytest.param("/papers/2603.00001.bib", False, id="a file"),
        pytest.param("/papers", False, id="the search"),
        pytest.param("/papers/", False, id="no name"),
        pytest.param("/papers/trending", False, id="trending"),
        pytest.param("/papers/date/2026-03-04", False, id="an edition"),
        pytest.param("/papers/trending:1", True, id="only the whole word is a list"),
        pytest.param("/", False, id="home"),
    ],
)
def test_what_comes_as_markdown(path: str, expected: bool) -> None:  # noqa: FBT001
    """A paper's page, no list and no file."""
    assert negotiate.is_negotiable(path) is expected


def test_hostile_text_leaves_as_text(client: TestClient, library: Library) -> None:
    """What a title holds never becomes markup, and the type forbids to guess."""
    fill(library, [listed(1, title="</script><script>alert(1)</script> # {x} \\b")])

    for ending in ("md", "bib", "ris", "json", "csl.json"):
        answer = client.get(f"/papers/2603.00001.{ending}")
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "html" not in answer.headers["content-type"]
    assert "<script>" not in client.get("/papers/2603.00001.md").text


# --- the reference ---


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of every operation."""
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def test_every_field_and_parameter_is_explained(client: TestClient) -> None:
    """A name alone is no documentation."""
    schema = client.get("/api/openapi.json").json()
    silent = [
        f"{method} {path} {parameter['name']}"
        for method, path, operation in operations(schema)
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    silent += [
        f"{name}.{field}"
        for name, shape in schema["components"]["schemas"].items()
        for field, value in shape.get("properties", {}).items()
        if not value.get("description") and "$ref" not in value
    ]

    assert silent == []
    assert all(operation.get("description") for _, _, operation in operations(schema))


def test_the_reference_shows_every_operation(client: TestClient) -> None:
    """The page at /api/docs is made of the schema, so it cannot fall behind."""
    page = client.get("/api/docs").text
    schema = client.get("/api/openapi.json").json()

    for method, path, operation in operations(schema):
        assert f"{method} {path}" in page
        assert f'id="{operation["operationId"]}"' in page
    for name in schema["components"]["schemas"]:
        assert f'id="shape-{name}"' in page


def test_the_reference_asks_no_third_party(client: TestClient) -> None:
    """No script, style or font comes from elsewhere."""
    page = client.get("/api/docs").text

    assert re.findall(r'(?:src|href)="(?!/|#)[^"]*"', page) == []


def test_the_written_reference_names_every_operation(client: TestClient) -> None:
    """docs/reference/api.md falls behind no further than this test allows."""
    text = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")

    for method, path, _ in operations(client.get("/api/openapi.json").json()):
        assert f"`{method} {path}`" in text


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        pytest.param({"type": "string"}, "string", id="plain"),
        pytest.param({"type": "string", "format": "date"}, "date", id="a format"),
        pytest.param(
            {"type": "integer", "minimum": 1, "maximum": 9}, "integer (≥ 1, ≤ 9)", id="bounds"
        ),
        pytest.param({"$ref": "#/components/schemas/PaperOut"}, "PaperOut", id="a reference"),
        pytest.param({"type": "array", "items": {"type": "string"}}, "list of string", id="a list"),
        pytest.param(
            {"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null", id="either"
        ),
        pytest.param({"enum": ["a", "b"]}, "“a” or “b”", id="values"),
        pytest.param({}, "any", id="nothing said"),
    ],
)
def test_types_are_told_in_words(shape: dict[str, Any], expected: str) -> None:
    """A reader of the reference need not know JSON Schema."""
    assert docs_show.type_name(shape) == expected


def test_the_openapi_is_one_document(client: TestClient) -> None:
    """Pages and feeds are no part of it; operation ids are unique."""
    schema = json.loads(client.get("/api/openapi.json").text)
    ids = [operation["operationId"] for _, _, operation in operations(schema)]

    assert len(ids) == len(set(ids))
    assert all(path.startswith("/api/") for path in schema["paths"])


def test_the_written_reference_names_every_metric(client: TestClient) -> None:
    """What an operator graphs is explained where the API is."""
    text = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    names = {
        line.split()[2] for line in client.get("/metrics").text.splitlines() if "# TYPE" in line
    }

    assert {name for name in names if f"`{name}" not in text and "_created" not in name} == set()
