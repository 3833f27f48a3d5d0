"""A snapshot of arXiv that never was: the real format, as many papers as wanted, always the same.

Rows come as in the real file: ids of today's form first, month by month, then those of the old
archives; each has the real one's fields, wrapped abstracts, TeX in authors' names, several
versions. Beside the papers there are rows that test an import, in stated shares:

=================  ==================  ========================================================
replaced           2 in 1,000 papers   the paper comes again, further down, with a newer version
withdrawn          4 in 1,000 papers   its comment says so
one DOI for two    3 in 10,000         the DOI of the paper before: publishers' and authors' slips
faults             1 in 1,000 papers   rows that are no paper, `FAULTS` in turn
old ids            14 in 100 papers    ``hep-th/9901001``
=================  ==================  ========================================================

So the library that has read a snapshot of N papers holds N papers, whatever else is in the file.
"""

from __future__ import annotations

import random
import time
from collections import deque
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

from broadsheet.eval import snapshot_text
from broadsheet.sources import open_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from broadsheet.eval.snapshot_text import Field

T = TypeVar("T")

SEED = 20_260_821
REPLACED, WITHDRAWN, SHARED_DOI, FAULTY, OLD = 0.002, 0.004, 0.0003, 0.001, 0.14
BEHIND = 400  # rows until a replaced paper comes again
ARCHIVES = """
    astro-ph cond-mat cs gr-qc hep-ex hep-lat hep-ph hep-th math math-ph nlin nucl-th physics
    q-bio quant-ph
""".split()  # noqa: SIM905  # two lines as a list
LICENCES = (
    "null",
    '"http://arxiv.org/licenses/nonexclusive-distrib/1.0/"',
    '"http://arxiv.org/licenses/nonexclusive-distrib/1.0/"',
    '"http://creativecommons.org/licenses/by/4.0/"',
    '"http://creativecommons.org/licenses/by-nc-sa/4.0/"',
)
COMMENTS = (
    "null",
    "null",
    '"12 pages, 5 figures"',
    '"8 pages, LaTeX"',
    '"Accepted for publication; 24 pages, 11 figures, 3 tables"',
    '"v2: references added"',
)
JOURNALS = (("PhysRevD", "1103", "Phys.Rev. D"), ("j.jcp", "1016", "J. Comput. Phys."))
AUTHORS = (1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8, 12)
VERSIONS = (1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 5)
SENTENCES = (4, 5, 6, 6, 7, 7, 8, 9)
PUBLISHED, REPORTS, CROSS_LISTED = 0.35, 0.08, 0.4  # of papers: with a DOI, a number, two fields
COLLABORATION, MEMBERS = 0.0003, 1500  # of papers; names
FAULTS = (
    (b'{"id":"%s","title":"A line that was cut', "the line is not JSON"),
    (b'{"id":"%s","title":"","authors_parsed":[],"versions":[]}', "title: there is none"),
    (b'{"id":"x%s","title":"No id","authors_parsed":[],"versions":[]}', "is no arXiv id"),
    (
        b'{"id":"%s","title":"Bad","authors_parsed":[],"versions":[{"created":"31 Feb 2011"}]}',
        "is no version like v2",
    ),
    (b'{"id":"%s","title":"\xff","authors_parsed":[],"versions":[]}', "the line is not UTF-8"),
    (b'{"id":"%s","title":"No list","authors_parsed":7,"versions":[]}', "expected a list of names"),
)
OLD_FIRST, NEW_FIRST, LAST = (1992, 1), (2007, 4), (2025, 12)
FIVE_DIGITS = (2015, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFacts:
    """What was written."""

    papers: int  # different ones: so many the library must hold
    rows: int  # papers, those that come again, and faults
    replaced: int
    faults: int
    bytes: int
    cpu_s: float


def write_snapshot(path: Path, papers: int, *, corpus: Sequence[Path] = ()) -> SnapshotFacts:
    """Write so many papers to a file, a line each.

    Args:
        path: Of the file; one that is there is replaced.
        papers: How many different ones, >= 1.
        corpus: Files whose sentences and titles are mixed; none: made by a small grammar.
    """
    started = time.process_time()
    counts = {"paper": 0, "replaced": 0, "fault": 0}
    with path.open("wb", buffering=1 << 20) as file:
        for kind, row in rows(papers, corpus=corpus):
            counts[kind] += 1
            file.write(row)
        size = file.tell()
    return SnapshotFacts(
        papers=counts["paper"],
        rows=sum(counts.values()),
        replaced=counts["replaced"],
        faults=counts["fault"],
        bytes=size,
        cpu_s=round(time.process_time() - started, 1),
    )


def rows(papers: int, *, corpus: Sequence[Path] = ()) -> Iterator[tuple[str, bytes]]:
    """Yield (kind, line with its end): "paper", "replaced" or "fault", in the file's order."""
    chance = random.Random(SEED)  # noqa: S311  # repeatable, not secret
    fields = snapshot_text.from_corpus(open_files(list(corpus))) if corpus else []
    writer = _Writer(fields or snapshot_text.from_grammar(chance), chance)
    again: deque[tuple[int, bytes]] = deque()
    faults = 0
    for number, (name, day) in enumerate(ids(papers, chance)):
        yield "paper", writer.row(name, day)
        if chance.random() < REPLACED:
            again.append((number + BEHIND, writer.newer()))
        if chance.random() < FAULTY:
            yield "fault", FAULTS[faults % len(FAULTS)][0] % name.encode() + b"\n"
            faults += 1
        while again and again[0][0] <= number:
            yield "replaced", again.popleft()[1]
    for _, row in again:
        yield "replaced", row


def ids(count: int, chance: random.Random) -> Iterator[tuple[str, date]]:
    """Yield so many arXiv ids, each with the day it was given out, as the snapshot orders them.

    Months grow towards the end; no month has more than its form of number can count.
    """
    old = int(count * OLD)
    new = _months(NEW_FIRST, LAST)
    shares = _shared(count - old, [place + 20 for place in range(len(new))])
    for (year, month), share in zip(new, shares, strict=True):
        digits = 5 if (year, month) >= FIVE_DIGITS else 4
        for number in range(1, share + 1):
            day = date(year, month, 1) + timedelta(days=27 * number // (share + 1))
            yield f"{year % 100:02d}{month:02d}.{number:0{digits}d}", day
    before = _months(OLD_FIRST, (2007, 3))
    for archive, of_archive in zip(ARCHIVES, _shared(old, [1] * len(ARCHIVES)), strict=True):
        for (year, month), share in zip(
            before, _shared(of_archive, [1] * len(before)), strict=True
        ):
            for number in range(1, share + 1):
                day = date(year, month, 1) + timedelta(days=chance.randrange(28))
                yield f"{archive}/{year % 100:02d}{month:02d}{number:03d}", day


def _months(first: tuple[int, int], last: tuple[int, int]) -> list[tuple[int, int]]:
    start, stop = first[0] * 12 + first[1] - 1, last[0] * 12 + last[1]
    return [(month // 12, month % 12 + 1) for month in range(start, stop)]


def _shared(count: int, weights: Sequence[int]) -> list[int]:
    """Return the count in parts as large as the weights, whole numbers that add up to it."""
    total, before, parts = sum(weights), 0, []
    for place in range(len(weights)):
        upto = count * sum(weights[: place + 1]) // total
        parts.append(upto - before)
        before = upto
    return parts


class _Writer:
    """Puts lines together out of fragments that are JSON already."""

    def __init__(self, fields: Sequence[Field], chance: random.Random) -> None:
        self._fields = fields
        self._chance = chance
        self._people = snapshot_text.people(chance)
        self._doi = "null"
        self._parts: tuple[str, str, str, int, date] = ("", "", "", 0, date.min)

    def row(self, name: str, day: date) -> bytes:
        """Return the line of a paper."""
        draw = self._chance.random
        topic = self._fields[int(draw() * len(self._fields))]
        title = f"{_one(topic.heads, draw())} {_one(topic.tails, draw())}"
        told = [_one(topic.sentences, draw()) for _ in range(_one(SENTENCES, draw()))]
        signed = self._signed(draw())
        comment = _one(COMMENTS, draw())
        if draw() < WITHDRAWN:
            comment = '"This paper has been withdrawn by the author due to an error"'
        other = self._fields[int(draw() * len(self._fields))].category
        is_cross_listed = other != topic.category and draw() < CROSS_LISTED
        categories = f"{topic.category} {other}" if is_cross_listed else topic.category
        doi, journal = self._published(name, day, draw())
        head = (
            f'{{"id":"{name}","submitter":"{signed[0][0]}",'
            f'"authors":"{", ".join([one for one, _ in signed])}","title":"{title}",'
            f'"comments":{comment},"journal-ref":{journal},"doi":{doi},"report-no":'
        )
        report = f'"PREPRINT-{day.year}-{int(draw() * 99)}"' if draw() < REPORTS else "null"
        middle = f'{report},"categories":"{categories}","license":{_one(LICENCES, draw())},'
        abstract = f'"abstract":"  {" ".join(told)}\\n",'
        parsed = ",".join([each for _, each in signed])
        self._parts = (head + middle, abstract, parsed, _one(VERSIONS, draw()), day)
        return self._line(*self._parts)

    def newer(self) -> bytes:
        """Return the line of the paper that was made last, one version later and longer."""
        head, abstract, parsed, version, day = self._parts
        longer = abstract.replace('\\n",', '\\nWe add a section on limits.\\n",')
        return self._line(head, longer, parsed, version + 1, day)

    def _line(self, head: str, abstract: str, parsed: str, version: int, day: date) -> bytes:
        versions = ",".join(
            [
                f'{{"version":"v{number}","created":"{_stamp(day, 40 * number - 40)}"}}'
                for number in range(1, version + 1)
            ]
        )
        updated = day + timedelta(days=40 * version - 40)
        line = (
            f'{head}{abstract}"versions":[{versions}],"update_date":"{updated}",'
            f'"authors_parsed":[{parsed}]}}\n'
        )
        return line.encode("ascii")

    def _signed(self, drawn: float) -> list[tuple[str, str]]:
        count = MEMBERS if drawn < COLLABORATION else _one(AUTHORS, drawn)
        draw = self._chance.random
        return [_one(self._people, draw()) for _ in range(count)]

    def _published(self, name: str, day: date, drawn: float) -> tuple[str, str]:
        """Return DOI and journal reference, as JSON; most papers have none."""
        if drawn < SHARED_DOI:
            return self._doi, "null"
        if drawn > PUBLISHED:
            return "null", "null"
        short, prefix, journal = _one(JOURNALS, drawn / PUBLISHED)
        number = name.replace("/", "").replace(".", "")
        self._doi = f'"10.{prefix}/{short}.{number}"'
        return self._doi, f'"{journal} {day.year - 1970} ({day.year}) {number[-4:]}"'


def _one(choices: Sequence[T], drawn: float) -> T:
    return choices[int(drawn * len(choices))]


def _stamp(day: date, later: int) -> str:
    """Return the noon of a day so many days later, as the snapshot writes moments."""
    moment = day + timedelta(days=later)
    weekday, month = _DAYS[moment.weekday()], _MONTHS[moment.month]
    return f"{weekday}, {moment.day} {month} {moment.year} 12:00:00 GMT"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "",
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
