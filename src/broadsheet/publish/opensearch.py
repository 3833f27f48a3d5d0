"""How does a browser search here from its address bar? An OpenSearch 1.1 description."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from broadsheet.publish import xml

MEDIA_TYPE = "application/opensearchdescription+xml"
_NAMESPACE = "http://a9.com/-/spec/opensearch/1.1/"
_SHORT_NAME = 16  # characters that the format allows


def render(title: str, base_url: str, /) -> bytes:
    """Return the description of this instance's search, as pages and as feeds."""
    root = ET.Element("OpenSearchDescription", {"xmlns": _NAMESPACE})
    xml.add(root, "ShortName", title[:_SHORT_NAME])
    xml.add(root, "LongName", title[:48])
    xml.add(root, "Description", f"Search the papers of {title[:900]} by word and by meaning.")
    xml.add(root, "InputEncoding", "UTF-8")
    xml.add(root, "OutputEncoding", "UTF-8")
    for media_type, suffix in (
        ("text/html", ""),
        ("application/atom+xml", ".atom"),
        ("application/rss+xml", ".rss"),
    ):
        template = f"{base_url}/papers{suffix}?q={{searchTerms}}&page={{startPage?}}"
        xml.add(root, "Url", None, {"type": media_type, "template": template})
    itself = {"type": MEDIA_TYPE, "rel": "self", "template": f"{base_url}/opensearch.xml"}
    xml.add(root, "Url", None, itself)
    return xml.document(root)
