"""A digest says whether two records say the same."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given

from broadsheet.model import Identifier, Link, Precision, Record, Scheme, Status
from broadsheet.text.digest import record_digest, record_json
from tests.support import record
from tests.support_papers import records, vote

CHANGES: dict[str, Any] = {
    "source": "acl",
    "source_id": "other",
    "title": "Another title",
    "identifiers": (Identifier(Scheme.DOI, "10.1/x"),),
    "version": 2,
    "abstract": "",
    "authors": ("Ada Lovelace",),
    "author_count": 0,
    "published": None,
    "precision": Precision.MONTH,
    "updated": date(2026, 3, 5),
    "announced": date(2026, 3, 5),
    "picked": date(2026, 3, 5),
    "categories": ("cs.LG", "cs.AI"),
    "topics": ("wells",),
    "venue": "ACL",
    "comment": "12 pages",
    "summary": "Deep.",
    "summary_by": "machine",
    "license": "CC0",
    "status": Status.RETRACTED,
    "links": (Link(kind="code", url="https://example.org"),),
    "extra": {"mood": None},
}


@pytest.mark.parametrize("field", CHANGES)
def test_every_field_is_part_of_the_digest(field: str) -> None:
    """A correction of any field must not pass for what was known."""
    assert record_digest(replace(record(), **{field: CHANGES[field]})) != record_digest(record())


def test_no_field_is_forgotten() -> None:
    """A new field of Record needs its line in the digest; signals alone have none."""
    assert {field.name for field in fields(Record)} - {"signals"} == CHANGES.keys()


def test_signals_are_no_part_of_it() -> None:
    """A page that only counted more votes is not a new record."""
    assert record_digest(record(signals=(vote(3),))) == record_digest(record())


def test_the_order_of_extra_fields_does_not_matter() -> None:
    """JSON objects have no order; files written twice may differ in it."""
    there, back = {"a": 1, "b": [{"c": 2, "d": 3}]}, {"b": [{"d": 3, "c": 2}], "a": 1}

    assert record_digest(record(extra=there)) == record_digest(record(extra=back))


def test_the_order_of_authors_does_matter() -> None:
    """Who comes first is content."""
    authors = ("A", "B")

    assert record_digest(record(authors=authors)) != record_digest(record(authors=authors[::-1]))


def test_a_digest_is_the_same_tomorrow() -> None:
    """Stores keep digests: a change of the formula would make every record look new."""
    plain = Record(source="arxiv", source_id="2603.00001v1", title="On gravity wells")

    assert record_json(plain) == (
        '{"source":"arxiv","source_id":"2603.00001v1","title":"On gravity wells"}'
    )
    assert record_digest(plain) == "58a79ef702ecfd082804f7ffefb76c55"


@given(records)
def test_any_record_has_a_digest(one: Record) -> None:
    """NUL and half pairs too; 32 hexadecimal digits."""
    assert len(bytes.fromhex(record_digest(one))) == 16
