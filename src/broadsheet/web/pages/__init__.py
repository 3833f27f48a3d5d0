"""How does a browser ask? The routers of this part, one file per feature."""

from fastapi import APIRouter

from broadsheet.web.pages import (
    admin_quarantine,
    admin_sign_in,
    admin_sources,
    author_show,
    edition_show,
    feeds_explain,
    health_check,
    paper_merge,
    paper_save,
    paper_show,
    paper_vote,
    papers_search,
    ranking_explain,
    robots_show,
    shelves_show,
    similar_find,
    status_show,
    subscription,
    topic_show,
    trending_show,
    watches_show,
)

# `paper_show` comes last: its path takes everything under /papers/.
ROUTERS: list[APIRouter] = [
    edition_show.router,
    trending_show.router,
    papers_search.router,
    similar_find.router,
    topic_show.router,
    author_show.router,
    shelves_show.router,
    watches_show.router,
    status_show.router,
    ranking_explain.router,
    feeds_explain.router,
    health_check.router,
    robots_show.router,
    subscription.router,
    admin_sign_in.router,
    admin_sources.router,
    admin_quarantine.router,
    paper_vote.router,
    paper_save.router,
    paper_merge.router,
    paper_show.router,
]
