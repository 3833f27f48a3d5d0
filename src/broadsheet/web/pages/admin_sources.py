"""``/admin/sources``: what is read, how often, how it goes; and buttons to change that."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from broadsheet.errors import NotFoundError, SettingError, UsageError
from broadsheet.sources import network
from broadsheet.web import upkeep
from broadsheet.web.administrator import ADMINISTRATOR
from broadsheet.web.context import library_of
from broadsheet.web.render import render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from broadsheet.library import Library

PAGE = "/admin/sources"
SEE_OTHER = 303
LONGEST_NAME = 500  # characters; of what is typed

router = APIRouter(include_in_schema=False, dependencies=[ADMINISTRATOR])


@router.get(PAGE)
def sources_show(request: Request) -> Response:
    """Show every source with its buttons."""
    return _page(request)


@router.get(f"{PAGE}/now")
def progress_show(request: Request) -> Response:
    """Show what is being read now: the piece that asks for itself again and again."""
    library = library_of(request)
    return render(
        request, "_sources_now.html", lines=upkeep.lines(library), now=library.clock.now()
    )


@router.post(PAGE)
def source_create(
    request: Request,
    source: Annotated[str, Form()] = "",
    every: Annotated[str, Form()] = "",
) -> Response:
    """Add a source; a mistake shows the form again with what was typed."""
    library = library_of(request)
    try:
        name, interval = _wanted(library, source, every)
    except UsageError as error:
        return _page(
            request, typed={"source": source, "every": every}, error=str(error), status=400
        )
    library.store.add_sync(name, due=library.clock.now(), interval=interval)
    return RedirectResponse(PAGE, SEE_OTHER)


@router.post(f"{PAGE}/change")
def source_change(
    request: Request,
    source: Annotated[str, Form()] = "",
    do: Annotated[str, Form()] = "",
    every: Annotated[str, Form()] = "",
) -> Response:
    """Do what a button says to one source."""
    library = library_of(request)
    if source not in {line.name for line in upkeep.lines(library)}:
        raise NotFoundError(f"no source {source[:80]!r} is read here")
    library.store.schedule_syncs([source], due=library.clock.now())
    if do == "interval":
        try:
            library.store.set_sync_interval(source, _interval(source, every))
        except UsageError as error:
            return _page(request, error=str(error), status=400)
        return RedirectResponse(PAGE, SEE_OTHER)
    if do not in _ACTIONS:
        raise UsageError(f"do must be interval, {', '.join(_ACTIONS)}, not {do[:40]!r}", field="do")
    _ACTIONS[do](library, source)
    return RedirectResponse(PAGE, SEE_OTHER)


def _read_now(library: Library, source: str) -> None:
    library.store.resume_sync(source)
    library.store.hasten_sync(source, due=library.clock.now())


_ACTIONS: Mapping[str, Callable[[Library, str], object]] = {
    "read": _read_now,
    "cancel": lambda library, source: library.store.cancel_sync(source),
    "pause": lambda library, source: library.store.pause_sync(source),
    "resume": lambda library, source: library.store.resume_sync(source),
    "remove": lambda library, source: library.store.remove_sync(source),
}


def _wanted(library: Library, source: str, every: str) -> tuple[str, timedelta | None]:
    """Return the name and the interval that were typed, the latter in either field.

    Raises:
        SettingError: one of them cannot be; the message is that of the settings.
        UsageError: the source is read already.
    """
    name, interval = network.split_interval(source[:LONGEST_NAME])
    if "," in name:
        raise SettingError("sources: add one source at a time, without a comma", field="sources")
    network.plans(library.settings, [name or "nothing"])
    if name in {line.name for line in upkeep.lines(library)}:
        raise UsageError(f"{name} is here already", field="source")
    return name, _interval(name, every) or interval


def _interval(name: str, every: str) -> timedelta | None:
    """Return the time between two runs that was typed; None for nothing: as the settings say."""
    if not every.strip():
        return None
    _, interval = network.split_interval(f"{name}@{every.strip()}")
    if interval is None:
        raise SettingError(
            f"the time between two reads is written like 30m, 12h or 1d, not {every[:20]!r}",
            field="every",
        )
    return interval


def _page(
    request: Request,
    *,
    typed: Mapping[str, str] | None = None,
    error: str = "",
    status: int = 200,
) -> Response:
    library = library_of(request)
    found = upkeep.lines(library)
    return render(
        request,
        "admin_sources.html",
        status=status,
        lines=found,
        headline=upkeep.headline(found) or "No source is read by itself",
        kinds=network.KINDS,
        now=library.clock.now(),
        typed={"source": "", "every": ""} | dict(typed or {}),
        error=error,
        is_signed_in=bool(library.settings.admin_token),
        robots="noindex",
    )
