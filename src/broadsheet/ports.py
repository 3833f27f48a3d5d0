"""What does the middle need? Protocols that the rooms below the roof program against.

Every port has one contract suite in ``tests/contracts`` that runs against each thing behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from dataclasses import dataclass, field
    from datetime import date, datetime, timedelta
    from email.message import EmailMessage
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from broadsheet.model import (
        Change,
        Counts,
        DayCount,
        Delivery,
        Digest,
        EngineStatus,
        Fault,
        Filters,
        Holding,
        Identifier,
        ImportRun,
        IngestReport,
        Joint,
        Listed,
        Merge,
        Observation,
        Paper,
        Period,
        Progress,
        Quarantined,
        Query,
        Record,
        RecordName,
        Shelf,
        Signal,
        SourceStatus,
        Standing,
        Subscription,
        Sync,
        Watch,
    )
    from broadsheet.text.digest import Content
    from broadsheet.text.sheet import Sheet
else:
    from dataclasses import dataclass, field


class Clock(Protocol):
    """The only way to learn the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


# --- sources -------------------------------------------------------------------------------


class Source(Protocol):
    """Where records come from."""

    @property
    def name(self) -> str:
        """The name that its records carry and ``/status`` shows."""
        ...

    def read(self) -> Iterator[Record | Observation | Fault | Listed]:
        """Yield what is there, in the source's order, in bounded memory.

        One bad piece becomes a ``Fault`` and the next one is read.

        Raises:
            SourceError: nothing more can be read: no such file, a broken archive.
        """
        ...


class Remote(Source, Protocol):
    """A source that is read again and again, each time from where the last reading came to."""

    @property
    def cursor(self) -> Mapping[str, Any]:
        """Where to go on, once all that was yielded so far is saved: JSON values."""
        ...


# --- store ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMatch:
    """A paper of a given team, with as much of its title as rules most of them out."""

    key: int
    title_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperWrite:
    """One paper to be saved: what it is now, and what is new about it."""

    key: int = 0  # of the paper; 0 makes a new one
    sheet: Sheet  # what it is now
    title_key: str  # ``text.normal.title_key`` of its title
    team: int | None = None  # ``text.likeness.team`` of its authors and year
    records: Mapping[RecordName, Content] = field(default_factory=dict)  # to add, or to replace
    signals: tuple[Signal, ...] = ()  # to append; those already there change nothing
    absorbs: tuple[int, ...] = ()  # papers that become this one: everything they own moves here
    joints: tuple[Joint, ...] = ()  # why records joined it, to be remembered


class Writer(Protocol):
    """One write transaction; between its first call and its end nobody else writes."""

    def find(self, identifiers: Collection[Identifier], /) -> Mapping[Identifier, int]:
        """Map each identifier that some paper has, or ever had, to that paper's key."""
        ...

    def find_titles(self, title_keys: Collection[str], /) -> Mapping[str, Sequence[int]]:
        """Map each title key that papers have to those papers' keys, oldest first."""
        ...

    def find_teams(self, teams: Collection[int], /) -> Mapping[int, Sequence[TeamMatch]]:
        """Map each team that papers have to those papers, by key."""
        ...

    def find_apart(self, keys: Collection[int], /) -> Mapping[int, Collection[int]]:
        """Map each of these papers that is kept apart from others to those others."""
        ...

    def find_records(
        self, names: Collection[tuple[str, str]], /
    ) -> Mapping[tuple[str, str], tuple[str, int]]:
        """Map each known (source, source_id) to (digest of its content, paper key).

        The digest is ``text.digest.record_digest``; signals are no part of it.
        """
        ...

    def load_records(self, keys: Collection[int], /) -> Mapping[int, Sequence[Record]]:
        """Return the records of each paper, oldest arrival first."""
        ...

    def load_papers(self, keys: Collection[int], /) -> Mapping[int, Paper]:
        """Return the papers, without those that are gone."""
        ...

    def save(self, writes: Sequence[PaperWrite], /, *, at: datetime) -> Sequence[int]:
        """Save papers, records, signals, identifiers and one change row each; return the keys.

        Signals that waited for one of the paper's identifiers join it. Signal totals are
        brought up to date.
        """
        ...

    def split(self, merge: int, kept: PaperWrite, parted: PaperWrite, /, *, at: datetime) -> int:
        """Undo a merge: make ``parted`` a paper of its own again; return its key.

        ``kept`` is what stays of the paper, ``parted`` (key 0) what leaves; the records of
        both are in the store already and move. Signals and places on shelves that the parted
        one had before the merge go back to it; later signals stay, and both are on the shelves
        that the one was put on meanwhile. What was delivered counts for both. The two are kept
        apart, and the merge is marked as undone.

        Raises:
            StoreError: the merge is unknown or was undone before.
        """
        ...

    def append_signals(self, signals: Mapping[int, Sequence[Signal]], /) -> Collection[int]:
        """Append signals to papers; return the keys of those for which something was new."""
        ...

    def wait_signals(self, observations: Sequence[Observation], /) -> int:
        """Keep signals of unknown papers until these arrive; return how many were new."""
        ...

    def remove(self, keys: Collection[int], /, *, at: datetime) -> None:
        """Remove papers with their records and signals; each leaves a change row."""
        ...

    def keep_listings(self, listed: Sequence[Listed], /, *, at: datetime) -> None:
        """Add to what sources said that they list on a day; work out what is not here."""
        ...

    def settle_listings(self) -> None:
        """Strike out of what is missing what has come since, so that asking is quick again."""
        ...

    def quarantine(self, faults: Sequence[Fault], /, *, at: datetime) -> int:
        """Keep faults, once each (same source, place and reason); return how many were new."""
        ...


