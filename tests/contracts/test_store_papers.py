"""What every PaperStore promises about papers, records and editions."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import StoreError
from broadsheet.model import (
    MAX_RAW,
    DayCount,
    Fault,
    Identifier,
    IngestReport,
    PaperId,
    Scheme,
    SourceStatus,
)
from broadsheet.text.digest import record_digest
from tests.support import NOON, record
from tests.support_papers import arxiv, paper, paper_write, save, save_papers, vote

if TYPE_CHECKING:
    from broadsheet.store import SqlStore

DAY = timedelta(days=1)
TITLE_ONLY = Identifier(Scheme.TITLE, "0123456789abcdef")


def test_a_paper_comes_back_as_it_was_saved(store: SqlStore) -> None:
    """Nothing that a source said is lost on the way."""
    (key,) = save_papers(store, [1])

    assert store.papers([key]) == [paper(1, key=key)]
    assert store.records(key) == [record(1)]


def test_papers_come_in_the_order_asked_for(store: SqlStore) -> None:
    """A ranking keeps its order; papers that are gone leave no hole."""
    keys = save_papers(store, [1, 2, 3])

    found = store.papers([keys[2], 999, keys[0], keys[2]])

    assert [one.key for one in found] == [keys[2], keys[0], keys[2]]


def test_citations_are_looked_up_without_the_papers(store: SqlStore) -> None:
    """Who is not cited is left out, as are papers that are not there; a new count replaces."""
    counts = (3, 0, None, 12_000)
    writes = [paper_write(n, paper=paper(n, citations=one)) for n, one in enumerate(counts, 1)]
    assert store.citations([1, 2]) == {}
    keys = save(store, writes)

    assert store.citations([*keys, 999]) == {keys[0]: 3, keys[3]: 12_000}
    assert store.citations([]) == {}
    assert [one.citations for one in store.papers(keys)] == list(counts)

    save(store, [paper_write(1, paper=paper(1, key=keys[0], citations=4))])
    assert store.citations(keys[:2]) == {keys[0]: 4}


def test_identifiers_lead_to_papers(store: SqlStore) -> None:
    """Unknown ones are left out, known ones map to the paper's key."""
    (key,) = save_papers(store, [1])

    assert store.find([arxiv(1), arxiv(2)]) == {arxiv(1): key}


def test_nothing_asked_nothing_found(store: SqlStore) -> None:
    """Empty lookups are no error, whatever the database thinks of `IN ()`."""
    with store.write() as writer:
        assert writer.find([]) == {}
        assert writer.find_titles([]) == {}
        assert writer.find_records([]) == {}
        assert writer.load_papers([]) == {}
        assert writer.load_records([]) == {}
        assert writer.save([], at=NOON) == []
        assert writer.wait_signals([]) == 0
        assert writer.quarantine([], at=NOON) == 0
        assert not writer.append_signals({})
        writer.remove([], at=NOON)
    assert (store.papers([]), store.signals([]), store.find([])) == ([], {}, {})
    assert (store.changes(after=0, limit=9), store.last_change()) == ([], 0)


def test_thousands_of_identifiers_are_found_at_once(store: SqlStore) -> None:
    """No database takes endless parameters; lookups are cut into pieces that it takes."""
    save_papers(store, range(1, 1301))
    asked = [arxiv(number) for number in range(1, 40_001)]

    found = store.find(asked)

    assert len(found) == 1300


def test_titles_lead_to_papers(store: SqlStore) -> None:
    """Two papers may have one title; which of them is meant is decided elsewhere."""
    known, other = (paper_write(number, title_key="gravity wells") for number in (1, 2))
    keys = save(store, [known, other, paper_write(3)])

    with store.write() as writer:
        found = writer.find_titles(["gravity wells", "unheard of", ""])

    assert found == {"gravity wells": list(keys[:2])}


def test_records_are_known_by_name_and_digest(store: SqlStore) -> None:
    """Ingest skips what says nothing new without reading it back."""
    (key,) = save_papers(store, [1])

    with store.write() as writer:
        found = writer.find_records([("arxiv", "2603.00001v1"), ("acl", "2603.00001v1")])

    assert found == {("arxiv", "2603.00001v1"): (record_digest(record(1)), key)}


def test_a_record_of_the_same_name_is_replaced(store: SqlStore) -> None:
    """A corrected record takes the place of the old one and says when it came."""
    (key,) = save_papers(store, [1])
    corrected = record(1, title="On gravity wells, corrected")

    save(
        store,
        [paper_write(1, paper=paper(1, key=key), records=(corrected,))],
        at=NOON + DAY,
    )

    assert store.records(key) == [corrected]
    assert store.record_times(key) == {("arxiv", "2603.00001v1"): NOON + DAY}


