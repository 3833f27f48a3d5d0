"""What happens when a source delivers?

A source is read in batches; each batch is one write transaction, so a kill loses at most the
batch that was not acknowledged, and reading the source again finishes the work. Within a batch
`resolve.Resolver` decides which paper a record belongs to, and `merge.fold` what the paper then is.

Nothing that a source yields stops it: a record that cannot be kept goes to quarantine with the
reason. When a whole batch fails it is halved until the records that do it are alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from broadsheet.errors import BroadsheetError, ConflictError, StoreDownError
from broadsheet.library.arrival import RAW_LIMIT, Arrival, batches, fault, received, safe
from broadsheet.library.resolve import MisnamedError, Outcome, Resolver
from broadsheet.model import Fault, IngestReport, Listed, Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from broadsheet.library.arrival import Incoming, Item
    from broadsheet.ports import Clock, Source, Store, Writer

    Batches = Callable[[Source, int], Iterator[list[Incoming]]]
    Progress = Callable[[IngestReport], None]


BATCH = 500
"""Records per transaction: enough that its cost is shared, few enough that others get a turn."""

MAX_REASONS = 50  # kinds of fault that a report tells apart
LOCK_ATTEMPTS = 5  # each waits as long as the store does


def ingest(
    source: Source,
    /,
    store: Store,
    clock: Clock,
    *,
    progress: Progress | None = None,
    read: Batches = batches,
) -> IngestReport:
    """Read a source to its end; merge, save and log every record, in batches.

    Args:
        source: What is read; its specimens are told by their name.
        store: Where everything goes.
        clock: For the times of arrival.
        progress: Called after each batch with what was done so far.
        read: How a source is read in pieces of at most so many; here, or ahead in a process.

    Raises:
        SourceError: nothing more could be read; what came before is saved and reported.
        StoreError: nothing more could be saved; likewise.
    """
    started = clock.now()
    run = store.start_run(source.name, at=started)
    tally = Tally()
    error = "stopped"
    is_show = store.counts()["specimens"] > 0
    try:
        for batch in read(source, BATCH):
            _save(batch, store, clock.now(), tally)
            if is_show and tally.outcomes[Outcome.NEW]:
                retire_specimens(store, clock)
                is_show = False
            if progress is not None:
                progress(tally.report(seconds=(clock.now() - started).total_seconds()))
        retire_specimens(store, clock)
        store.release_quarantined()
        with store.write() as writer:
            writer.settle_listings()
        error = ""
    except BroadsheetError as caught:
        error = str(caught)
        raise
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
        raise
    finally:
        seconds = (clock.now() - started).total_seconds()
        report = replace(tally.report(seconds=seconds), papers=store.counts()["papers"])
        store.finish_run(run, report, at=clock.now(), error=error)
    return report


def keep(items: Iterable[Item], /, store: Store, clock: Clock) -> IngestReport:
    """Save a few pieces that were read before, without a run of their own."""
    tally = Tally()
    _save([received(item) for item in items], store, clock.now(), tally)
    retire_specimens(store, clock)
    return tally.report(seconds=0.0)


def load_specimens(specimens: Source, /, store: Store, clock: Clock) -> bool:
    """Fill a library that no source has delivered to with specimens; tell whether it shows them.

    Called again on a later day it brings their dates up to that day.
    """
    if store.counts()["papers"]:
        return False
    ingest(specimens, store, clock)
    return not store.counts()["papers"]


@dataclass(slots=True)
class Tally:
    """What became of the records so far."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add what one committed batch did."""
        self.outcomes.update(other.outcomes)
        for reason, count in other.reasons.items():
            known = reason in self.reasons or len(self.reasons) < MAX_REASONS
            self.reasons[reason if known else "other reasons"] += count

    def report(self, *, seconds: float) -> IngestReport:
        """Return it as a report, without the number of papers."""
        quarantined = self.reasons.total()
        return IngestReport(
            read=self.outcomes.total() + quarantined,
            new=self.outcomes[Outcome.NEW],
            merged=self.outcomes[Outcome.MERGED],
            unchanged=self.outcomes[Outcome.UNCHANGED],
            waiting=self.outcomes[Outcome.WAITING],
            quarantined=quarantined,
            reasons=dict(self.reasons.most_common()),
            seconds=seconds,
        )


