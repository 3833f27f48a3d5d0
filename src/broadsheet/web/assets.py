"""What does a page load? Styles, scripts and fonts, held in memory under the hash of their bytes.

A browser may keep ``/static/broadsheet.css?v=HASH`` for a year: other bytes have another address.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
FOREVER = "public, max-age=31536000, immutable"
_URL_IN_CSS = re.compile(rb"""url\((["']?)([^"')]+\.woff2)\1\)""")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is sent."""

    body: bytes
    zipped: bytes | None  # None where gzip does not help: fonts
    media_type: str
    version: str  # of the body: 12 hexadecimal digits


@cache
def assets() -> dict[str, Asset]:
    """Return every file under ``static/``, by its path within; read once per process."""
    names = [
        str(PurePosixPath(path.relative_to(FOLDER)))
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in MEDIA_TYPES
    ]
    found = {name: _asset(name, _read(name)) for name in names if not name.endswith(".css")}
    for name in names:
        if name.endswith(".css"):
            found[name] = _asset(name, _with_versions(name, _read(name), found))
    return found


def asset_url(name: str) -> str:
    """Return the address of a file, which changes with its content."""
    return f"/static/{name}?v={assets()[name].version}"


def _read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def _asset(name: str, body: bytes) -> Asset:
    zipped = None if name.endswith(".woff2") else gzip.compress(body, 9, mtime=0)
    return Asset(
        body=body,
        zipped=zipped,
        media_type=MEDIA_TYPES[PurePosixPath(name).suffix],
        version=hashlib.blake2b(body, digest_size=6).hexdigest(),
    )


def _with_versions(name: str, css: bytes, known: dict[str, Asset]) -> bytes:
    """Add the version to the fonts that a style sheet names, so that they may be kept too."""
    folder = PurePosixPath(name).parent

    def versioned(match: re.Match[bytes]) -> bytes:
        target = str(folder / match[2].decode())
        return b'url("%s?v=%s")' % (match[2], known[target].version.encode())

    return _URL_IN_CSS.sub(versioned, css)


@router.get("/static/{name:path}")
async def get_asset(request: Request, name: str, v: str = "") -> Response:
    """Send one file; anything but a known name is not found."""
    asset = assets().get(name)
    if asset is None:
        raise HTTPException(404)
    etag = f'"{asset.version}"'
    headers = {
        "ETag": etag,
        "Cache-Control": FOREVER if v == asset.version else "public, no-cache",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    body = asset.body
    if asset.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = asset.zipped, "gzip"
    return Response(body, media_type=asset.media_type, headers=headers)
