"""Does search find papers by what they are about? Queries and judgements from papers' keywords.

A query is two or three keywords of one paper. What is relevant follows from the keywords alone,
which are not indexed: a paper is judged by which share of the query's keywords it has, each
weighing ``log(papers / papers with it)``. All of them: grade 3; 60 % of the weight: 2; 30 %: 1.
Only papers with keywords are in the collection, so that a paper without a grade is one whose
keywords say something else. Keywords are compared by the stems of their words, without what
stands in parentheses.

Queries fall into "dev" and "test" by a digest of their paper, as known items do.
"""

from __future__ import annotations

import json
import math
import random
import re
import tempfile
from collections import defaultdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.errors import FormatError
from broadsheet.eval.known import half_of, ordered_by
from broadsheet.eval.retrieval import evaluate as evaluate_collection
from broadsheet.model import Record
from broadsheet.sources import open_files
from broadsheet.text import normal
from broadsheet.text.latex import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from broadsheet.model import Mode

    Progress = Callable[[int, int], None]

RAREST = 3  # papers: a keyword of fewer has no answers
MOST = 0.02  # of the papers: a keyword of more says too little
SHARES = ((1.0, 3), (0.6, 2), (0.3, 1))  # of a query's weight, and the grade from there
_BRACKETS = re.compile(r"\s*\([^()]*\)")


def evaluate(
    files: Sequence[Path],
    /,
    *,
    papers: int,
    queries: int,
    seed: int,
    split: str,
    modes: Sequence[Mode],
    out: Path | None = None,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Make a collection from papers with keywords and evaluate it as ``eval retrieval`` does.

    Args:
        files: Of papers, of which the first with keywords and an abstract are taken.
        papers: At most so many.
        queries: At most so many of the split.
        seed: Of the choice of papers and keywords.
        split: "dev" or "test".
        modes: One result each.
        out: Where the collection is kept, in BEIR's layout; None: nowhere.
        progress: Called with (done, all).

    Raises:
        FormatError: the papers have no keywords in common.
    """
    records = islice((one for one in _records(files) if one.topics), papers)
    with tempfile.TemporaryDirectory(prefix="broadsheet-keywords-") as scratch:
        folder = out or Path(scratch) / "keywords"
        write_collection(folder, list(records), queries=queries, seed=seed, split=split)
        return evaluate_collection(folder, modes=modes, split=split, progress=progress)


def write_collection(
    folder: Path, records: Sequence[Record], /, *, queries: int, seed: int, split: str
) -> None:
    """Write documents, queries and judgements in BEIR's layout.

    Raises:
        FormatError: no paper has two keywords that are neither too rare nor too common.
    """
    keys = {record.source_id: _keywords(record) for record in records}
    having = _having(keys)
    most = max(RAREST, MOST * len(keys))
    weights = {
        key: math.log(len(keys) / len(those))
        for key, those in having.items()
        if RAREST <= len(those) <= most
    }
    asked: dict[str, list[str]] = {}
    for paper in sorted(keys, key=lambda one: ordered_by(seed, one)):
        known = sorted(key for key in keys[paper] if key in weights)
        if half_of(paper) == split and len(known) > 1 and len(asked) < queries:
            chance = random.Random(f"{seed}:{paper}")  # noqa: S311  # repeatable, not secret
            asked[paper] = chance.sample(known, min(chance.choice((2, 3)), len(known)))
    if not asked:
        raise FormatError(f"no paper of the {split} half has two keywords that others have, too")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "qrels").mkdir(exist_ok=True)
    _write_lines(folder / "corpus.jsonl", map(_document, records))
    _write_lines(
        folder / "queries.jsonl",
        ({"_id": paper, "text": _text(keys[paper], chosen)} for paper, chosen in asked.items()),
    )
    rows = ["query-id\tcorpus-id\tscore"]
    for paper, chosen in asked.items():
        graded = _grades(chosen, having, weights)
        rows += [f"{paper}\t{other}\t{grade}" for other, grade in graded.items()]
    (folder / "qrels" / f"{split}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def _grades(
    chosen: Sequence[str], having: Mapping[str, set[str]], weights: Mapping[str, float]
) -> dict[str, int]:
    """Return the grade of every paper that shares enough of a query's keywords."""
    whole = sum(weights[key] for key in chosen)
    shares: defaultdict[str, float] = defaultdict(float)
    for key in chosen:
        for paper in having[key]:
            shares[paper] += weights[key] / whole
    found = {}
    for paper, share in sorted(shares.items()):
        grade = next((grade for least, grade in SHARES if share >= least - 1e-9), 0)
        if grade:
            found[paper] = grade
    return found


def _having(keys: Mapping[str, Mapping[str, str]]) -> dict[str, set[str]]:
    having: defaultdict[str, set[str]] = defaultdict(set)
    for paper, own in keys.items():
        for key in own:
            having[key].add(paper)
    return having


def _keywords(record: Record) -> dict[str, str]:
    """Return a paper's keywords as they are written, by what they are compared by."""
    named = {}
    for topic in record.topics:
        text = _BRACKETS.sub("", to_text(topic)).strip()
        if key := normal.title_key(" ".join(map(_stem, text.casefold().split()))):
            named[key] = text
    return named


def _stem(word: str) -> str:
    """Return a word without a plural's s."""
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _text(named: Mapping[str, str], chosen: Iterable[str]) -> str:
    return " ".join(named[key] for key in chosen)


def _document(record: Record) -> dict[str, str]:
    return {"_id": record.source_id, "title": record.title, "text": record.abstract}


def _write_lines(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _records(files: Sequence[Path]) -> Iterable[Record]:
    """Yield the papers of these files, each title once: preprint and proceedings would be two."""
    seen: set[str] = set()
    for source in open_files(files):
        for item in source.read():
            if isinstance(item, Record) and item.abstract:
                key = normal.title_key(item.title)
                if key not in seen:
                    seen.add(key)
                    yield item
