"""Fetches the files of a model from a hub, once, into a folder: resumable and checked.

A hub lists a repository at ``/api/models/OWNER/MODEL/revision/REVISION?blobs=true`` and gives a
file at ``/OWNER/MODEL/resolve/COMMIT/PATH``, often by way of a server for large files. Files are
asked for by the commit that the revision stood for, in pieces, so that a kill costs one piece;
each is compared with its listed size and digest (SHA-256 of a large file, Git's own of a small
one). The folder appears whole, by a rename.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from broadsheet.errors import SourceError, UnreachableError, UsageError
from broadsheet.sources import _wire, network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from broadsheet.config import Settings
    from broadsheet.sources._http import Http
    from broadsheet.sources._turns import Timing
    from broadsheet.sources._wire import Answer, Door

    Progress = Callable[[int, int], None]

PIECE = 16 * 1024 * 1024  # bytes of one request: within its five minutes at 55 KB/s
BUDGET = 100_000  # requests: with redirects, 800 GB
NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
REVISION = re.compile(r"\w[\w./-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_PARTIAL = 206


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a repository, as the hub lists it."""

    path: str  # within the repository, with "/"
    size: int  # bytes
    sha256: str  # of a large file; "" of a small one
    blob: str  # Git's digest of a small file's content, SHA-1; "" where unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a repository holds at one commit."""

    model: str  # owner/model
    revision: str  # as it was asked for
    commit: str
    license: str  # "" where the card does not say
    files: tuple[File, ...]


