"""Which paper is meant? Identifiers in every form that people type, one canonical form out.

arXiv: https://info.arxiv.org/help/arxiv_identifier.html. DOI: ISO 26324, compared without case.
ACL: https://aclanthology.org/info/ids/. OpenReview: the ``id`` of a forum's address.
PubMed: digits, never bare. OpenAlex: a W and digits. Semantic Scholar: 40 hex digits, or the
digits of a corpus id; the two cannot be computed from each other and are two identifiers.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from broadsheet.model import Identifier, Scheme
from broadsheet.text import normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_LENGTH = 500
"""Longer strings are no identifiers; the longest DOI seen in the wild has about 200 characters."""

TITLE_DIGEST_LENGTH = 20
"""Hex digits: 80 bits, so that among 10 million titles a collision has odds of 1 in 10 billion."""

# Old archives stopped taking new names in March 2007.
_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|"
    "comp-gas|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|"
    "nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_VERSION = r"(?:v(?P<version>[1-9]\d{0,3}))?"
_ARXIV_NEW = re.compile(
    # From April 2007; four digits after the point until December 2014, five from January 2015.
    r"(?P<id>(?:07(?:0[4-9]|1[0-2])|(?:0[89]|1[0-4])(?:0[1-9]|1[0-2]))\.\d{4}"
    r"|(?:1[5-9]|[2-8]\d)(?:0[1-9]|1[0-2])\.\d{5})" + _VERSION,
    re.ASCII | re.IGNORECASE,
)
_ARXIV_OLD = re.compile(
    rf"(?P<archive>{_ARCHIVES})"
    r"(?:\.[a-z]{2}(?:-[a-z]{2,4})?)?/"
    r"(?P<number>(?:9[1-9]|0[0-7])(?:0[1-9]|1[0-2])\d{3})" + _VERSION,
    re.ASCII | re.IGNORECASE,
)
_ARXIV_LABEL = re.compile(
    r"(?:oai:arxiv\.org:|arxiv(?:\s*:\s*|\s+)(?:id\s*:?\s*)?)(?=\S)", re.IGNORECASE
)
# What a stamped PDF or a listing puts after the id: "[cs.LG]", "[cs.LG] 3 Jan 2024", "(cs.LG)".
_ARXIV_STAMP = re.compile(
    r"\s*[\[(][a-z]{2,8}(?:-[a-z]{2,4})?(?:\.[a-z-]{2,8})?[\])](?:\s+\d{1,2} [a-z]{3,9} \d{4})?\Z",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S+", re.ASCII)
_DOI_LABEL = re.compile(r"(?:info:doi/|doi\s*:\s*|doi\s+(?=10\.))", re.IGNORECASE)
_ARXIV_DOI = "10.48550/arxiv."
_ACL_DOI = re.compile(r"10\.(?:18653|3115)/v1/(?P<id>\S+)", re.ASCII)
_ACL_NEW = re.compile(r"(?:19|20)\d\d\.[a-z0-9_]+-[a-z0-9_]+\.[a-z0-9]+", re.ASCII)
_ACL_OLD = re.compile(r"[a-z]\d\d-\d{4}", re.ASCII)
_OPENREVIEW = re.compile(r"[A-Za-z0-9_-]{5,40}", re.ASCII)
_PMID = re.compile(r"0*([1-9]\d{0,8})", re.ASCII)
_PMID_LABEL = re.compile(
    r"(?:info:pmid/|(?:pmid|pubmed)(?:\s*id)?\s*[:\s]\s*)(?=\d)", re.IGNORECASE
)
_OPENALEX = re.compile(r"(?:works/)?(W[1-9]\d{3,11})", re.ASCII | re.IGNORECASE)
_S2 = re.compile(r"[0-9a-f]{40}|[1-9]\d{0,11}", re.ASCII)
_S2_SHA = re.compile(r"[0-9a-f]{40}", re.ASCII)
_CORPUS_LABEL = re.compile(r"corpus\s?id\s*:?\s*(?=\d)", re.IGNORECASE)
_BARE_OPENALEX = 8  # "W3C" and "W1000" are words; works have a W and nine or ten digits
_TITLE = re.compile(rf"[0-9a-f]{{{TITLE_DIGEST_LENGTH}}}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)
_LOCAL = re.compile(r"[^\s/]+/\S(?:.*\S)?")
_SCHEMELESS_HOSTS = re.compile(
    r"(?:[a-z0-9-]+\.)*(?:arxiv\.org|ar5iv\.org|alphaxiv\.org|doi\.org|aclanthology\.org"
    r"|aclweb\.org|openreview\.net|huggingface\.co|hf\.co|scirate\.com|openalex\.org"
    r"|pubmed\.ncbi\.nlm\.nih\.gov|semanticscholar\.org)/",
    re.IGNORECASE,
)
# Path heads under which hosts keep arXiv papers: "/abs/2401.01234", "/papers/2401.01234.md".
_ARXIV_PATH = re.compile(
    r"/(?:abs|pdf|html|format|ps|e-print|src|papers|paper|arxiv|overview|labs/html|list)/(?P<rest>.+)",
    re.IGNORECASE,
)
_ARXIV_HOSTS = (
    "arxiv.org",
    "ar5iv.org",
    "alphaxiv.org",
    "huggingface.co",
    "hf.co",
    "scirate.com",
    "arxiv-vanity.com",
)
_FILE_ENDING = re.compile(r"(?:\.pdf|\.html?|\.md|\.json|\.bib|\.ris|\.tar\.gz)\Z", re.IGNORECASE)

_Versioned = tuple[Identifier, int | None]


def parse(text: str) -> Identifier | None:
    """Return the identifier that the whole text is, in any form that people type, or None.

    A title, a plain word or a number such as ``2020.5`` is none. What it returns reads back:
    ``parse(str(found)) == found``.
    """
    versioned = parse_versioned(text)
    return versioned[0] if versioned else None


def parse_versioned(text: str) -> _Versioned | None:
    """Return the identifier that the text is and the version it names (>= 1), if any."""
    if len(text) > MAX_LENGTH:
        return None
    text = text.strip().strip("<>\"'").strip()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if not text or text.isalpha():
        return None
    if "://" in text[:8]:
        return _from_url(text)
    if _SCHEMELESS_HOSTS.match(text):
        return _from_url(f"https://{text}")
    return _from_label(text) or _arxiv(text) or _doi(text) or _acl(text) or _graph(text)


def implied(identifier: Identifier) -> tuple[Identifier, ...]:
    """Return the identifier and those that follow from it: an ACL DOI names an ACL paper."""
    if identifier.scheme is Scheme.DOI:
        found = _ACL_DOI.fullmatch(identifier.value)
        acl = _acl(found["id"]) if found else None
        if acl:
            return (identifier, acl[0])
    return (identifier,)


def url_part(paper_id: str) -> str:
    """Return what stands for the paper in a page's path: ``/papers/`` + this.

    arXiv papers go by their bare id, all others by ``scheme:value``.
    """
    return paper_id.removeprefix("arxiv:")


def best(identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Return the identifiers, each once, best scheme first, then by value."""
    return tuple(sorted(set(identifiers), key=lambda each: (_ORDER[each.scheme], each.value)))


