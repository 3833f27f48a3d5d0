"""``/papers/trending``: the hottest papers of the last day, week or month."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from broadsheet.errors import UsageError
from broadsheet.model import Period
from broadsheet.web.context import library_of
from broadsheet.web.pages import _lists
from broadsheet.web.render import render

router = APIRouter(include_in_schema=False)


@router.get("/papers/trending")
def show_trending(request: Request) -> Response:
    """Show one window of the ranking by heat."""
    library = library_of(request)
    window = read_window(request.query_params.get("window", ""))
    page, size = _lists.page_number(request), library.settings.page_size
    ranked = library.trending(window, limit=size + 1, offset=(page - 1) * size)
    shown = ranked[:size]
    url = f"/papers/trending?window={window.value}"
    return render(
        request,
        "trending.html",
        nav="trending",
        window=window.value,
        windows=[period.value for period in Period],
        rows=shown,
        page=page,
        previous_url=f"{url}&page={page - 1}" if page > 1 else None,
        next_url=f"{url}&page={page + 1}" if len(ranked) > size else None,
        **_lists.marks(library, [one.paper for one in shown]),
    )


def read_window(text: str) -> Period:
    """Read the window; empty: a week.

    Raises:
        UsageError: it is none of day, week, month.
    """
    try:
        return Period(text or Period.WEEK.value)
    except ValueError:
        raise UsageError(
            f"window can be day, week or month, not {text[:40]!r}", field="window"
        ) from None