def test_records_come_in_the_order_of_arrival(store: SqlStore) -> None:
    """The fold of records may depend on which came last; a replaced one came last."""
    first, second = record(1), record(1, source="acl", source_id="x")
    (key,) = save(store, [paper_write(1, records=(first, second))])
    again = replace(first, comment="now with figures")

    save(store, [paper_write(1, paper=paper(1, key=key), records=(again,))], at=NOON + DAY)

    assert store.records(key) == [second, again]


def test_records_are_kept_without_their_signals(store: SqlStore) -> None:
    """Signals are rows of their own; a record that only counts more votes says nothing new."""
    (key,) = save(store, [paper_write(1, records=(record(1, signals=(vote(3),)),))])

    assert store.records(key) == [record(1)]
    assert record_digest(record(1, signals=(vote(3),))) == record_digest(record(1))


def test_saving_a_paper_that_is_gone_is_refused(store: SqlStore) -> None:
    """A key from a former transaction may be stale; writing to nowhere would lose a record."""
    with pytest.raises(StoreError, match="gone"):
        save(store, [paper_write(1, paper=paper(1, key=77))])

    assert store.counts()["records"] == 0


def test_an_identifier_cannot_be_taken_from_its_paper(store: SqlStore) -> None:
    """Two papers with one identifier must be merged, never cross-wired."""
    save_papers(store, [1])
    thief = paper(2, identifiers=(arxiv(2), arxiv(1)))

    with pytest.raises(StoreError, match=r"arxiv:2603\.00001 belongs to another paper"):
        save(store, [paper_write(2, paper=thief)])

    assert store.find([arxiv(2)]) == {}


def test_two_papers_of_one_batch_cannot_share_an_identifier(store: SqlStore) -> None:
    """The same promise within one batch."""
    twin = paper(2, identifiers=(arxiv(1),))

    with pytest.raises(StoreError, match="two papers of one batch"):
        save(store, [paper_write(1), paper_write(2, paper=twin)])


def test_all_papers_pages_by_key(store: SqlStore) -> None:
    """A rebuild of the indexes walks the whole library in bounded memory."""
    keys = list(save_papers(store, range(1, 8)))

    first = store.all_papers(limit=4)
    second = store.all_papers(after=first[-1].key, limit=4)

    assert [one.key for one in first + second] == keys


def test_editions_are_ranges_of_days(store: SqlStore) -> None:
    """Both ends belong to the range; papers without a day are in no edition."""
    today = NOON.date()
    days = [today - DAY, today, today + DAY, None]
    keys = save(
        store,
        [
            paper_write(number, paper=paper(number, day=day, announced=None))
            for number, day in enumerate(days, start=1)
        ],
    )

    assert store.edition_keys(today, today) == [keys[1]]
    assert store.edition_keys(today, today + DAY) == list(keys[1:3])


def test_days_are_counted_by_what_happened_on_them(store: SqlStore) -> None:
    """The calendar shows papers, announcements and picks; empty days are left out."""
    first = date(2026, 3, 2)
    save(
        store,
        [
            paper_write(1, paper=paper(1, day=first, announced=first)),
            paper_write(2, paper=paper(2, day=first + DAY, announced=first, picked=first + DAY)),
            paper_write(3, paper=paper(3, day=first + 9 * DAY, announced=first + 9 * DAY)),
        ],
    )

    counted = store.day_counts(first - DAY, first + 5 * DAY)

    assert counted == [
        DayCount(day=first, papers=1, announced=2, picked=0),
        DayCount(day=first + DAY, papers=1, announced=0, picked=1),
    ]


def test_the_nearest_day_is_never_the_day_itself(store: SqlStore) -> None:
    """Previous and next lead on, and end."""
    today = NOON.date()
    days = [today - 3 * DAY, today, today + 2 * DAY]
    save(
        store,
        [paper_write(number, paper=paper(number, day=day)) for number, day in enumerate(days, 1)],
    )

    assert store.nearest_day(today, is_later=False) == today - 3 * DAY
    assert store.nearest_day(today, is_later=True) == today + 2 * DAY
    assert store.nearest_day(today + 2 * DAY, is_later=True) is None


def test_what_is_here_is_counted(store: SqlStore) -> None:
    """Specimens are papers for show and counted apart."""
    save_papers(store, [1, 2])
    save(store, [paper_write(3, paper=paper(3, is_specimen=True), signals=(vote(),))])

    assert store.counts() == {
        "papers": 2,
        "specimens": 1,
        "records": 3,
        "signals": 1,
        "waiting": 0,
        "quarantined": 0,
    }


