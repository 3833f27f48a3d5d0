"""A test collection in BEIR's layout: a corpus, queries, and judgements of who found what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from broadsheet.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One query with its judgements."""

    id: str
    text: str
    grades: Mapping[str, int]  # by document id; > 0 is relevant
    pool: tuple[str, ...]  # the only documents to be ranked; empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """The queries of one split that have anything relevant, in the file's order."""

    name: str
    topics: tuple[Topic, ...]

    @property
    def is_pooled(self) -> bool:
        """Tell whether any query is judged on a pool of its own."""
        return any(topic.pool for topic in self.topics)


def read_collection(folder: Path, /, *, split: str) -> Collection:
    """Read queries and judgements.

    A query is ranked within a pool when it names ``candidates``; and all are, each within what
    was judged for it, when more than half of the split's judgements are 0: only who judges
    whole pools writes down mostly misses.

    Raises:
        FormatError: a file is missing or is not of this layout.
    """
    judged = _judgements(folder / "qrels" / f"{split}.tsv")
    grades = [grade for one in judged.values() for grade in one.values()]
    is_judged_pool = 2 * sum(grade <= 0 for grade in grades) > len(grades)
    topics = []
    for row in _rows(folder / "queries.jsonl"):
        query = str(row.get("_id"))
        found = judged.get(query, {})
        if any(grade > 0 for grade in found.values()):
            pool = tuple(map(str, row.get("candidates", ()))) or tuple(found) * is_judged_pool
            topics.append(Topic(id=query, text=str(row["text"]), grades=found, pool=pool))
    if not topics:
        raise FormatError(f"{folder}: no query of the {split} split has a relevant document")
    return Collection(name=folder.resolve().name, topics=tuple(topics))


def _judgements(path: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(path), start=1):
        if number == 1 or not line.strip():  # the header
            continue
        try:
            query, document, grade = line.rstrip("\r\n").split("\t")
            judged.setdefault(query, {})[document] = int(grade)
        except ValueError as error:
            raise FormatError(
                f"{path} line {number}: expected query, document and grade, separated by tabs"
            ) from error
    return judged


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_lines(path), start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise FormatError(f"{path} line {number} is no JSON: {error}") from error
        if not isinstance(row, dict) or "text" not in row:
            raise FormatError(f"{path} line {number}: expected an object with _id and text")
        yield row


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as file:
            yield from file
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{path} cannot be read: {error}") from error
