"""How does a browser learn to search here? ``/opensearch.xml``."""

from __future__ import annotations

from fastapi import APIRouter, Response

from broadsheet.publish import opensearch
from broadsheet.web.context import BaseUrl, TheLibrary

router = APIRouter(include_in_schema=False)


@router.get("/opensearch.xml")
def describe(library: TheLibrary, base: BaseUrl) -> Response:
    """Send the description of this instance's search."""
    body = opensearch.render(library.settings.title, base)
    headers = {"Content-Type": opensearch.MEDIA_TYPE, "Cache-Control": "public, max-age=3600"}
    return Response(body, headers=headers)
