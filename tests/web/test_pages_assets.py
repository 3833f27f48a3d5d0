"""Styles, scripts and fonts, and how long they may be kept."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest

from broadsheet.web.assets import FOLDER, FOREVER, asset_url, assets

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_a_versioned_file_is_kept_for_ever_and_another_version_is_not(reader: TestClient) -> None:
    """The address changes with the bytes, so a browser never has to ask again."""
    url = asset_url("tokens.css")

    assert reader.get(url).headers["cache-control"] == FOREVER
    assert reader.get(url + "0").headers["cache-control"] == "public, no-cache"
    assert reader.get("/static/tokens.css").headers["cache-control"] == "public, no-cache"


def test_an_unchanged_file_is_not_sent_again(reader: TestClient) -> None:
    """304 by ETag."""
    etag = reader.get("/static/tokens.css").headers["etag"]
    answer = reader.get("/static/tokens.css", headers={"If-None-Match": etag})

    assert (answer.status_code, answer.content) == (304, b"")


def test_fonts_in_style_sheets_have_their_version(reader: TestClient) -> None:
    """A style sheet names its fonts by the address they are preloaded from."""
    for name in ("tokens.css", "vendor/katex/katex.min.css"):
        urls = re.findall(r'url\("([^"]+)"\)', assets()[name].body.decode())
        assert urls
        folder = f"/static/{name.rpartition('/')[0]}".rstrip("/")
        for url in urls:
            assert reader.get(f"{folder}/{url}").headers["cache-control"] == FOREVER


def test_text_is_zipped_once_and_fonts_are_not(reader: TestClient) -> None:
    """Woff2 is compressed already."""
    script = assets()["vendor/katex/katex.min.js"]

    assert script.zipped is not None
    assert gzip.decompress(script.zipped) == script.body
    answer = reader.get("/static/vendor/katex/katex.min.js")
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in reader.get(asset_url("fonts/newsreader-roman.woff2")).headers
    bare = reader.get("/static/tokens.css", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in bare.headers


@pytest.mark.parametrize(
    "name", ["../app.py", "%2e%2e/app.py", "/etc/passwd", "fonts", "", "tokens.css/", "TOKENS.CSS"]
)
def test_nothing_else_is_served(reader: TestClient, name: str) -> None:
    """Only names of files that were there at the start."""
    assert reader.get(f"/static/{name}").status_code == 404


def test_what_comes_from_others_comes_with_its_licence() -> None:
    """KaTeX and htmx under vendor/, the fonts under their Open Font Licences."""
    for folder in (FOLDER / "vendor").iterdir():
        assert (folder / "LICENSE").is_file(), folder
    assert {path.name for path in (FOLDER / "fonts").glob("OFL-*.txt")} == {
        *("OFL-LibreFranklin.txt", "OFL-Newsreader.txt")
    }


def test_nothing_on_a_page_is_asked_of_others() -> None:
    """No style sheet or script of ours names another host."""
    for name, asset in assets().items():
        if name.endswith((".css", ".js")) and not name.startswith("vendor/"):
            assert not re.search(rb"https?://(?!www\.w3\.org)", asset.body), name
