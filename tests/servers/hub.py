"""A model hub on loopback: its lists of files, small files, and large ones by way of a store."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.servers.http import Asked, Said, Server, json_said, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMIT = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
LARGE = ("onnx", "onnx_data", "safetensors", "bin")  # what repositories keep in the store
_INFO = re.compile(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?")
_FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass
class Hub:
    """Repositories by owner/model; each has one commit, which `main` and `v1` stand for."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)  # refused without the token
    token: str = "hf_sesame"  # noqa: S105  # of a loopback server
    commit: str = COMMIT
    knows_ranges: bool = True
    listed_size: int | None = None  # of large files, where the list is wrong
    listed_sha256: str = ""  # likewise
    server: Server | None = None

    def add(self, model: str, folder: Path) -> None:
        """Hold the files of a folder."""
        paths = (path for path in folder.rglob("*") if path.is_file())
        self.files[model] = {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in paths
        }

    @property
    def url(self) -> str:
        """Its address."""
        assert self.server is not None
        return self.server.url

    def answer(self, asked: Asked) -> Said:
        """Answer a request as the hub does."""
        path = unquote(asked.path)
        if path.startswith("/store/"):
            return self._stored(path.removeprefix("/store/"), asked)
        info, file = _INFO.fullmatch(path), _FILE.fullmatch(path)
        found = info or file
        if found is None or found[1] not in self.files:  # it does not tell private from missing
            refusal = {"X-Error-Code": "RepoNotFound"}
            said = {"error": "Invalid username or password."}
            return json_said(said, status=401, headers=refusal)
        if found[1] in self.gated and asked.headers.get("authorization") != f"Bearer {self.token}":
            told = f"Access to model {found[1]} is restricted. You must have access to it."
            return json_said({"error": told}, status=401, headers={"X-Error-Code": "GatedRepo"})
        if (found[2] or "main") not in {"main", "v1", self.commit}:
            return json_said(
                {"error": f"Invalid rev id: {found[2]}"},
                status=404,
                headers={"X-Error-Code": "RevisionNotFound"},
            )
        return self._file(found[1], found[3], asked) if file else json_said(self._info(found[1]))

    def _info(self, model: str) -> dict[str, Any]:
        return {
            "_id": "6",
            "id": model,
            "modelId": model,
            "sha": self.commit,
            "cardData": {"license": "apache-2.0"},
            "tags": [],
            "siblings": [self._sibling(*one) for one in self.files[model].items()],
        }

    def _sibling(self, path: str, held: bytes) -> dict[str, Any]:
        told: dict[str, Any] = {"rfilename": path, "size": len(held), "blobId": blob_id(held)}
        if path.endswith(LARGE):
            size = len(held) if self.listed_size is None else self.listed_size
            digest = self.listed_sha256 or hashlib.sha256(held).hexdigest()
            told |= {"size": size}
            told["lfs"] = {"sha256": digest, "size": size, "pointerSize": 134}
        return told

    def _file(self, model: str, path: str, asked: Asked) -> Said:
        held = self.files[model].get(path)
        if held is None:
            missing = {"X-Error-Code": "EntryNotFound"}
            return json_said({"error": "Entry not found"}, status=404, headers=missing)
        known = {"X-Repo-Commit": self.commit, "ETag": f'"{blob_id(held)}"'}
        if path.endswith(LARGE):
            digest = hashlib.sha256(held).hexdigest()
            known |= {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(held))}
            return Said(
                302, headers=known | {"Location": f"{self.url}/store/{model}/{path}?signed=yes"}
            )
        return self._piece(held, asked, known)

    def _stored(self, path: str, asked: Asked) -> Said:
        owner, name, rest = path.split("/", 2)
        held = self.files[f"{owner}/{name}"][rest]
        known = {"X-Repo-Commit": self.commit, "ETag": f'"{hashlib.sha256(held).hexdigest()}"'}
        return self._piece(held, asked, known)

    def _piece(self, held: bytes, asked: Asked, known: dict[str, str]) -> Said:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.headers.get("range", ""))
        if not (wanted and self.knows_ranges):
            return Said(body=held, headers=known)
        start, last = int(wanted[1]), min(int(wanted[2] or len(held)), len(held) - 1)
        if start >= len(held):
            return Said(416, headers={"Content-Range": f"bytes */{len(held)}"})
        told = {"Content-Range": f"bytes {start}-{last}/{len(held)}"}
        return Said(206, held[start : last + 1], known | told)


def blob_id(held: bytes) -> str:
    """Return Git's digest of a file's content."""
    framed = f"blob {len(held)}\0".encode() + held
    return hashlib.sha1(framed, usedforsecurity=False).hexdigest()


@contextmanager
def hub() -> Iterator[Hub]:
    """Run a hub."""
    held = Hub()
    with serving(held.answer) as held.server:
        yield held


def sized(folder: Path, count: int) -> bytes:
    """Write a large file of that many bytes that differ; return them."""
    held = b"".join(n.to_bytes(4, "big") for n in range(count // 4))
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    (folder / "onnx" / "model.onnx").write_bytes(held)
    (folder / "config.json").write_text(json.dumps({"hidden_size": 4}), encoding="utf-8")
    return held