def test_sources_tell_what_they_delivered(store: SqlStore) -> None:
    """Two records of one paper are one paper; the newest arrival counts."""
    save(store, [paper_write(1, records=(record(1), record(1, source_id="2603.00001v2")))])
    save(store, [paper_write(2, records=(record(2, source="acl"),))], at=NOON + DAY)

    assert store.sources() == [
        SourceStatus(source="acl", records=1, papers=1, newest=NOON + DAY),
        SourceStatus(source="arxiv", records=2, papers=1, newest=NOON),
    ]


def test_a_fault_is_kept_once(store: SqlStore) -> None:
    """The same file imported twice shows its faults once; another reason is another fault."""
    fault = Fault(source="daily", where="line 17", reason="no title", raw="{}")
    other = replace(fault, reason="no id")

    with store.write() as writer:
        first = writer.quarantine([fault, fault], at=NOON)
    with store.write() as writer:
        second = writer.quarantine([replace(fault, raw="{ }"), other], at=NOON + DAY)

    assert (first, second) == (1, 1)
    assert [one.fault for one in store.quarantined(limit=9)] == [other, fault]
    assert [one.at for one in store.quarantined(limit=9, offset=1)] == [NOON]


def test_faults_are_counted_by_source(store: SqlStore) -> None:
    """A page offers the sources that have any, with how many."""
    faults = [
        Fault(source=source, where=f"line {number}", reason="no title", raw="")
        for number, source in enumerate(["b", "a", "b"])
    ]
    with store.write() as writer:
        writer.quarantine(faults, at=NOON)

    assert list(store.quarantined_sources().items()) == [("a", 1), ("b", 2)]


def test_hostile_raw_text_fits_into_quarantine(store: SqlStore) -> None:
    """What was wrong is often the very thing that a database refuses: NUL, half pairs, size."""
    fault = Fault(source="x\0", where="line 1", reason="bad \ud800", raw="\0" * 10_000_000)

    with store.write() as writer:
        assert writer.quarantine([fault], at=NOON) == 1

    (kept,) = store.quarantined(limit=1)
    assert (kept.fault.source, kept.fault.reason) == ("x\ufffd", "bad \ufffd")
    assert kept.fault.raw == "\ufffd" * MAX_RAW


def test_runs_are_noted_from_start_to_end(store: SqlStore) -> None:
    """A killed import is one without an end."""
    killed = store.start_run("daily", at=NOON)
    done = store.start_run("acl", at=NOON + DAY)
    report = IngestReport(read=3, new=2, quarantined=1, reasons={"no title": 1}, seconds=0.5)

    store.finish_run(done, report, at=NOON + 2 * DAY, error="")

    newest, oldest = store.runs(limit=9)
    assert (newest.key, newest.report, newest.finished) == (done, report, NOON + 2 * DAY)
    assert (oldest.key, oldest.source, oldest.finished) == (killed, "daily", None)
    assert oldest.report == IngestReport()
    assert [one.key for one in store.runs(limit=1)] == [done]


def test_endless_names_do_not_break_an_index(store: SqlStore) -> None:
    """PostgreSQL refuses index entries over 2,704 bytes; two long names stay two."""
    # 30 kB that do not compress: PostgreSQL compresses before it measures.
    long = "".join(map(chr, random.Random(1).choices(range(0x4E00, 0x9FFF), k=10_000)))  # noqa: S311
    twins = [Identifier(Scheme.LOCAL, long + end) for end in "ab"]
    writes = [
        paper_write(
            number,
            paper=paper(number, identifiers=(twin,), title=long, id=PaperId(str(twin))),
            title_key=long + str(number),
            records=(record(number, source=long, source_id=long + str(number), title=long),),
            signals=(vote(3, origin=long, via=long, actor=long),),
        )
        for number, twin in enumerate(twins, start=1)
    ]

    keys = save(store, writes)

    assert store.find(twins) == dict(zip(twins, keys, strict=True))
    assert list(store.record_times(keys[0])) == [(long, long + "1")]
    with store.write() as writer:
        assert list(writer.find_titles([long + "2"])) == [long + "2"]
        assert len(writer.find_records([(long, long + "1"), (long, long + "2")])) == 2
    assert store.check() == []


def test_a_title_of_ten_megabytes_comes_back_whole(store: SqlStore) -> None:
    """What is looked up is cut, what is said is not."""
    long = "deep " * 2_000_000

    (key,) = save(
        store,
        [paper_write(1, paper=paper(1, title=long), records=(record(1, title=long),))],
    )

    assert store.papers([key])[0].title == long
    assert store.records(key)[0].title == long