class PaperStore(Protocol):
    """Papers, records, signals and the change log: the truth."""

    def write(self) -> AbstractContextManager[Writer]:
        """Open a write transaction: committed when the block ends, undone when it raises.

        Raises:
            ConflictError: another writer held the store for too long.
        """
        ...

    def find(self, identifiers: Collection[Identifier], /) -> Mapping[Identifier, int]:
        """Map each identifier that some paper has, or ever had, to that paper's key."""
        ...

    def papers(self, keys: Sequence[int], /) -> list[Paper]:
        """Return the papers of these keys, in this order, without those that are gone."""
        ...

    def all_papers(self, *, after: int = 0, limit: int = 1000) -> list[Paper]:
        """Return up to ``limit`` papers with ``key > after``, by key."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Return how many ``papers`` (no specimens), ``specimens``, ``records``, ``signals``,
        ``waiting`` and ``quarantined`` there are.
        """  # noqa: D205
        ...

    def merges(self, keys: Collection[int], /) -> list[Merge]:
        """Return what made these papers of several, newest first, undone ones too."""
        ...

    def all_merges(self, *, limit: int, offset: int = 0) -> list[Merge]:
        """Return merges of all papers, newest first, undone ones too."""
        ...

    def merge(self, key: int, /) -> Merge | None:
        """Return one merge by its key."""
        ...

    def apart(self, key: int, /) -> list[int]:
        """Return the papers that this one is kept apart from, by key."""
        ...

    def records(self, key: int, /) -> list[Record]:
        """Return a paper's records, oldest arrival first."""
        ...

    def record_times(self, key: int, /) -> Mapping[tuple[str, str], datetime]:
        """Return when each (source, source_id) of a paper arrived or last changed."""
        ...

    def signals(self, keys: Collection[int], /) -> Mapping[int, Sequence[Signal]]:
        """Return every signal of these papers, oldest first."""
        ...

    def signals_since(self, since: datetime, /) -> Mapping[int, Sequence[Signal]]:
        """Return all signals of every paper that got one at or after ``since``."""
        ...

    def vote_totals(self) -> Mapping[int, int]:
        """Return the votes of every paper that has any, by key."""
        ...

    def citations(self, keys: Collection[int], /) -> Mapping[int, int]:
        """Return how often those of these papers that are cited are cited, by key."""
        ...

    def edition_keys(self, first: date, last: date, /) -> list[int]:
        """Return the papers whose ``day`` lies in [first, last], by key."""
        ...

    def day_counts(self, first: date, last: date, /) -> list[DayCount]:
        """Return one row per day of [first, last] that has anything, by day."""
        ...

    def nearest_day(self, day: date, /, *, is_later: bool) -> date | None:
        """Return the nearest day strictly before (or after) ``day`` that has papers."""
        ...

    def changes(self, *, after: int, limit: int) -> list[Change]:
        """Return up to ``limit`` changes with ``seq > after``, by seq, one per paper: its last."""
        ...

    def last_change(self) -> int:
        """Return the newest change's seq; 0 when nothing ever changed."""
        ...

    def version(self) -> str:
        """Return a text that stands for all that is kept here: same text, same content.

        Every commit changes it, also of another process; it may change without one. Only for
        comparing with what the same store said before. Cheap enough to be asked for each page.
        """
        ...

    def quarantined(
        self,
        *,
        limit: int,
        offset: int = 0,
        before: int | None = None,
        source: str = "",
        reason: str = "",
    ) -> list[Quarantined]:
        """Return faults, newest first.

        Args:
            limit: At most so many.
            offset: So many are left out first.
            before: Only those with a smaller key.
            source: Only those of this source; "" for all.
            reason: Only those whose reason holds this text.
        """
        ...

    def quarantined_sources(self) -> Mapping[str, int]:
        """Return how many faults each source has in quarantine, by name."""
        ...

    def quarantined_one(self, key: int, /) -> Quarantined | None:
        """Return the fault of a key."""
        ...

    def forget_quarantined(self, keys: Collection[int], /) -> int:
        """Drop faults; return how many there were."""
        ...

    def release_quarantined(self) -> int:
        """Drop the faults of records that arrived since, whole; return how many there were.

        A fault is that of a record when it has its source and its place is the record's id.
        """
        ...

    def sources(self) -> list[SourceStatus]:
        """Return what each source has delivered, by name."""
        ...

    def start_run(self, source: str, /, *, at: datetime) -> int:
        """Note that an import begins; return its key."""
        ...

    def finish_run(self, key: int, report: IngestReport, /, *, at: datetime, error: str) -> None:
        """Note how an import ended."""
        ...

    def runs(self, *, limit: int) -> list[ImportRun]:
        """Return imports, newest first."""
        ...

    def check(self) -> list[str]:
        """Return what is inconsistent within the store, a sentence each."""
        ...

    def backup(self, target: Path, /) -> None:
        """Write a consistent copy of the store to a new file while others read and write.

        Raises:
            StoreError: the file exists or cannot be written.
        """
        ...


