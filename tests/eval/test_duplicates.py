"""Labels come from what the rule does not see, and the figures are what they are called."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.errors import UsageError
from broadsheet.eval.duplicates import Item, decide, evaluate, label_pairs
from broadsheet.model import Identifier, Record, Scheme
from tests.support import record

if TYPE_CHECKING:
    from pathlib import Path

TITLE = "Optimising the depth of gravity wells"
FIRST = "We study the depth of wells that gravity digs in rock. "
SECOND = "Nine experiments on three sites show that deeper wells are wetter. "
OTHER = "Ropes of many kinds hold buckets, baskets, ladders and miners above the ground."


def item(file: str, number: int, /, **changes: Any) -> Item:
    """Return a record of a file."""
    return Item(file, record(number, **({"title": TITLE, "abstract": FIRST + SECOND} | changes)))


def label(one: Item, other: Item) -> str | None:
    """Return the label of a pair."""
    return label_pairs([one, other]).get((0, 1))


def test_labels_come_from_names_and_abstracts() -> None:
    """Half of the sentences is one work; none and other words are two; between is unsure."""
    doi = (Identifier(Scheme.DOI, "10.1000/x"),)

    assert label(item("a", 1, identifiers=doi), item("b", 2, identifiers=doi)) == "identifier"
    assert label(item("a", 1), item("b", 2, title="Nothing alike")) == "abstract"
    assert label(item("a", 1), item("a", 2)) is None
    assert label(item("a", 1), item("b", 2, abstract=OTHER)) == "two"
    assert label(item("a", 1), item("a", 2, abstract=OTHER)) == "two"
    assert label(item("a", 1), item("b", 2, abstract="")) == "unsure"
    assert label(item("a", 1), item("b", 2, abstract=FIRST + OTHER)) == "unsure"
    assert label(item("a", 1), item("b", 2, title="Not alike at all", abstract=OTHER)) is None


def test_the_rule_sees_no_identifier_and_no_abstract() -> None:
    """Or labels and answers would come from the same place."""
    doi = (Identifier(Scheme.DOI, "10.1000/x"),)
    one = item("a", 1, identifiers=doi)

    assert decide(one, item("b", 2, abstract=OTHER))
    assert decide(one, item("b", 2, title=TITLE.replace("Optimising", "Optimizing")))
    assert not decide(one, item("b", 2, identifiers=doi, authors=("Someone Else",)))
    assert not decide(one, item("b", 2, identifiers=doi, title="Other wells are deep"))


def line(found: Record, number: int) -> str:
    """Return a record as a line of a file."""
    return json.dumps(
        {
            "id": str(found.identifiers[0]),
            "title": found.title,
            "abstract": found.abstract,
            "authors": list(found.authors),
            "year": 2026,
            "doi": f"10.1000/{number}",
        }
    )


def test_a_folder_is_measured_in_halves(tmp_path: Path) -> None:
    """Every labelled pair is in one half; precision and recall are of merged and of one work."""
    numbers = range(1, 41)
    preprints = [record(n, title=f"The depth of well number {n} in rock") for n in numbers]
    (tmp_path / "a.jsonl").write_text("\n".join(line(one, n) for n, one in enumerate(preprints)))
    press = [
        record(n, title=one.title, authors=one.authors if n % 4 else ("Someone Else",))
        for n, one in enumerate(preprints)
    ]
    named = [
        line(one, n).replace("arxiv:2603.", f"acl:2026.wells-1.{n + 1}x").replace("x000", "")
        for n, one in enumerate(press)
    ]
    (tmp_path / "b.jsonl").write_text("\n".join(named))

    found = {split: evaluate(tmp_path, split=split) for split in ("dev", "test")}

    assert sum(one["all"]["one_work"] for one in found.values()) == 40
    assert sum(one["all"]["merged"] for one in found.values()) == 30
    for one in found.values():
        assert (one["records"], one["all"]["precision"]) == (80, 1.0)
        assert one["all"]["recall"] == round(one["all"]["merged"] / one["all"]["one_work"], 4)


def test_one_file_is_not_enough(tmp_path: Path) -> None:
    """The mistake names what is missing."""
    with pytest.raises(UsageError, match="two"):
        evaluate(tmp_path, split="test")