_ORDER = {scheme: place for place, scheme in enumerate(Scheme)}


def title_identifier(title: str, year: int | None, first_author: str | None) -> Identifier:
    """Return the identifier of a paper for which no source gave one.

    It depends on the title's letters and digits, not on its case, accents, LaTeX or
    punctuation, and on year and first author where they are known.
    """
    author = normal.author_key(first_author) if first_author else ""
    key = "\n".join((normal.title_key(title), str(year or ""), author))
    digest = hashlib.sha256(key.encode()).hexdigest()[:TITLE_DIGEST_LENGTH]
    return Identifier(Scheme.TITLE, digest)


def _from_label(text: str) -> _Versioned | None:
    """Read ``scheme:value``, "arXiv: ..." and "doi 10. ..."."""
    label = _ARXIV_LABEL.match(text)
    if label:
        return _arxiv(text[label.end() :])
    label = _DOI_LABEL.match(text)
    if label:
        return _doi(text[label.end() :])
    label = _PMID_LABEL.match(text)
    if label:
        return _pmid(text[label.end() :])
    label = _CORPUS_LABEL.match(text)
    if label:
        return _s2(text[label.end() :])
    scheme, colon, value = text.partition(":")
    read = _SCHEMES.get(scheme.lower()) if colon else None
    return read(value.strip()) if read else None


def arxiv(text: str) -> Identifier | None:
    """Return the identifier of a bare arXiv id, without label or address around it, or None."""
    found = _ARXIV_NEW.fullmatch(text)
    if found and not found["version"]:
        return Identifier(Scheme.ARXIV, found["id"])
    return parse(f"arXiv:{text}")


def doi(text: str) -> Identifier | None:
    """Return the identifier of what should be a DOI: that, what it is a DOI of, or None."""
    if text.startswith("10.") and text.isascii() and len(text) <= MAX_LENGTH:
        found = _doi(text)
        if found:
            return found[0]
    return parse(text)


def _arxiv(text: str) -> _Versioned | None:
    found = _ARXIV_NEW.fullmatch(text)
    if not found:
        text = _ARXIV_STAMP.sub("", text)
        found = _ARXIV_NEW.fullmatch(text)
    if found:
        value = found["id"]
    else:
        found = _ARXIV_OLD.fullmatch(text)
        if not found or (found["number"][:2] == "07" and found["number"][2:4] > "03"):
            return None
        value = f"{found['archive'].lower()}/{found['number']}"
    version = found["version"]
    return Identifier(Scheme.ARXIV, value), int(version) if version else None