class PeopleStore(Protocol):
    """What belongs to readers."""

    def shelves(self, reader: str, /) -> list[Shelf]:
        """Return the reader's shelves, by name."""
        ...

    def shelf_keys(self, reader: str, name: str, /) -> list[int]:
        """Return the papers on a shelf, last saved first; an unknown shelf is empty."""
        ...

    def shelve(self, reader: str, name: str, key: int, /, *, at: datetime) -> bool:
        """Put a paper on a shelf, made when missing; tell whether it was not there yet."""
        ...

    def unshelve(self, reader: str, name: str, key: int, /) -> bool:
        """Take a paper off a shelf; tell whether it was there. The last one takes the shelf."""
        ...

    def shelved(self, reader: str, keys: Collection[int], /) -> Mapping[int, Sequence[str]]:
        """Return, for each of these papers that is on a shelf, the names of the shelves."""
        ...

    def voted(self, reader: str, keys: Collection[int], /) -> Collection[int]:
        """Return those of these papers for which the reader's newest vote stands at 1."""
        ...


class WatchStore(Protocol):
    """Searches that readers keep; names are compared without case."""

    def watches(self, reader: str, /) -> list[Watch]:
        """Return the reader's watches, by name."""
        ...

    def watch(self, reader: str, name: str, /) -> Watch | None:
        """Return one watch; None where the reader has none of this name."""
        ...

    def keep_watch(self, watch: Watch, /, *, limit: int) -> bool:
        """Keep a watch, in the place of the one of its name; False when ``limit`` are kept."""
        ...

    def rename_watch(self, reader: str, name: str, other: str, /) -> bool:
        """Give a watch another name; False where there is none, or another one has that name."""
        ...

    def look_at_watch(self, reader: str, name: str, /, *, seen: int, at: datetime) -> bool:
        """Note up to which arrival a watch was looked at; tell whether it is there."""
        ...

    def drop_watch(self, reader: str, name: str, /) -> bool:
        """Forget a watch; tell whether it was there."""
        ...


