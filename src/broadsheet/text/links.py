"""Where is more of the paper? Code, project and data links in abstracts and comments."""
# ruff: noqa: RUF001  # typographic quotes stand around addresses

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from broadsheet.model import Link

if TYPE_CHECKING:
    from urllib.parse import SplitResult

MAX_LENGTH = 2000
"""Longer addresses are no links."""

MAX_LINKS = 20
"""Further links of one text are left out."""

_URL = re.compile(
    r"(?:https?:\s?//|(?<![\w@./-])(?:www\.|(?=(?:github|gitlab|bitbucket|huggingface|zenodo|osf|kaggle)"
    r"\.(?:com|org|co|io)/)|(?=[a-z0-9-]+\.github\.io\b)))[^\s<>\"“”{}|^`\u0000-\u001f\u200b-\u200f\u202a-\u202e]+",
    re.IGNORECASE,
)
_LATEX = re.compile(r"\\([_%&#~^$])(?:\{\})?|\\(?:url|href|texttt)\b|\\textasciitilde(?:\{\})?")
_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}", re.IGNORECASE | re.ASCII
)
_BLANKS = re.compile(r"\s")
_HTTP = re.compile(r"https?://", re.IGNORECASE)
# Most addresses are as plain as this, and need no further look.
_PLAIN = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,20}(?:/[\w/.~%+=&#?-]{0,500}(?<=[\w/]))?",
    re.ASCII,
)
_UNSAFE = re.compile(
    r"[<>\"`{}|\\^\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\ufeff\ud800-\udfff]"
)
_CODE = (
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "sr.ht",
    "sourceforge.net",
    "gist.github.com",
    "anonymous.4open.science",
    "colab.research.google.com",
    "codeocean.com",
    "gitee.com",
    "launchpad.net",
    "code.google.com",
)
_DATA = (
    "zenodo.org",
    "figshare.com",
    "kaggle.com",
    "osf.io",
    "datadryad.org",
    "dataverse.org",
    "data.mendeley.com",
    "openml.org",
    "commoncrawl.org",
    "physionet.org",
    "ieee-dataport.org",
)
# The paper itself, in another place: kept as identifiers, not as links to more.
_PAPERS = (
    "arxiv.org",
    "doi.org",
    "aclanthology.org",
    "aclweb.org",
    "openreview.net",
    "semanticscholar.org",
    "creativecommons.org",
    # Journals and meetings that name themselves in the authors' remark of every paper: of a
    # sample of 4,000 abstracts of 1993 to 2020, imstat.org alone was half of all projects.
    "imstat.org",
    "projecteuclid.org",
    "thesai.org",
    "irevues.inist.fr",
    "ieee-security.org",
)


def find(text: str) -> tuple[Link, ...]:
    """Return the code, project and data links of a text, in its order, each address once.

    Addresses without ``https://`` count on hosts that hold code or data. Punctuation of the
    sentence and LaTeX around an address go. Links to papers and licences are left out.
    """
    if "/" not in text and ".io" not in text:
        return ()
    plain = _LATEX.sub(_unescaped, text)
    found: dict[str, Link] = {}
    for match in _URL.finditer(plain):
        link = read(match[0])
        if link:
            found.setdefault(link.url.rstrip("/").casefold(), link)
        if len(found) == MAX_LINKS:
            break
    return tuple(found.values())


def read(text: str) -> Link | None:
    """Return the link of an address, or None when it is not http, broken, or of a paper."""
    url = address(text)
    if not url:
        return None
    parts = urlsplit(url)
    host = _host(parts)
    return None if _is_on(host, _PAPERS) else Link(kind=_kind(host, parts.path), url=url)


def address(text: str) -> str | None:
    """Return an address without the text around it, or None when it is no http address.

    Addresses that carry a user's name, that name no public host, or are too long are none.
    """
    if _PLAIN.fullmatch(text):
        return text
    url = _trimmed(_BLANKS.sub("", text))
    if len(url) > MAX_LENGTH:
        return None
    if not _HTTP.match(url):
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises where it is no number
    except ValueError:
        return None
    is_safe = "@" not in parts.netloc and _HOST.fullmatch(_host(parts))
    return url if is_safe and not _UNSAFE.search(url) else None


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").removeprefix("www.")


def _kind(host: str, path: str) -> str:
    if host in {"huggingface.co", "hf.co"}:
        return "data" if path.startswith("/datasets/") else "code"
    if _is_on(host, _CODE):
        return "code" if path.strip("/") else "project"
    return "data" if _is_on(host, _DATA) else "project"


def _is_on(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _unescaped(found: re.Match[str]) -> str:
    if found[0].startswith("\\textasciitilde"):
        return "~"
    return found[1] or " "


def _trimmed(url: str) -> str:
    while url and (
        url[-1] in ".,;:!?'\"*_\\$…’"
        or (url[-1] in ")]" and url.count("(") + url.count("[") < url.count(")") + url.count("]"))
    ):
        url = url[:-1]
    return url
