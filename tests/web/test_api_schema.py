"""The API keeps its own OpenAPI: schemathesis asks what no person would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from broadsheet.assemble import open_library
from broadsheet.web import api
from broadsheet.web.app import create_app
from tests.support import StillClock
from tests.support_api import doi_record, fill, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = 15  # for each case
# A day, a week or a month, and only one of them: JSON Schema cannot say what is a right one.
UNSAYABLE = (
    "/api/v1/editions/{when}",
    "/api/daily_papers",
    "/api/v1/similar",  # at least one paper, or a text with a letter or a digit
    "/api/v1/watches",  # words or a filter
)


def cases() -> list[tuple[str, str, GenerationMode]]:
    """Return every documented operation, asked rightly and, where it takes anything, wrongly."""
    app = FastAPI()
    for router in api.ROUTERS:
        app.include_router(router)
    found = []
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            found.append((method, path, GenerationMode.POSITIVE))
            if operation.get("parameters"):
                found.append((method, path, GenerationMode.NEGATIVE))
    return found


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The schema of an application over a small library."""
    # The transport of the tests asks for the host "testserver".
    environ = {"BROADSHEET_RATE_LIMIT": "100000", "BROADSHEET_BASE_URL": "http://testserver"}
    folder = tmp_path_factory.mktemp("schema")
    library = open_library(folder, environ=environ, clock=StillClock())
    fill(library, [*(listed(number) for number in range(1, 6)), doi_record()], is_encoding=True)
    yield schemathesis.openapi.from_asgi("/api/openapi.json", create_app(library))
    library.close()


@pytest.mark.xdist_group("api_schema")
@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [pytest.param(*case, id=f"{case[0]} {case[1]} {case[2].value}") for case in cases()],
)
def test_every_answer_is_as_documented(
    schema: Any, method: str, path: str, mode: GenerationMode
) -> None:
    """Right or wrong, whatever is asked: no fault, and an answer of a documented shape."""
    excluded = [positive_data_acceptance] if path in UNSAYABLE else []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(excluded_checks=excluded)

    ask()
