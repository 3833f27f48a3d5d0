"""What do search engines read? A schema.org ``ScholarlyArticle`` as JSON-LD."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from broadsheet.publish import work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from broadsheet.model import Paper


def json_ld(paper: Paper, url: str, /) -> dict[str, Any]:
    """Return the paper as JSON-LD; ``url`` is its page here. Unknown values are left out."""
    outside = work.outside_url(paper)
    doi = work.doi(paper)
    values: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "@id": url,
        "url": url,
        "headline": work.title(paper),
        "name": work.title(paper),
        "abstract": work.abstract(paper),
        "author": [{"@type": "Person", "name": name} for name in paper.authors],
        "datePublished": work.date_text(paper),
        "dateModified": paper.updated.isoformat() if paper.updated else "",
        "version": str(paper.version or ""),
        "keywords": list(paper.topics),
        "about": list(paper.categories),
        "license": paper.license if paper.license.startswith(("https://", "http://")) else "",
        "identifier": [_identifier(str(one)) for one in paper.identifiers],
        "sameAs": work.unique([outside or "", f"https://doi.org/{doi}" if doi else ""]),
    }
    if paper.venue:
        kind = "Periodical" if work.is_journal(paper) else "PublicationEvent"
        values["isPartOf" if kind == "Periodical" else "publication"] = {
            "@type": kind,
            "name": paper.venue,
        }
    return {name: value for name, value in values.items() if value}


def script_text(values: Mapping[str, Any], /) -> str:
    """Return the JSON for a ``<script>`` element: no ``<``, ``>`` or ``&`` can end it early."""
    text = json.dumps(values, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _identifier(name: str) -> dict[str, str]:
    scheme, _, value = name.partition(":")
    return {"@type": "PropertyValue", "propertyID": scheme, "value": value}
