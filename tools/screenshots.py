"""Photograph the specimen edition for README and docs: writes docs/images/*.png.

Run by ``make screenshots``. The day is fixed, so that the same program makes the same pictures;
the machine needs a Chromium, and fonts for the scripts that names are written in.
"""

from __future__ import annotations

import base64
import shutil
import socket
import struct
import sys
import tempfile
import threading
import time
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import uvicorn
from playwright.sync_api import sync_playwright

from broadsheet.assemble import open_library
from broadsheet.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from playwright.sync_api import Browser

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)  # a Friday
LIMIT = 300_000  # bytes of one picture
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@dataclass(frozen=True)
class Shot:
    """One picture: its file, what it shows, how large, by day or night."""

    name: str
    path: str
    width: int = 1280
    height: int = 1440
    scheme: str = "light"


PIXELS = """async (picture) => {
  const image = new Image();
  image.src = "data:image/png;base64," + picture;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, image.width, image.height);
  let text = "";
  for (let i = 0; i < data.length; i += 32768) {
    text += String.fromCharCode(...data.subarray(i, i + 32768));
  }
  return { data: btoa(text), width, height };
}"""

SHOTS = (
    Shot("edition-light", "/papers/week/2026-W10"),
    Shot("edition-dark", "/papers/week/2026-W10", scheme="dark"),
    Shot("edition-phone", "/papers/week/2026-W10", width=390, height=844),
    Shot("search", "/papers?q=sparse+models", height=1100),
    Shot("paper", "/papers/specimen:causal-umbrella"),
)


class FixedClock:
    """The moment at which all pictures are taken."""

    def now(self) -> datetime:
        """Return that moment."""
        return NOW


@contextmanager
def serving(folder: str) -> Iterator[str]:
    """Serve the specimen edition on a free port of loopback; the value is its address."""
    environ = {"BROADSHEET_BASE_URL": "https://papers.example"}  # not the port, in citations
    library = open_library(folder, environ=environ, clock=FixedClock())
    library.load_specimens()
    library.catch_up(is_encoding=True)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(library), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    library.close()


def photograph(browser: Browser, address: str, shot: Shot) -> Path:
    """Take one picture; return its file."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.scheme == "dark" else "light",
        device_scale_factor=2 if shot.width < 600 else 1,  # noqa: PLR2004  # a phone's screen
    )
    page = context.new_page()
    page.goto(address + shot.path)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    picture = page.screenshot()
    context.close()
    target = FOLDER / f"{shot.name}.png"
    target.write_bytes(compressed(browser, picture))
    return target


def compressed(browser: Browser, picture: bytes) -> bytes:
    """Return the picture with at most 256 colours, as an indexed PNG: a third of the size.

    The browser decodes it. Channels are rounded to steps of ``step``, which grow until the
    colours fit; the pages have few colours, so what is lost is shades of the edges of letters.
    """
    page = browser.new_page()
    found = page.evaluate(PIXELS, base64.b64encode(picture).decode())
    page.close()
    pixels: npt.NDArray[np.uint8] = np.frombuffer(base64.b64decode(found["data"]), np.uint8)
    pixels = pixels.reshape(found["height"], found["width"], 4)[:, :, :3]  # (h, w, 3)
    for step in (2, 4, 6, 8, 12, 16, 24, 32):
        coarse = np.minimum((pixels.astype(np.uint16) + step // 2) // step * step, 255)
        keys = coarse @ np.array([65_536, 256, 1], np.uint32)  # (h, w)
        palette, index = np.unique(keys, return_inverse=True)
        if len(palette) <= 256:  # noqa: PLR2004
            break
    colours = np.stack([palette >> 16, palette >> 8 & 255, palette & 255], axis=1)
    width, height = int(found["width"]), int(found["height"])
    rows = index.reshape(height, width).astype(np.uint8)
    unfiltered = np.zeros((height, 1), np.uint8)  # filter 0 before each row
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", colours.astype(np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(np.hstack([unfiltered, rows]).tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def main() -> int:
    """Take all pictures; return 0, or 1 when one is too large or there is no browser."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        print("No Chromium on this machine: install one, or run .ci/run", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    is_bearable = True
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(folder) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        for shot in SHOTS:
            target = photograph(browser, address, shot)
            size = target.stat().st_size
            is_bearable &= size <= LIMIT
            print(f"{target.relative_to(FOLDER.parent.parent)}  {size / 1000:.0f} kB")
        browser.close()
    return 0 if is_bearable else 1


if __name__ == "__main__":
    sys.exit(main())
