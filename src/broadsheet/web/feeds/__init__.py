"""What is new? Every list as Atom, RSS and JSON Feed, and how a browser searches here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.web.feeds import editions_feed, opensearch_show, searches_feed
from broadsheet.web.feeds.conditional import Versions

if TYPE_CHECKING:
    from fastapi import FastAPI

ROUTERS = [editions_feed.router, searches_feed.router, opensearch_show.router]


def install(app: FastAPI) -> None:
    """Give an application a memory of when its feeds changed."""
    app.state.feed_versions = Versions()