class SubscriptionStore(Protocol):
    """Who gets a digest, what was claimed, and what was ever delivered to whom."""

    def subscribe(
        self, email: str, /, *, period: Period, hour: int, timezone: str, at: datetime
    ) -> Subscription:
        """Return the address's subscription: made PENDING, or as it is when there is one.

        An ENDED one becomes PENDING again with the new wishes; an ACTIVE one keeps its state
        and takes the new wishes only when confirmed again. Addresses are compared casefolded.
        """
        ...

    def subscription(self, key: int, /) -> Subscription | None:
        """Return a subscription by key."""
        ...

    def subscriptions(self) -> list[Subscription]:
        """Return all subscriptions, by key."""
        ...

    def use_token(self, token_id: str, /, *, at: datetime) -> bool:
        """Mark a signed link as used; tell whether this was its first use."""
        ...

    def activate(
        self, key: int, /, *, period: Period, hour: int, timezone: str, due: datetime
    ) -> None:
        """Make a subscription ACTIVE with these wishes, its first digest due at ``due``."""
        ...

    def end(self, key: int, /) -> bool:
        """End a subscription; tell whether it was not ended before."""
        ...

    def claim_due_digest(
        self, now: datetime, /, *, next_due: Callable[[Subscription], datetime]
    ) -> Digest | None:
        """Take one active subscription whose digest is due, or None.

        Its ``due`` moves to ``next_due(subscription)`` by compare-and-set and a delivery row
        "claimed" is written, in one transaction: of two workers one wins.
        """
        ...

    def delivered(self, subscription: int, keys: Collection[int], /) -> Collection[int]:
        """Return those of these papers that were ever delivered to this subscription."""
        ...

    def finish_digest(
        self, digest: int, /, *, state: str, papers: Sequence[int], at: datetime, detail: str
    ) -> None:
        """Note a digest's end ("sent", "empty", "failed"); when sent, its papers join the ledger.

        "failed" counts a failure; "sent" and "empty" clear the count.
        """
        ...

    def postpone(self, subscription: int, /, *, due: datetime) -> None:
        """Make a subscription due again at ``due``, when a digest could not be sent."""
        ...

    def deliveries(self, *, limit: int) -> list[Delivery]:
        """Return deliveries, newest first."""
        ...


class SyncStore(Protocol):
    """Which source is read when, by whom, and where it goes on."""

    def schedule_syncs(self, sources: Collection[str], /, *, due: datetime) -> None:
        """Enter those sources that are not in the schedule yet."""
        ...

    def add_sync(self, source: str, /, *, due: datetime, interval: timedelta | None) -> bool:
        """Enter a source that the administrator wants; False when it was added before."""
        ...

    def remove_sync(self, source: str, /) -> bool:
        """Forget a source that the administrator added; a run of it loses its claim."""
        ...

    def pause_sync(self, source: str, /) -> bool:
        """Let a source rest until it is resumed; a run of it is cancelled."""
        ...

    def resume_sync(self, source: str, /) -> bool:
        """Let a source be read again when it is due; tell whether it rested."""
        ...

    def hasten_sync(self, source: str, /, *, due: datetime) -> bool:
        """Make a source due at ``due``; tell whether nobody reads it already."""
        ...

    def cancel_sync(self, source: str, /) -> bool:
        """Ask the run of a source to end; tell whether there was one."""
        ...

    def set_sync_interval(self, source: str, interval: timedelta | None, /) -> bool:
        """Choose the time between two runs of a source; None: as the settings say.

        A source that would be late by the new interval is due at once.
        """
        ...

    def claim_due_sync(
        self, sources: Collection[str], now: datetime, /, *, holder: str, until: datetime
    ) -> Sync | None:
        """Take that one of these sources which is due the longest and that nobody reads, or None.

        A claim that was not renewed in time counts as none, and so does a time that only a
        wrong clock can have written. Of two workers one wins.
        """
        ...

    def claim_sync(
        self, source: str, now: datetime, /, *, holder: str, until: datetime
    ) -> Sync | None:
        """Take this source whether it is due or not; None when somebody reads it now."""
        ...

    def renew_sync(self, source: str, holder: str, /, *, until: datetime) -> Standing:
        """Keep a claim; tell how it stands."""
        ...

    def save_cursor(
        self, source: str, holder: str, cursor: Mapping[str, Any], /, progress: Progress
    ) -> Standing:
        """Remember where to go on and how far the run has come; tell how its claim stands."""
        ...

    def finish_sync(
        self, source: str, holder: str, /, *, due: datetime, at: datetime, error: str
    ) -> bool:
        """Give a claim back; tell whether it was still this holder's.

        An error counts a failure; "" clears the count.
        """
        ...

    def syncs(self) -> list[Sync]:
        """Return the schedule, by source."""
        ...


class ListingStore(Protocol):
    """What sources say that they list, by day and part."""

    def listings(self, first: date, last: date, /) -> list[Holding]:
        """Return what sources list on the days of [first, last], by day, part and source.

        A paper is missing as long as no paper here has its identifier. The names of papers of a
        day that is two months past may be gone; their number stays.
        """
        ...

    def listed_since(self) -> Mapping[str, date]:
        """Return by part the first day of which any source told what it lists."""
        ...


