"""Refuse a built documentation that would load anything from elsewhere.

Run by ``make docs`` after the build. Links that a reader follows may lead anywhere; what a page
loads by itself may not.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent.parent / "site"
LOADED = (
    re.compile(
        r"<(?:script|img|iframe|source|audio|video|embed)\b[^>]*?\bsrc=[\"']?((?:https?:)?//[^\"'\s>]+)"
    ),
    re.compile(
        r"<link\b(?![^>]*\brel=[\"']?canonical)[^>]*?\bhref=[\"']?((?:https?:)?//[^\"'\s>]+)"
    ),
    re.compile(r"(?:@import\s*|url\()[\"']?((?:https?:)?//[^\"'\s)]+)"),
)
KINDS = {".html", ".css"}


def foreign(text: str) -> list[str]:
    """Return every address outside the site that a page or style sheet would load."""
    return [url for pattern in LOADED for url in pattern.findall(text)]


def main() -> None:
    """Read the whole site; end with 1 and the places when something is loaded from elsewhere."""
    files = [path for path in sorted(SITE.rglob("*")) if path.suffix in KINDS]
    if not files:
        sys.exit(f"there is no site in {SITE}: run mkdocs build first")
    found = [(path, url) for path in files for url in foreign(path.read_text(encoding="utf-8"))]
    for path, url in found:
        print(f"{path.relative_to(SITE)}: loads {url}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
