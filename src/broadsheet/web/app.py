"""The web application: routers put together around one Library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from broadsheet import __version__
from broadsheet.web import administrator, api, assets, errors, feeds, kept, pages, security

if TYPE_CHECKING:
    from broadsheet.library import Library


def create_app(library: Library) -> FastAPI:
    """Return the application that serves one library."""
    app = FastAPI(
        title="Broadsheet",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.library = library
    app.state.sign_ins = security.Buckets(administrator.TRIES)
    errors.install(app)
    app.add_middleware(administrator.Unlisted)
    security.protect(app, library.settings)
    app.add_middleware(kept.Kept, library=library)
    feeds.install(app)
    api.install(app, library)
    for router in [assets.router, *api.ROUTERS, *feeds.ROUTERS, *pages.ROUTERS]:
        app.include_router(router)
    return app
