"""How does a program ask? The JSON API, what other clients already speak, papers as files.

Order matters: a paper's name may hold slashes, so addresses with more to say come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.web.api import (
    completions_list,
    docs_show,
    editions_list,
    hosted,
    merges_list,
    metrics,
    negotiate,
    paper_export,
    paper_show,
    papers_search,
    shelves_list,
    status_show,
    watches_list,
)

if TYPE_CHECKING:
    from fastapi import FastAPI

    from broadsheet.library import Library

ROUTERS = [
    docs_show.router,
    papers_search.router,
    completions_list.router,
    editions_list.router,
    shelves_list.router,
    watches_list.router,
    status_show.router,
    merges_list.router,
    paper_show.router,
    hosted.router,
    paper_export.router,
]


def install(app: FastAPI, library: Library) -> None:
    """Put what this part needs around an application; call it after every other middleware."""
    app.add_middleware(negotiate.Negotiate)
    metrics.install(app, library)
