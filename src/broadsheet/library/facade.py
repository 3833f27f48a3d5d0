"""The Library: one object through which page, feed, mail, CLI, API and Python reach everything.

Thin on purpose: each method is one call into a use case of its own file.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from broadsheet.errors import EncoderError
from broadsheet.library import (
    arrival,
    completing,
    edition,
    highlighting,
    indexing,
    ingest,
    looking,
    merging,
    people,
    ranking,
    search,
    similar,
    status,
    subscribing,
    trending,
    watching,
)
from broadsheet.library import provenance as told
from broadsheet.library.memo import Memo
from broadsheet.model import LOCAL_READER, Mode, Period, Reference, Sort

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from broadsheet.config import Settings
    from broadsheet.model import (
        CheckReport,
        DayCount,
        DayStanding,
        Edition,
        Filters,
        Highlight,
        IngestReport,
        LibraryStatus,
        Merge,
        Paper,
        Query,
        Ranked,
        Record,
        Results,
        Shelf,
        Signal,
        Subscription,
        Suggestion,
        Watch,
        Wish,
    )
    from broadsheet.ports import Clock, Drafter, Encoder, Engine, Mailer, Source, Store


class Library:
    """Everything one instance holds. Made by ``open_library``; safe to share between threads."""

    def __init__(  # noqa: PLR0913  # one for each port
        self,
        *,
        settings: Settings,
        store: Store,
        engine: Engine,
        encoder: Encoder,
        draft: Drafter | None = None,
        reopen: Callable[[str], Encoder] | None = None,
        mailer: Mailer,
        clock: Clock,
        specimens: Callable[[date], Source] | None = None,
        read: ingest.Batches = arrival.batches,
    ) -> None:
        self.settings = settings
        self.store = store
        self.engine = engine
        self.encoder = encoder
        self.draft = draft
        self.mailer = mailer
        self.clock = clock
        self.zone = ZoneInfo(settings.timezone)
        self._specimens = specimens
        self._read = read
        self._memo = Memo()
        self._reopen = reopen
        self._reopened: dict[str, Encoder] = {}
        self.beside = ThreadPoolExecutor(thread_name_prefix="search")  # idle until asked

    def reopen(self, origin: str, /) -> Encoder:
        """Return the encoder that a setting opened when vectors were made that still serve.

        Raises:
            EncoderError: it is not there any more.
        """
        if origin not in self._reopened:
            if self._reopen is None or not origin:
                raise EncoderError("the encoder before is not known")
            self._reopened[origin] = self._reopen(origin)
        return self._reopened[origin]

    def desk(self) -> ranking.Desk:
        """Return what rankings are made from, as it is now."""
        return ranking.Desk(
            self.store,
            self.clock.now(),
            self.zone,
            self._memo,
            sources=self.settings.source_names,
            categories=self.settings.category_names,
        )

    # --- papers ---

    def paper(self, name: str, /) -> Paper:
        """Return the paper that goes by this id, in any form that people type.

        The paper's own ``id`` may differ from the one asked for: it was merged, or a better
        identifier is known; a page redirects then.

        Raises:
            PaperNotFoundError: no paper has this identifier.
        """
        paper = looking.paper(self.store, name)
        self.engine.wish([paper.key], encoder=self.encoder.name)
        return paper

    def records(self, paper: Paper, /) -> list[Record]:
        """Return what each source said about the paper, oldest first."""
        return self.store.records(paper.key)

    def signals(self, paper: Paper, /) -> list[Signal]:
        """Return the paper's signals, oldest first."""
        return list(self.store.signals([paper.key]).get(paper.key, ()))

    def provenance(self, paper: Paper, /) -> dict[str, tuple[told.Supplied, ...]]:
        """Return, for each of the paper's fields, the records that supplied it."""
        times = self.store.record_times(paper.key)
        return told.provenance(paper, self.records(paper), times)

    def ties(self, paper: Paper, /) -> list[told.Tie]:
        """Say why the paper's records are one work, a sentence each."""
        return told.ties(self.records(paper), self.merges(paper))

    def merges(self, paper: Paper | None = None, /, *, limit: int = 50) -> list[Merge]:
        """Return merges, newest first, undone ones too; of one paper or of all."""
        if paper is None:
            return self.store.all_merges(limit=limit)
        return self.store.merges([paper.key])[:limit]

    def unite(self, name: str, other: str, /) -> Paper:
        """Make two papers one, by hand.

        Raises:
            PaperNotFoundError: no paper has one of these identifiers.
            UsageError: they are one already.
        """
        key = merging.unite(self.store, self.paper(name), self.paper(other), at=self.clock.now())
        return self.store.papers([key])[0]

    def part(self, merge: int, /, *, of: Paper | None = None) -> tuple[Paper, Paper]:
        """Undo a merge; return what stays and what leaves. They are never merged again.

        Args:
            merge: Its number, from ``merges``.
            of: The paper that it must be a merge of, where that matters.

        Raises:
            MergeNotFoundError: there is no such merge, or it is another paper's.
            UsageError: it was undone before, or nothing is left of one side.
        """
        kept, parted = merging.part(self.store, merge, of=of, at=self.clock.now())
        papers = self.store.papers([kept, parted])
        return papers[0], papers[1]

    def ingest(
        self, source: Source, /, *, progress: Callable[[IngestReport], None] | None = None
    ) -> IngestReport:
        """Read a source to its end; merge, save and log every record, in batches.

        Safe to repeat and to kill: what was saved stays, what was not is read again.
        """
        return ingest.ingest(source, self.store, self.clock, progress=progress, read=self._read)

    def load_specimens(self) -> bool:
        """Fill a library that holds nothing real with specimens; tell whether it shows them.

        Without effect when the setting ``specimens`` is off.
        """
        if self._specimens is None or not self.settings.specimens:
            return False
        return ingest.load_specimens(self._specimens(self.today()), self.store, self.clock)

    # --- search ---

    def search(
        self,
        query: str | Query,
        /,
        *,
        mode: Mode = Mode.HYBRID,
        filters: Filters | None = None,
        sort: Sort | None = None,
        limit: int = 20,
        offset: int = 0,
        is_counting: bool = False,
    ) -> Results:
        """Find papers by word and by meaning.

        Args:
            query: As typed (see docs/search.md for the language) or already read.
            mode: Which retrievers answer.
            filters: Added to those that the query names; both must hold.
            sort: Wins over the one that the query names.
            limit: 1 to 1000.
            offset: Of the first hit, from 0.
            is_counting: Also count years, categories, sources and topics over all hits.

        Raises:
            QueryError: limit or offset is out of range.
        """
        with self.engine.answering():
            return search.search(
                self,
                query,
                mode=mode,
                filters=filters,
                sort=sort,
                limit=limit,
                offset=offset,
                is_counting=is_counting,
            )

    def highlights(self, results: Results, /) -> tuple[Highlight, ...]:
        """Return for each hit, in their order, its marked words and the nearest sentence."""
        return highlighting.highlights(self, results)

    def complete(self, text: str, /, *, limit: int = 4) -> tuple[Suggestion, ...]:
        """Return up to ``limit`` titles, authors and topics each that begin as the text does.

        Raises:
            QueryError: limit is not from 1 to 10.
        """
        return completing.complete(self, text, limit=limit)

    def similar(
        self,
        reference: str | Reference,
        /,
        *,
        filters: Filters | None = None,
        limit: int = 10,
    ) -> Results:
        """Return the papers nearest in meaning (by word while nothing has a vector).

        Args:
            reference: A paper by any identifier, or several, or a text, minus others, as a whole
                or in one aspect. The papers that it names are not in the answer.
            filters: Conditions that every hit meets.
            limit: 1 to 1000.

        Raises:
            PaperNotFoundError: no paper has one of the identifiers.
            UsageError: nothing is given that papers could be like, or too much.
        """
        if isinstance(reference, str):
            reference = Reference(papers=(reference,))
        return similar.similar(self, reference, filters=filters, limit=limit)

    # --- editions ---

    def today(self) -> date:
        """Return today's date in the instance's timezone."""
        return self.clock.now().astimezone(self.zone).date()

    def edition(
        self,
        day: date | None = None,
        *,
        period: Period = Period.DAY,
        limit: int | None = None,
        offset: int = 0,
    ) -> Edition:
        """Return the edition of the day, week or month that contains ``day`` (default: today)."""
        return edition.edition(
            self.desk(), day or self.today(), period=period, limit=limit, offset=offset
        )

    def latest_edition(self, *, limit: int | None = None) -> Edition:
        """Return today's edition, or the newest that has papers, with a reason that says so."""
        return edition.latest_edition(self.desk(), limit=limit)

    def trending(
        self, period: Period = Period.WEEK, *, limit: int | None = None, offset: int = 0
    ) -> list[Ranked]:
        """Return the hottest papers of the last day, week or month, hottest first."""
        return trending.trending(self.desk(), period, limit=limit, offset=offset)

    def topics(self, *, days: int = 10, limit: int = 6) -> list[tuple[str, Sequence[int], float]]:
        """Return rising topics: name, votes on each of the last ``days``, change in percent."""
        return trending.rising_topics(self.desk(), days=days, limit=limit)

    def day_counts(self, first: date, last: date, /) -> list[DayCount]:
        """Return how many papers each day has."""
        return edition.day_counts(self.store, first, last)

    def standings(self, *, listings: int = 7) -> list[DayStanding]:
        """Return how each day stands since arXiv's last so many listings began, newest first."""
        return edition.standings(self.desk(), listings=listings)

    def ranking_constants(self) -> list[tuple[str, float, str, str]]:
        """Return (name, value, unit, meaning) of every constant that orders papers."""
        return ranking.constants()

    # --- readers ---

    def vote(self, name: str, /, *, reader: str = LOCAL_READER, is_on: bool = True) -> Paper:
        """Vote for a paper, or take the vote back; voting twice counts once."""
        found = self.paper(name)
        people.vote(self.store, found, reader, at=self.clock.now(), is_on=is_on)
        return self.paper(name)

    def save(self, name: str, shelf: str, /, *, reader: str = LOCAL_READER) -> Paper:
        """Put a paper on a shelf, made when missing.

        Raises:
            UsageError: the shelf's name is empty or longer than 80 characters.
        """
        found = self.paper(name)
        people.save(self.store, found, shelf, reader, at=self.clock.now())
        return found

    def unsave(self, name: str, shelf: str, /, *, reader: str = LOCAL_READER) -> Paper:
        """Take a paper off a shelf."""
        found = self.paper(name)
        people.unsave(self.store, found, shelf, reader, at=self.clock.now())
        return found

    def voted(self, papers: Iterable[Paper], /, *, reader: str = LOCAL_READER) -> set[int]:
        """Return the keys of those papers that the reader has voted for."""
        return set(self.store.voted(reader, [paper.key for paper in papers]))

    def shelved(
        self, papers: Iterable[Paper], /, *, reader: str = LOCAL_READER
    ) -> dict[int, Sequence[str]]:
        """Return, by paper key, the names of the reader's shelves that hold it."""
        return dict(self.store.shelved(reader, [paper.key for paper in papers]))

    def shelves(self, *, reader: str = LOCAL_READER) -> list[Shelf]:
        """Return the reader's shelves, by name."""
        return self.store.shelves(reader)

    def shelf(self, name: str, /, *, reader: str = LOCAL_READER) -> list[Paper]:
        """Return the papers on a shelf, last saved first.

        Raises:
            ShelfNotFoundError: the reader has no such shelf.
        """
        return people.shelf(self.store, name, reader)

    def watches(self, *, reader: str = LOCAL_READER) -> list[tuple[Watch, int]]:
        """Return the searches that the reader keeps, by name, each with how much is new."""
        return watching.watches(self, reader)

    def watch(self, name: str, /, *, reader: str = LOCAL_READER) -> Watch:
        """Return one search that the reader keeps.

        Raises:
            WatchNotFoundError: the reader keeps none of this name.
        """
        return watching.watch(self, name, reader)

    def keep_watch(self, name: str, wish: Wish, /, *, reader: str = LOCAL_READER) -> Watch:
        """Keep a search under a name (empty: its words), in the place of the one that has it.

        Raises:
            UsageError: the name is too long, the search is empty, or too many are kept.
        """
        return watching.keep(self, name, wish, reader)

    def rename_watch(self, name: str, other: str, /, *, reader: str = LOCAL_READER) -> Watch:
        """Give a kept search another name.

        Raises:
            WatchNotFoundError: the reader keeps none of this name.
            UsageError: the other name is empty, too long, or another search's.
        """
        return watching.rename(self, name, other, reader)

    def look_at_watch(self, name: str, /, *, reader: str = LOCAL_READER) -> Watch:
        """Note that what a kept search finds now is new no more.

        Raises:
            WatchNotFoundError: the reader keeps none of this name.
        """
        return watching.look(self, name, reader)

    def drop_watch(self, name: str, /, *, reader: str = LOCAL_READER) -> None:
        """Forget a kept search.

        Raises:
            WatchNotFoundError: the reader keeps none of this name.
        """
        watching.drop(self, name, reader)

    # --- mail ---

    def subscribe(
        self,
        email: str,
        /,
        *,
        period: Period = Period.DAY,
        hour: int | None = None,
        timezone: str | None = None,
        base_url: str,
    ) -> Subscription:
        """Ask for a digest; a link to confirm goes to the address.

        Raises:
            UsageError: no address, hour or timezone that mail can go to.
            MailError: the confirmation could not be sent.
        """
        wishes = subscribing.Wishes(
            period=period,
            hour=self.settings.digest_hour if hour is None else hour,
            timezone=timezone or self.settings.timezone,
        )
        return subscribing.subscribe(self, email, wishes, base_url=base_url)

    def confirm(self, token: str, /) -> Subscription:
        """Confirm an address by the link that was sent to it.

        Raises:
            ForbiddenError: the link is forged, expired or used.
        """
        return subscribing.confirm(self, token)

    def unsubscribe(self, token: str, /) -> Subscription:
        """End a subscription by the link in its mail; ending twice is no error.

        Raises:
            ForbiddenError: the link is forged.
        """
        return subscribing.unsubscribe(self, token)

    # --- itself ---

    def status(self) -> LibraryStatus:
        """Tell what is here, what was synced, and how far the indexes have come."""
        return status.status(self)

    def check(self) -> CheckReport:
        """Verify store, change log and indexes against each other."""
        return status.check(self.store, self.engine)

    def catch_up(
        self, *, is_encoding: bool, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Let the indexes catch up with the store; where another process indexes, wait for it.

        Args:
            is_encoding: Wait for meaning too, not only for words.
            progress: Called with (done, all) now and then.
        """
        indexing.catch_up(self, is_encoding=is_encoding, progress=progress)

    def forget_indexes(self) -> None:
        """Empty the indexes, as after a restore: what they hold may be of another store."""
        indexing.forget(self)

    def reindex(self, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Rebuild the indexes from the store; vectors are encoded again."""
        indexing.reindex(self, progress=progress)

    def close(self) -> None:
        """Let go of files, connections and locks."""
        self.beside.shutdown()
        self.engine.close()
        self.store.close()