class Store(
    PaperStore, PeopleStore, WatchStore, SubscriptionStore, SyncStore, ListingStore, Protocol
):
    """Everything that must not be lost. Safe to use from several threads and processes."""

    def close(self) -> None:
        """Let go of files and connections."""
        ...


# --- engine --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Candidates of one retriever, best first: two arrays of one length.

    Ties are broken by key, larger first (the newer arrival).
    """

    keys: npt.NDArray[np.int64]  # (n,)
    scores: npt.NDArray[np.float32]  # (n,) lexical: BM25 >= 0; dense: cosine in [-1, 1]
    total: int  # papers that match, of which these are the best


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """What the library knows of a word that was typed."""

    word: str
    papers: int  # that have it in any form
    instead: str = ""  # the word that was probably meant; "" where there is none, or no doubt
    instead_papers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completions:
    """What somebody may be typing."""

    authors: tuple[tuple[str, int], ...] = ()  # name and how many papers, most first
    topics: tuple[tuple[str, int], ...] = ()
    titles: tuple[int, ...] = ()  # keys of papers, newest first


class Engine(Protocol):
    """What answers searches. Derived from the store, rebuildable, never ahead of it."""

    def apply(self, papers: Sequence[Paper], gone: Collection[int], /, *, position: int) -> None:
        """Make papers findable by word, forget those gone, and remember ``position``.

        Durable when it returns. A paper already there is replaced; when its title or abstract
        changed, its vector is due again. Only the holder of the write lock may call this.
        """
        ...

    def lexical(
        self, query: Query, filters: Filters, /, *, k: int, among: npt.NDArray[np.int64] | None
    ) -> Scored:
        """Return the ``k`` best by BM25; a query of filters alone scores 0, newest first.

        ``among`` restricts the answer to these keys (sorted).
        """
        ...

    def dense(
        self,
        vector: npt.NDArray[np.float32],
        filters: Filters,
        /,
        *,
        k: int,
        among: npt.NDArray[np.int64] | None,
        space: str | None = None,
    ) -> Scored:
        """Return the ``k`` nearest by cosine, among papers that have a vector of this space.

        ``space`` None: of today's encoder. There may be vectors of one other space besides,
        while those of today's are not complete; of any further one nothing is found.
        """
        ...

    def similarities(
        self, vector: npt.NDArray[np.float32], keys: Sequence[int], /, *, space: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the cosine of ``vector`` with each paper's vector, (n,), NaN where it has none."""
        ...

    def vectors(
        self, keys: Sequence[int], /, *, space: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the vectors of these papers, (n, dim), unit rows; NaN rows where there is none."""
        ...

    def matched_words(self, query: Query, keys: Sequence[int], /) -> list[tuple[str, ...]]:
        """Return for each paper the words of the query, as typed, that it has, in their order.

        In any of their forms, unless quoted; nothing for a paper that is not here.
        """
        ...

    def marks(self, query: Query, text: str, /, *, field: str) -> tuple[tuple[int, int], ...]:
        """Return where (start, end) in a plain text the words stand that the query finds there.

        ``field`` is "title" or "abstract": what the text is. In characters, ascending, apart.
        """
        ...

    def counts(
        self,
        query: Query,
        filters: Filters,
        /,
        *,
        among: npt.NDArray[np.int64] | None,
        beside: npt.NDArray[np.int64],
    ) -> Counts:
        """Return what the papers are that match by word, and those with the keys ``beside`` them.

        Counted over all of them, not over the best; a query of filters alone matches all that
        meet these.
        """
        ...

    def complete(self, text: str, /, *, limit: int) -> Completions:
        """Return authors, topics and titles that begin so, ``limit`` of each at most.

        Names also by their family name, topics by each of their words; titles have every word
        of the text, the last one as a beginning.
        """
        ...

    def spelling(self, word: str, /) -> Spelling:
        """Tell how many papers have a word, and which one was probably meant.

        Nothing is offered for a word that more than a few papers have, nor for what is no single
        word of letters from a to z.
        """
        ...

    def pending(
        self,
        *,
        encoder: str | None,
        limit: int,
        first: Sequence[int] = (),
        instead_of: Collection[str] | None = None,
    ) -> Sequence[int]:
        """Return papers whose vector is missing, stale or by another encoder.

        Those that were wished for come first, then those of ``first``, then the newest.

        Args:
            encoder: Whose vector is wanted; None: anyone's of today's space, so that only
                missing and stale ones count, and wishes do not.
            limit: At most so many.
            first: Papers to prefer, in this order.
            instead_of: Only papers that have a vector by one of these encoders; None: any paper.
        """
        ...

    def wish(self, keys: Sequence[int], /, *, encoder: str) -> None:
        """Say that somebody looks at these papers: where this encoder has not read them, it shall.

        Any process may wish; a wish may be lost, and the paper is then read in its turn.
        """
        ...

    def answering(self) -> AbstractContextManager[None]:
        """Say that somebody waits for an answer, until the block ends; blocks may overlap."""
        ...

    def is_answering(self) -> bool:
        """Tell whether anybody waits for an answer just now, in any process."""
        ...

    def made_by(self, encoder: str, /) -> npt.NDArray[np.int64]:
        """Return the papers that have this encoder's vector of their present text."""
        ...

    def put_vectors(
        self, keys: Sequence[int], vectors: npt.NDArray[np.float32], /, *, encoder: str
    ) -> None:
        """Store or replace vectors in place, (n, dim) unit rows, and what made them. Durable."""
        ...

    def pace(self, encoder: str, /) -> float:
        """Return the vectors per second of the last minutes, by any process; 0: none are made."""
        ...

    def retire(self) -> None:
        """Forget the vectors of the space before today's, and free their room; none: nothing."""
        ...

    def optimize(self) -> None:
        """Do housekeeping that may take long: merge segments, train or retrain the index."""
        ...

    def status(self) -> EngineStatus:
        """Tell how far the indexes have come."""
        ...

    def try_lock(self) -> bool:
        """Become the one process that may write the indexes; tell whether that worked.

        Reentrant: True when this object holds the lock already.
        """
        ...

    def refresh(self) -> None:
        """See what another process has written since."""
        ...

    def check(self, keys: Collection[int], /) -> list[str]:
        """Compare with the keys of all papers at ``status().position``; a sentence per problem."""
        ...

    def clear(self) -> None:
        """Forget everything: position 0. For ``reindex``."""
        ...

    def close(self) -> None:
        """Let go of files and locks."""
        ...


class PaperEncoder(Protocol):
    """Turns the texts of papers into vectors of one space."""

    @property
    def name(self) -> str:
        """Model, precision and token limit: two encoders of one name give the same vectors."""
        ...

    @property
    def space(self) -> str:
        """Vectors of encoders that share a space may be compared."""
        ...

    @property
    def dim(self) -> int:
        """The length of a vector."""
        ...

    @property
    def joint(self) -> str:
        """What stands between title and abstract in the text of a paper."""
        ...

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return shape (len(texts), dim), float32, rows of unit length (or all zero)."""
        ...


class Refit(Protocol):
    """What came of fitting drafts to a library's own papers."""

    @property
    def before(self) -> float:
        """The mean cosine to the encoder over papers held out, in [-1, 1]."""
        ...

    @property
    def after(self) -> float:
        """The same of the new fit."""
        ...

    @property
    def is_kept(self) -> bool:
        """Whether the new fit is used from now on."""
        ...


class Drafter(PaperEncoder, Protocol):
    """Makes vectors of papers quickly, near to those that the encoder itself will make."""

    @property
    def own_papers(self) -> int:
        """How many papers of this library it was fitted to; 0: it is as it came."""
        ...

    def refit(self, texts: Sequence[str], vectors: npt.NDArray[np.float32], /) -> Refit:
        """Fit it to what the encoder made of these texts, (n, dim) unit rows, if that is better.

        Its ``name`` changes then: drafts made before are due again.
        """
        ...


class Encoder(PaperEncoder, Protocol):
    """Turns papers and queries into vectors of one space."""

    def encode_query(self, text: str, /) -> npt.NDArray[np.float32]:
        """Return shape (dim,), float32, unit length (or all zero)."""
        ...


# --- mail ----------------------------------------------------------------------------------


class Mailer(Protocol):
    """Sends one message at a time."""

    @property
    def is_real(self) -> bool:
        """False where mail only goes to a folder, so that pages can say so."""
        ...

    def send(self, message: EmailMessage, /) -> None:
        """Send the message to its ``To``.

        Raises:
            MailRetryError: try again later.
            MailRefusedError: never accepted.
        """
        ...
