"""What every handler needs: the library behind the application, and the address it is asked at."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from broadsheet.library import Library


def library_of(request: Request) -> Library:
    """Return the library that this application serves."""
    library = request.app.state.library
    assert isinstance(library, Library)  # noqa: S101  # set by create_app
    return library


def base_url(request: Request) -> str:
    """Return the public address without a final slash: the setting, else as asked."""
    configured = library_of(request).settings.base_url
    return (configured or str(request.base_url)).rstrip("/")


TheLibrary = Annotated[Library, Depends(library_of)]
BaseUrl = Annotated[str, Depends(base_url)]