class Hub:
    """One hub, asked politely. A token is for gated and private models."""

    def __init__(self, http: Http, *, url: str, token: str, door: Door) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._door = door

    def listing(self, model: str, revision: str) -> Listing:
        """Return what a model's repository holds.

        Raises:
            UsageError: the name or the revision is of another form.
            UnreachableError: there is none, it is gated, or the answer cannot be read.
        """
        if not NAME.fullmatch(model) or not REVISION.fullmatch(revision):
            raise UsageError(
                f"a model is named owner/model, and its revision a branch, tag or commit; not "
                f"{model[:100]!r} at {revision[:100]!r}",
                field="model",
            )
        url = f"{self._url}/api/models/{model}/revision/{quote(revision, safe='')}"
        answer = self._http.get(
            url,
            params={"blobs": "true"},
            headers=self._headers,
            door=self._door,
            key="hub_token",
        )
        try:
            return _listing(json.loads(answer.body), model, revision)
        except (ValueError, TypeError, KeyError) as error:
            raise UnreachableError(f"{url}: its answer is no list of files ({error!r})") from error

    def fetch(self, listing: Listing, file: File, target: Path, progress: Progress) -> str:
        """Fetch one file, going on behind what is there of it; return its SHA-256.

        Args:
            listing: Of its repository.
            file: Of the listing.
            target: Where it goes; ``.part`` is added to the name while it grows.
            progress: Called with (bytes, all bytes) of this file.

        Raises:
            UnreachableError: it did not come whole, or is not what was listed.
            SourceError: it cannot be written.
        """
        part = target.with_name(f"{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                self._grow(listing, file, part, progress)
                _check(file, part)
                part.rename(target)
            progress(file.size, file.size)
            return _check(file, target)
        except OSError as error:
            raise SourceError(f"{target} cannot be written: {error}") from error

    def _grow(self, listing: Listing, file: File, part: Path, progress: Progress) -> None:
        path = quote(file.path)
        url = f"{self._url}/{listing.model}/resolve/{listing.commit}/{path}"
        part.touch()
        while (have := part.stat().st_size) < file.size:
            progress(have, file.size)
            last = min(have + PIECE, file.size) - 1
            answer = self._http.get(
                url,
                headers=self._headers
                | {"Range": f"bytes={have}-{last}", "Accept-Encoding": "identity"},
                door=self._door,
                key="hub_token",
            )
            _add(answer, file, part, have)


def open_hub(settings: Settings, *, timing: Timing | None = None) -> Hub:
    """Return the hub that the settings name."""
    means = network.means(settings, timing)
    return Hub(
        means.http(budget=BUDGET),
        url=settings.hub_url,
        token=settings.hub_token,
        door=_wire.any_address,
    )


def fetch_model(
    hub: Hub,
    listing: Listing,
    wanted: Sequence[str],
    folder: Path,
    *,
    describe: Callable[[Path, Mapping[str, Any]], None],
    progress: Progress,
) -> dict[str, Any]:
    """Fetch these files of a model into a folder, which appears whole or not at all.

    What a kill leaves is beside the folder, under a name of its commit, and is gone on with.
    A folder of another commit is replaced; one of this commit is left as it is.

    Args:
        hub: Where they are.
        listing: Of the repository.
        wanted: Paths of the listing.
        folder: Where they go.
        describe: Called with the folder before it has its name and with what is known of the
            files, to write and try a description; what it raises stops the fetch.
        progress: Called with (bytes, all bytes).

    Returns:
        What is known: origin, licence, sizes and SHA-256 of all files.
    """
    by_path = {file.path: file for file in listing.files}
    files = [by_path[path] for path in wanted]
    growing = folder.with_name(f".{folder.name}.{listing.commit[:12]}.part")
    whole = sum(file.size for file in files)
    digests: dict[str, str] = {}
    done = 0
    for file in files:
        target = growing.joinpath(*PurePosixPath(file.path).parts)
        digests[file.path] = hub.fetch(listing, file, target, _from(progress, done, whole))
        done += file.size
    told = {
        "sha256": digests,
        "sizes": {file.path: file.size for file in files},
        "license": listing.license,
        "origin": {
            "model": listing.model,
            "revision": listing.revision,
            "commit": listing.commit,
        },
    }
    describe(growing, told)
    _replace(folder, growing)
    return told


def _from(progress: Progress, before: int, whole: int) -> Progress:
    """Return what tells the progress of one file as that of all."""
    return lambda have, _all: progress(before + have, whole)


def _replace(folder: Path, growing: Path) -> None:
    """Give the new folder its name, and take away the old one."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    growing.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _add(answer: Answer, file: File, part: Path, have: int) -> None:
    """Put a piece behind what is there; a server that knows no pieces sends all.

    Raises:
        UnreachableError: the piece is another one, or the file has another size than listed.
    """
    if answer.status == _PARTIAL:
        told = _RANGE.fullmatch(answer.headers.get("content-range", "").strip())
        start, size = (int(told[1]), int(told[3])) if told else (-1, -1)
        if start != have or not answer.body:
            raise UnreachableError(f"{answer.url} sent another piece than was asked for")
    else:
        have, size = 0, len(answer.body)
    if size != file.size or have + len(answer.body) > file.size:
        raise UnreachableError(
            f"{answer.url} has {size:,} bytes, not the {file.size:,} that the hub lists"
        )
    with part.open("r+b") as opened:
        opened.seek(have)
        opened.write(answer.body)


def _check(file: File, path: Path) -> str:
    """Return a file's SHA-256; one that is not what was listed is deleted.

    Raises:
        UnreachableError: it is not.
    """
    sha256 = hashlib.sha256()
    git = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as opened:
        while piece := opened.read(2**20):
            sha256.update(piece)
            git.update(piece)
    found, listed = (sha256, file.sha256) if file.sha256 else (git, file.blob)
    if path.stat().st_size != file.size or (listed and found.hexdigest() != listed):
        path.unlink()
        raise UnreachableError(
            f"{file.path} is not the file that the hub lists (its size or digest differs); it was "
            "deleted: fetch it again"
        )
    return sha256.hexdigest()


def _listing(told: Any, model: str, revision: str) -> Listing:
    commit = str(told["sha"])
    if not _COMMIT.fullmatch(commit):
        raise ValueError(commit[:80])
    card = told.get("cardData")
    named = card.get("license") if isinstance(card, dict) else None
    return Listing(
        model=model,
        revision=revision,
        commit=commit,
        license=named if isinstance(named, str) else "",
        files=tuple(_file(one) for one in told["siblings"] if _is_safe(one["rfilename"])),
    )


def _file(told: Mapping[str, Any]) -> File:
    large = told.get("lfs") or {}
    return File(
        path=str(told["rfilename"]),
        size=int(large.get("size", told["size"])),
        sha256=str(large.get("sha256", "")),
        blob="" if large else str(told.get("blobId", "")),
    )


def _is_safe(path: str) -> bool:
    """Tell whether a path stays within its folder."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and not {"..", "\\"} & set(parts)
