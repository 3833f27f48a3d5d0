"""The web application: routers put together around one Library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from broadsheet import __version__
from broadsheet.web import api, feeds, pages

if TYPE_CHECKING:
    from broadsheet.library import Library


def create_app(library: Library) -> FastAPI:
    """Return the application that serves one library."""
    app = FastAPI(title="Broadsheet", version=__version__, docs_url=None, redoc_url=None)
    app.state.library = library
    for router in [*api.ROUTERS, *feeds.ROUTERS, *pages.ROUTERS]:
        app.include_router(router)
    return app
