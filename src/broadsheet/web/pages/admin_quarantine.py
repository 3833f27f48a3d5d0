"""``/admin/quarantine``: what could not be read and why; read it again, forget it, export it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response, StreamingResponse

from broadsheet.assemble import reread
from broadsheet.library import quarantine
from broadsheet.web import view
from broadsheet.web.administrator import ADMINISTRATOR
from broadsheet.web.context import library_of
from broadsheet.web.pages import _lists
from broadsheet.web.render import render

if TYPE_CHECKING:
    from broadsheet.model import Retry

PAGE = "/admin/quarantine"
SHOWN = 25  # pieces on a page
RAW_SHOWN = 4000  # characters of a piece; the export has all that was kept
AT_ONCE = 200  # pieces that one press of a button reads again: a page must answer in seconds
LONGEST = 500  # characters of a filter

router = APIRouter(include_in_schema=False, dependencies=[ADMINISTRATOR])
Filter = Annotated[str, Query(max_length=LONGEST)]
Typed = Annotated[str, Form(max_length=LONGEST)]


@router.get(PAGE)
def quarantine_show(request: Request, source: Filter = "", reason: Filter = "") -> Response:
    """Show what is in quarantine, newest first, of one source where one is named."""
    return _page(request, source=source, reason=reason)


@router.get(f"{PAGE}/export")
def quarantine_export(request: Request, source: Filter = "", reason: Filter = "") -> Response:
    """Send what matches as JSON Lines: the same bytes as ``broadsheet quarantine export``."""
    library = library_of(request)
    lines = quarantine.exported(library.store, source=source, reason=reason)
    return StreamingResponse(
        lines,
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="quarantine.jsonl"'},
    )


@router.post(f"{PAGE}/retry")
def piece_retry(
    request: Request, key: Annotated[int, Form()], source: Typed = "", reason: Typed = ""
) -> Response:
    """Read one piece again; say whether it is kept now, or why it stays."""
    library = library_of(request)
    one = library.store.quarantined_one(key)
    if one is None:
        return _page(request, source=source, reason=reason, said="It has left already")
    done = quarantine.retry(one, library.store, library.clock, read=reread)
    said = "It is read and kept now" if done.is_kept else f"It stays: {done.reason}"
    return _page(request, source=source, reason=reason, said=said)


@router.post(f"{PAGE}/forget")
def piece_forget(
    request: Request, key: Annotated[int, Form()], source: Typed = "", reason: Typed = ""
) -> Response:
    """Drop one piece; when it has left already, that is no mistake."""
    library_of(request).store.forget_quarantined([key])
    said = "It is forgotten; what its source brings again comes back"
    return _page(request, source=source, reason=reason, said=said)


@router.post(f"{PAGE}/retry-all")
def pieces_retry(
    request: Request,
    source: Typed = "",
    reason: Typed = "",
    before: Annotated[int | None, Form()] = None,
) -> Response:
    """Read all that match again, so many at once; the button then goes on with older ones."""
    library = library_of(request)
    found = library.store.quarantined(
        limit=AT_ONCE + 1, before=before, source=source, reason=reason
    )
    done = [
        quarantine.retry(one, library.store, library.clock, read=reread) for one in found[:AT_ONCE]
    ]
    older = found[AT_ONCE - 1].key if len(found) > AT_ONCE else None
    return _page(request, source=source, reason=reason, said=_sum(done), before=older)


def _sum(done: list[Retry]) -> str:
    kept = sum(one.is_kept for one in done)
    said = (
        f"{view.counted(len(done), 'piece')} read again: {kept:,} kept, {len(done) - kept:,} stay"
    )
    reasons = sorted({one.reason for one in done if not one.is_kept})
    return said + (f" ({reasons[0]})" if len(reasons) == 1 else "")


def _page(
    request: Request, *, source: str, reason: str, said: str = "", before: int | None = None
) -> Response:
    library = library_of(request)
    page = _lists.page_number(request) if request.method == "GET" else 1
    faults = library.store.quarantined(
        limit=SHOWN + 1, offset=(page - 1) * SHOWN, source=source, reason=reason
    )
    counts = library.store.quarantined_sources()

    def url(place: str = PAGE, **changes: object) -> str:
        asked = {"source": source, "reason": reason} | changes
        words = {name: value for name, value in asked.items() if value}
        return f"{place}?{urlencode(words)}" if words else place

    return render(
        request,
        "admin_quarantine.html",
        faults=faults[:SHOWN],
        counts=counts,
        total=sum(counts.values()),
        chosen={"source": source, "reason": reason},
        said=said,
        before=before,
        raw_shown=RAW_SHOWN,
        at_once=AT_ONCE,
        page=page,
        export_url=url(f"{PAGE}/export"),
        next_url=url(page=page + 1) if len(faults) > SHOWN else None,
        previous_url=url(page=page - 1 if page > 2 else None) if page > 1 else None,  # noqa: PLR2004
        is_signed_in=bool(library.settings.admin_token),
        robots="noindex",
    )
