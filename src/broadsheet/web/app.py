"""The web application: routers put together around one Library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from broadsheet import __version__
from broadsheet.web import administrator, api, assets, errors, feeds, kept, pages, security
from broadsheet.web.shared import Held

if TYPE_CHECKING:
    from broadsheet.library import Library
    from broadsheet.web.shared import Shared


def create_app(library: Library, *, shared: Shared | None = None) -> FastAPI:
    """Return the application that serves one library.

    Args:
        library: What it serves.
        shared: What all processes that serve it know together; None: there is one process.
    """
    shared = shared or Held(library.settings)
    app = FastAPI(
        title="Broadsheet",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.library = library
    app.state.shared = shared
    errors.install(app)
    app.add_middleware(administrator.Unlisted)
    security.protect(
        app, library.settings, take=shared.take_write, answering=library.engine.answering
    )
    app.add_middleware(kept.Kept, library=library)
    api.install(app, library)
    for router in [assets.router, *api.ROUTERS, *feeds.ROUTERS, *pages.ROUTERS]:
        app.include_router(router)
    return app