def _save(batch: Sequence[Incoming], store: Store, at: datetime, tally: Tally) -> None:
    """Save one batch, or each half of it, down to the records that cannot be saved.

    Raises:
        StoreDownError: none can, so none is to blame: they come again when there is room.
        ConflictError: another writer held the store all the time.
    """
    try:
        done = _attempt(batch, store, at)
    except (ConflictError, StoreDownError):
        raise
    except Exception as error:  # noqa: BLE001  # whatever one record does, the others are kept
        if len(batch) > 1:
            middle = len(batch) // 2
            _save(batch[:middle], store, at, tally)
            _save(batch[middle:], store, at, tally)
            return
        _log().warning("record_not_saved", reason=str(error), error=type(error).__name__)
        (alone,) = batch
        item = alone.record if isinstance(alone, Arrival) else alone
        done = _attempt([fault(item, f"it cannot be saved: {_told(error)}")], store, at)
    tally.add(done)


def _attempt(batch: Sequence[Incoming], store: Store, at: datetime) -> Tally:
    """Write a batch in one transaction, waiting for its turn a few times."""
    for attempt in range(1, LOCK_ATTEMPTS):
        try:
            with store.write() as writer:
                return _write(batch, writer, at)
        except ConflictError:
            _log().info("store_is_busy", attempt=attempt)
    with store.write() as writer:
        return _write(batch, writer, at)


def _log() -> Any:
    """Return the logger; its library takes a tenth of a second, and most processes only read."""
    import structlog

    return structlog.get_logger(__name__)


def _write(batch: Sequence[Incoming], writer: Writer, at: datetime) -> Tally:
    """Write one batch within a transaction; return what became of each item."""
    tally = Tally()
    faults = [item for item in batch if isinstance(item, Fault)]
    arrivals = [item for item in batch if isinstance(item, Arrival)]
    resolver = Resolver(writer, arrivals)
    for arrival in arrivals:
        try:
            tally.outcomes[resolver.add(arrival)] += 1
        except MisnamedError as error:
            faults.append(fault(arrival.record, str(error)))
    _observe([one for one in batch if isinstance(one, Observation)], resolver, writer, tally)
    if writes := resolver.writes():
        writer.save(writes, at=at)
    writer.keep_listings([one for one in batch if isinstance(one, Listed)], at=at)
    if faults:
        writer.quarantine(faults, at=at)
        tally.reasons.update(fault.reason for fault in faults)
    return tally


def _observe(
    observations: Sequence[Observation], resolver: Resolver, writer: Writer, tally: Tally
) -> None:
    """Give signals to papers that are here or in this batch; the others wait."""
    resolver.look_up_observed(one.identifier for one in observations)
    found = [(one, resolver.observe(one.identifier, one.signals)) for one in observations]
    waiting = [one for one, work in found if work is None]
    if waiting:
        writer.wait_signals(waiting)
    changed = set(writer.append_signals(loose)) if (loose := resolver.loose_signals()) else set()
    for _, work in found:
        if work is None:
            tally.outcomes[Outcome.WAITING] += 1
        elif work.changed or work.key in changed:
            tally.outcomes[Outcome.MERGED] += 1
        else:
            tally.outcomes[Outcome.UNCHANGED] += 1


def retire_specimens(store: Store, clock: Clock, /) -> None:
    """Remove the specimens, with votes and places on shelves, when real papers are here.

    Papers that do not exist must not be cited, exported or mailed; keeping one because somebody
    tried the button on it would do that.
    """
    counts = store.counts()
    if not (counts["specimens"] and counts["papers"]):
        return
    after = 0
    while papers := store.all_papers(after=after):
        after = papers[-1].key
        if keys := [paper.key for paper in papers if paper.is_specimen]:
            with store.write() as writer:
                writer.remove(keys, at=clock.now())


def _told(error: Exception) -> str:
    return safe(f"{type(error).__name__}: {error}".partition("\n")[0])[:RAW_LIMIT]
