"""References in PubMed's nbib."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from broadsheet.model import Fault, Record, Status
from broadsheet.sources import open_files

if TYPE_CHECKING:
    from pathlib import Path

WELLS = """\

PMID- 3197
OWN - NLM
DP  - 2026 Mar
DEP - 20260304
TI  - On wells of great depth and
      what is in them.
PG  - 1-12
LID - 10.1000/WELLS [doi]
AB  - BACKGROUND: We dig. RESULTS: Code is at
      https://github.com/ada/wells.
FAU - Lovelace, Ada
AU  - Lovelace A
FAU - Du Châtelet, Émilie
CN  - Well Works
LA  - eng
PT  - Journal Article
PT  - Retracted Publication
JT  - Journal of wells
MH  - *Water Wells/chemistry
OT  - digging
PMC - PMC1

PMID- 3198
DP  - 2025 Nov-Dec
TI  - [Short].
AU  - Lovelace A

PMID- 3199
DP  - 2025
"""


def test_citations_are_records(tmp_path: Path) -> None:
    """Full names, the electronic date, topics from two places; retractions are said."""
    path = tmp_path / "pubmed.txt"
    path.write_text(WELLS, encoding="utf-8")

    (source,) = open_files([path])
    first, second, third = source.read()

    assert isinstance(first, Record)
    assert (first.source, first.source_id) == ("pubmed", "10.1000/wells")
    assert first.title == "On wells of great depth and what is in them"
    assert first.authors == ("Ada Lovelace", "Émilie Du Châtelet", "Well Works")
    assert first.published == date(2026, 3, 4)
    assert [str(name) for name in first.identifiers] == ["doi:10.1000/wells", "pmid:3197"]
    assert first.topics == ("digging", "water wells")
    assert {link.url for link in first.links} == {
        "https://doi.org/10.1000/wells",
        "https://pubmed.ncbi.nlm.nih.gov/3197",
        "https://github.com/ada/wells",
    }
    assert (first.status, first.extra["pmc"]) == (Status.RETRACTED, "PMC1")
    assert isinstance(second, Record)
    assert (second.title, second.published) == ("[Short]", date(2025, 11, 1))
    assert second.status is None
    assert isinstance(third, Fault)
    assert (third.reason, third.where) == ("title: there is none", "pubmed.txt line 29")
