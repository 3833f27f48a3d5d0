"""A model comes from a hub whole or not at all, whatever the hub or the line does."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.config import Settings
from broadsheet.errors import SourceError, UnreachableError, UsageError
from broadsheet.sources import hub as ours
from tests.servers.faults import cut
from tests.servers.http import Asked, Said
from tests.servers.hub import COMMIT, Hub, hub, sized
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

WANTED = ["onnx/model.onnx", "config.json"]
SIZE = 100_000


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Hub]:
    """A hub with one model whose large file is 100,000 bytes."""
    folder = tmp_path / "repository"
    sized(folder, SIZE)
    with hub() as made:
        made.add("ada/tiny", folder)
        yield made


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four pieces instead of one."""
    monkeypatch.setattr(ours, "PIECE", SIZE // 4)


def source(held: Hub, data: Path, **settings: Any) -> ours.Hub:
    """Return our client of a hub; its waits cost nothing."""
    return ours.open_hub(
        Settings(data=data, hub_url=held.url, **settings), timing=FakeTime().timing
    )


def fetch(held: Hub, data: Path, **settings: Any) -> Path:
    """Fetch the model; return its folder."""
    client, folder = source(held, data, **settings), data / "models" / "ada--tiny@main"
    listing = client.listing("ada/tiny", "main")
    ours.fetch_model(
        client,
        listing,
        WANTED,
        folder,
        describe=lambda _folder, _told: None,
        progress=lambda _done, _all: None,
    )
    return folder


def files_of(data: Path) -> list[str]:
    """Return all that is in the folder of models."""
    folder = data / "models"
    paths = sorted(folder.rglob("*")) if folder.exists() else []
    return [path.relative_to(folder).as_posix() for path in paths if path.is_file()]


def pieces(held: Hub) -> list[str]:
    """Return which pieces the store was asked for."""
    assert held.server is not None
    return [
        asked.headers["range"] for asked in held.server.asked if asked.path.startswith("/store/")
    ]


@pytest.mark.usefixtures("small_pieces")
def test_a_model_comes_whole_in_pieces(held: Hub, tmp_path: Path) -> None:
    """By the commit that the revision stands for: what is fetched meanwhile stays of one kind."""
    folder = fetch(held, tmp_path)

    assert (folder / WANTED[0]).read_bytes() == held.files["ada/tiny"][WANTED[0]]
    assert pieces(held) == [f"bytes={at}-{at + 24_999}" for at in range(0, SIZE, 25_000)]
    assert held.server is not None
    assert all(COMMIT in one.path for one in held.server.asked if "/resolve/" in one.path)
    assert files_of(tmp_path) == ["ada--tiny@main/config.json", "ada--tiny@main/onnx/model.onnx"]


def test_what_is_known_is_told(held: Hub, tmp_path: Path) -> None:
    """Sizes and digests of every file, small ones too, and the commit."""
    told: list[Mapping[str, Any]] = []
    client = source(held, tmp_path)
    ours.fetch_model(
        client,
        client.listing("ada/tiny", "v1"),
        WANTED,
        tmp_path / "m",
        describe=lambda _folder, known: told.append(known),
        progress=lambda _done, _all: None,
    )

    (known,) = told
    large = hashlib.sha256(held.files["ada/tiny"][WANTED[0]]).hexdigest()
    assert known["sha256"][WANTED[0]] == large
    assert known["sizes"] == {WANTED[0]: SIZE, WANTED[1]: 18}
    assert known["origin"] == {"model": "ada/tiny", "revision": "v1", "commit": COMMIT}
    assert known["license"] == "apache-2.0"


@pytest.mark.usefixtures("small_pieces")
def test_what_was_stopped_goes_on(held: Hub, tmp_path: Path) -> None:
    """A gigabyte over a weak line must not begin again at each break."""
    assert held.server is not None

    def broken(asked: Asked, said: Said) -> Said:
        is_late = asked.headers.get("range", "").startswith("bytes=50000")
        return Said(403) if is_late else said

    held.server.spoil = broken
    with pytest.raises(UnreachableError, match="403"):
        fetch(held, tmp_path)
    assert not (tmp_path / "models" / "ada--tiny@main").exists()
    held.server.spoil = None
    held.server.asked.clear()
    folder = fetch(held, tmp_path)

    assert pieces(held) == ["bytes=50000-74999", "bytes=75000-99999"]
    assert (folder / WANTED[0]).read_bytes() == held.files["ada/tiny"][WANTED[0]]


def test_a_body_that_is_cut_off_is_asked_for_again(held: Hub, tmp_path: Path) -> None:
    """A broken line passes."""
    assert held.server is not None
    spoiled: list[str] = []

    def once(asked: Asked, said: Said) -> Said:
        if asked.path.startswith("/store/") and not spoiled:
            spoiled.append(asked.path)
            return replace(said, write=lambda handler: cut(handler, said.body))
        return said

    held.server.spoil = once

    assert (fetch(held, tmp_path) / WANTED[0]).stat().st_size == SIZE
    assert len(pieces(held)) == 2


def test_a_server_without_pieces_sends_all(held: Hub, tmp_path: Path) -> None:
    """Mirrors often do; what was there is replaced, not added to."""
    held.knows_ranges = False
    part = tmp_path / "models" / f".ada--tiny@main.{COMMIT[:12]}.part" / "onnx"
    part.mkdir(parents=True)
    (part / "model.onnx.part").write_bytes(b"rest of a piece")

    folder = fetch(held, tmp_path)
    assert (folder / WANTED[0]).read_bytes() == held.files["ada/tiny"][WANTED[0]]


@pytest.mark.usefixtures("small_pieces")
def test_another_piece_than_was_asked_for_is_refused(held: Hub, tmp_path: Path) -> None:
    """A cache that keeps the first piece under the file's address gives it each time."""
    assert held.server is not None
    first: list[Said] = []

    def stale(asked: Asked, said: Said) -> Said:
        if asked.path.startswith("/store/"):
            first.append(said)
        return first[0] if first and said.status == 206 else said

    held.server.spoil = stale
    with pytest.raises(UnreachableError, match="sent another piece than was asked for"):
        fetch(held, tmp_path)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"listed_size": SIZE + 5}, "not the 100,005 that the hub lists", id="longer"),
        pytest.param({"listed_size": SIZE - 5}, "not the 99,995 that the hub lists", id="shorter"),
        pytest.param({"listed_sha256": "0" * 64}, "size or digest differs", id="other content"),
        pytest.param(
            {"listed_size": SIZE + 5, "knows_ranges": False}, "100,000 bytes, not", id="no pieces"
        ),
    ],
)
def test_what_was_not_listed_is_refused(
    held: Hub, tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    """And nothing of it stays: the next try begins anew."""
    for name, value in changes.items():
        setattr(held, name, value)
    with pytest.raises(UnreachableError, match=complaint):
        fetch(held, tmp_path)

    assert not (tmp_path / "models" / "ada--tiny@main").exists()
    for name in changes:
        setattr(held, name, getattr(Hub(), name))
    assert (fetch(held, tmp_path) / WANTED[0]).stat().st_size == SIZE


def test_a_small_file_is_checked_by_gits_digest(held: Hub, tmp_path: Path) -> None:
    """Hubs give no SHA-256 of these."""
    assert held.server is not None
    held.server.spoil = lambda asked, said: (
        replace(said, body=said.body.replace(b"4", b"5")) if "config" in asked.path else said
    )

    with pytest.raises(UnreachableError, match=r"config\.json is not the file that the hub lists"):
        fetch(held, tmp_path)


def test_another_commit_replaces_the_folder(held: Hub, tmp_path: Path) -> None:
    """`main` moves; what was begun of the old commit is not mixed with the new one."""
    folder = fetch(held, tmp_path)
    held.commit = "f" * 40
    held.files["ada/tiny"]["config.json"] = b'{"hidden_size": 8}'
    fetch(held, tmp_path)

    assert (folder / "config.json").read_bytes() == b'{"hidden_size": 8}'
    assert files_of(tmp_path) == ["ada--tiny@main/config.json", "ada--tiny@main/onnx/model.onnx"]


def test_a_description_that_fails_stops_the_fetch(held: Hub, tmp_path: Path) -> None:
    """A model that cannot be used is never where encoders are looked for."""

    def refuse(_folder: Path, _told: Mapping[str, Any]) -> None:
        raise SourceError("no use")

    client, folder = source(held, tmp_path), tmp_path / "models" / "m"
    with pytest.raises(SourceError, match="no use"):
        ours.fetch_model(
            client,
            client.listing("ada/tiny", "main"),
            WANTED,
            folder,
            describe=refuse,
            progress=lambda _done, _all: None,
        )
    assert not folder.exists()


# --- refusals ---


def test_a_gated_model_wants_a_token(held: Hub, tmp_path: Path) -> None:
    """The error names the setting."""
    held.gated = {"ada/tiny"}
    with pytest.raises(UnreachableError, match=r"setting `hub_token`.*is restricted"):
        fetch(held, tmp_path)
    fetch(held, tmp_path, hub_token=held.token)

    assert held.server is not None
    assert held.server.asked[-1].headers["authorization"] == f"Bearer {held.token}"


def test_a_model_that_is_not_there_is_named(held: Hub, tmp_path: Path) -> None:
    """Hubs answer 401 for missing models; the address in the error shows the name."""
    client = source(held, tmp_path)
    with pytest.raises(UnreachableError, match=r"ada/tinny.*Invalid username"):
        client.listing("ada/tinny", "main")
    with pytest.raises(UnreachableError, match=r"404.*Invalid rev id: v9"):
        client.listing("ada/tiny", "v9")


@pytest.mark.parametrize("name", ["tiny", "../tiny", "ada/tiny/x", "ada/ti ny", "", "ada/tiny?x=1"])
def test_only_names_are_asked_for(held: Hub, tmp_path: Path, name: str) -> None:
    """What is typed goes into an address and a folder's name."""
    with pytest.raises(UsageError, match="named owner/model"):
        source(held, tmp_path).listing(name, "main")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>", id="a page"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"sha": "../x", "siblings": []}', id="no commit"),
        pytest.param(b'{"sha": "0a1b2c3d"}', id="no files"),
        pytest.param(b'{"sha": "0a1b2c3d", "siblings": [{"rfilename": "a"}]}', id="no size"),
    ],
)
def test_an_answer_of_another_kind_is_refused(held: Hub, tmp_path: Path, body: bytes) -> None:
    """A proxy's page of its own, or another API."""
    assert held.server is not None
    held.server.faults = [Said(body=body)]

    with pytest.raises(UnreachableError, match="is no list of files"):
        source(held, tmp_path).listing("ada/tiny", "main")


def test_no_path_leads_out_of_the_folder(held: Hub, tmp_path: Path) -> None:
    """A hub may be anybody's."""
    held.files["ada/tiny"] |= {"../evil.onnx": b"x", "/etc/evil": b"x", "a/../../b": b"x"}

    listed = source(held, tmp_path).listing("ada/tiny", "main").files
    assert {one.path for one in listed} == set(WANTED)