def _doi(text: str) -> _Versioned | None:
    text = _trimmed(text)
    if not _DOI.fullmatch(text):
        return None
    value = text.lower()
    if value.startswith(_ARXIV_DOI):
        return _arxiv(value[len(_ARXIV_DOI) :])
    return Identifier(Scheme.DOI, value), None


def _trimmed(text: str) -> str:
    """Return the text without the punctuation of the sentence around it."""
    while text:
        last = text[-1]
        is_stray = last in ".,;:'\"" or (last == ")" and text.count("(") < text.count(")"))
        if not is_stray:
            break
        text = text[:-1]
    return text


def _acl(text: str) -> _Versioned | None:
    lowered = text.lower()
    if _ACL_NEW.fullmatch(lowered):
        return Identifier(Scheme.ACL, lowered), None
    if _ACL_OLD.fullmatch(lowered):
        return Identifier(Scheme.ACL, lowered.upper()), None
    return None


def _openreview(text: str) -> _Versioned | None:
    return (Identifier(Scheme.OPENREVIEW, text), None) if _OPENREVIEW.fullmatch(text) else None


def _pmid(text: str) -> _Versioned | None:
    found = _PMID.fullmatch(text)
    return (Identifier(Scheme.PMID, found[1]), None) if found else None


def _openalex(text: str) -> _Versioned | None:
    found = _OPENALEX.fullmatch(text)
    return (Identifier(Scheme.OPENALEX, found[1].upper()), None) if found else None


def _s2(text: str) -> _Versioned | None:
    value = text.lower()
    return (Identifier(Scheme.S2, value), None) if _S2.fullmatch(value) else None


def _graph(text: str) -> _Versioned | None:
    """Read what two databases of citations call a paper, without a label."""
    if _S2_SHA.fullmatch(text):
        return _s2(text)
    return _openalex(text) if len(text) >= _BARE_OPENALEX else None


def _specimen(text: str) -> _Versioned | None:
    slug = text.lower()
    return (Identifier(Scheme.SPECIMEN, slug), None) if _SLUG.fullmatch(slug) else None


def _local(text: str) -> _Versioned | None:
    return (Identifier(Scheme.LOCAL, text), None) if _LOCAL.fullmatch(text) else None


def _title(text: str) -> _Versioned | None:
    return (Identifier(Scheme.TITLE, text), None) if _TITLE.fullmatch(text) else None


_SCHEMES = {
    "acl": _acl,
    "openreview": _openreview,
    "pmid": _pmid,
    "openalex": _openalex,
    "s2": _s2,
    "specimen": _specimen,
    "local": _local,
    "title": _title,
}


def _from_url(text: str) -> _Versioned | None:
    """Read an address; hosts that are not known to hold papers by id give None."""
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"}:
        return None
    path = unquote(parts.path).rstrip("/")
    if _is_on(host, "openreview.net"):
        return _openreview(parse_qs(parts.query).get("id", [""])[0])
    for domains, read in _HOSTS:
        if any(_is_on(host, domain) for domain in domains):
            return read(path)
    return _publisher_path(path)


def _acl_path(path: str) -> _Versioned | None:
    return _acl(_FILE_ENDING.sub("", path.removeprefix("/anthology")).strip("/"))


def _arxiv_path(path: str) -> _Versioned | None:
    found = _ARXIV_PATH.search(path)
    rest = found["rest"] if found else path.strip("/")
    return _arxiv(_FILE_ENDING.sub("", rest).removeprefix("arxiv:"))


def _s2_path(path: str) -> _Versioned | None:
    """Read ``/paper/<title>/<sha>``, ``/CorpusID:<digits>`` and ``/arxiv/<id>``."""
    last = path.rpartition("/")[2]
    label = _CORPUS_LABEL.match(last)
    if label:
        return _s2(last[label.end() :])
    return _s2(last) if _S2_SHA.fullmatch(last.lower()) else _arxiv_path(path)


def _publisher_path(path: str) -> _Versioned | None:
    """Read the DOI that publishers put into their paths: ``/doi/abs/10.1145/3292500``."""
    found = re.search(r"/(?:doi|article|chapter|abs|full|book)/(?:[a-z]+/)?(10\.\d{4,9}/.+)", path)
    return _doi(_FILE_ENDING.sub("", found[1])) if found else None


_HOSTS: tuple[tuple[tuple[str, ...], Callable[[str], _Versioned | None]], ...] = (
    (("aclanthology.org", "aclweb.org"), _acl_path),
    (("semanticscholar.org",), _s2_path),
    (_ARXIV_HOSTS, _arxiv_path),
    (("openalex.org",), lambda path: _openalex(path.strip("/"))),
    (("ncbi.nlm.nih.gov",), lambda path: _pmid(path.removeprefix("/pubmed").strip("/"))),
    (("doi.org",), lambda path: _doi(path.strip("/ "))),
)


def _is_on(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
