"""What is remembered, and where: the tables, and whom each index serves.

The migrations make these tables; a test holds that both say the same. Three rules:

* Keys of papers, records and changes are given out by the one writer (``max + 1``), so they
  grow in the order of commits, on PostgreSQL too, where sequences do not.
* A moment is an integer: microseconds since 1970 in UTC. It compares, sorts and round-trips
  exactly on both databases.
* Text that is looked up goes through ``names.name``: PostgreSQL takes no NUL, and no index
  entry beyond 2,704 bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> int | None:
        """Return microseconds; a naive datetime is a mistake and raises TypeError."""
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, _dialect: Any) -> datetime | None:
        """Return the moment."""
        return None if value is None else EPOCH + value * MICROSECOND


# Sorted by code point on both databases, whatever the locale of PostgreSQL.
Name = Text().with_variant(Text(collation="C"), "postgresql")
Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER by itself


def _paper(*, is_primary: bool = False) -> Column[int]:
    return Column("paper", Key, ForeignKey("papers.key"), nullable=False, primary_key=is_primary)


papers = Table(
    "papers",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=False),
    Column("title_key", Name, nullable=False),
    Column("team", BigInteger),  # text.likeness.team
    Column("day", Date),
    Column("announced", Date),
    Column("picked", Date),
    Column("votes", BigInteger, nullable=False),
    Column("comments", BigInteger, nullable=False),
    Column("stars", BigInteger, nullable=False),
    Column("is_specimen", Boolean, nullable=False),
    Column("citations", BigInteger),  # NULL: nobody counted
    Column("body", Text, nullable=False),  # text.sheet
)
# find_titles: does a paper without an identifier exist already?
Index("ix_papers_title_key", papers.c.title_key)
# find_teams: which papers of these authors could have another spelling of a title?
Index(
    "ix_papers_team",
    papers.c.team,
    sqlite_where=papers.c.team.is_not(None),
    postgresql_where=papers.c.team.is_not(None),
)
# edition_keys, nearest_day, day_counts: the pages of a day, a week, a month
Index("ix_papers_day", papers.c.day, papers.c.key)
# day_counts: the calendar's "announced"
Index("ix_papers_announced", papers.c.announced)
# day_counts: the calendar's "picked"; few papers are
Index(
    "ix_papers_picked",
    papers.c.picked,
    sqlite_where=papers.c.picked.is_not(None),
    postgresql_where=papers.c.picked.is_not(None),
)
# counts: how many of the papers are specimens; as good as none
Index(
    "ix_papers_specimens",
    papers.c.key,
    sqlite_where=text("is_specimen = 1"),
    postgresql_where=text("is_specimen"),
)

# citations: is anybody cited? In many libraries nobody is, and every search asks
Index(
    "ix_papers_citations",
    papers.c.key,
    papers.c.citations,
    sqlite_where=papers.c.citations > 0,
    postgresql_where=papers.c.citations > 0,
)

identifiers = Table(
    "identifiers",
    metadata,
    Column("name", Name, primary_key=True),  # "scheme:value"
    _paper(),
    sqlite_with_rowid=False,
)
# check, and moving the names of a paper that is absorbed or removed
Index("ix_identifiers_paper", identifiers.c.paper)

records = Table(
    "records",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=False),  # new when the content changes
    _paper(),
    Column("source", Name, nullable=False),
    Column("source_id", Name, nullable=False),
    Column("digest", String(32), nullable=False),
    Column("arrived", Moment, nullable=False),  # this content
    Column("body", Text, nullable=False),  # text.digest.record_json
    UniqueConstraint("source", "source_id"),  # find_records: is it known, has it changed?
)
# load_records, records: all that was said about a paper
Index("ix_records_paper", records.c.paper)
# sources: /status counts records and papers by source without reading bodies
Index("ix_records_source", records.c.source, records.c.paper, records.c.arrived)

signals = Table(
    "signals",
    metadata,
    _paper(is_primary=True),
    Column("kind", String(16), primary_key=True),
    Column("origin", Name, primary_key=True),
    Column("actor", Name, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("via", Name, primary_key=True),
    Column("value", BigInteger, primary_key=True),  # two values of one time: both are kept
    sqlite_with_rowid=False,
)
# signals_since: what moved lately, for trending
Index("ix_signals_at", signals.c.at, signals.c.paper)

waiting = Table(
    "waiting",
    metadata,
    Column("name", Name, primary_key=True),  # of a paper that is not here yet
    Column("kind", String(16), primary_key=True),
    Column("origin", Name, primary_key=True),
    Column("actor", Name, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("via", Name, primary_key=True),
    Column("value", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

# The change log, compacted as it is written: a paper's new change replaces its old one. Gone
# papers keep their row, so that no key is ever given out twice.
changes = Table(
    "changes",
    metadata,
    Column("paper", Key, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False, unique=True),  # changes: the indexer reads on
    Column("is_gone", Boolean, nullable=False),
    Column("absorbed_by", Key),  # where a gone paper went
    Column("at", Moment, nullable=False),
)

# Why records are one paper where no shared name says so.
merges = Table(
    "merges",
    metadata,
    Column("key", Key, primary_key=True),
    _paper(),
    Column("gone", Key, nullable=False),  # the paper that joined; 0: only records did
    Column("body", Text, nullable=False),  # merging._joint_body
    Column("signals", Text, nullable=False),  # of the paper that joined, as JSON: for an undo
    Column("at", Moment, nullable=False),
    Column("undone", Moment),
    Column("shelves", Text),  # that it was on, as JSON; NULL: from before these were remembered
    sqlite_autoincrement=True,
)
# merges: the paper's page; moving them when it is absorbed
Index("ix_merges_paper", merges.c.paper)

# Papers that somebody took apart: never merged again by themselves.
apart = Table(
    "apart",
    metadata,
    _paper(is_primary=True),
    Column("other", Key, ForeignKey("papers.key"), primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),  # each pair stands here twice, once from each side
    sqlite_with_rowid=False,
)
# removing a paper
Index("ix_apart_other", apart.c.other)

quarantine = Table(
    "quarantine",
    metadata,
    Column("key", Key, primary_key=True),
    Column("digest", String(32), nullable=False, unique=True),  # of source, place and reason
    Column("source", Name, nullable=False),
    Column("place", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("form", Text, nullable=False, server_default=""),  # how raw is read again; "": not
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    Column("key", Key, primary_key=True),
    Column("source", Name, nullable=False),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("report", Text, nullable=False),
    Column("error", Text, nullable=False),
    sqlite_autoincrement=True,
)

shelves = Table(
    "shelves",
    metadata,
    Column("key", Key, primary_key=True),
    Column("reader", Name, nullable=False),
    Column("folded", Name, nullable=False),
    Column("name", Name, nullable=False),  # as first typed
    UniqueConstraint("reader", "folded"),  # every page of shelves; "Later" is "later"
    sqlite_autoincrement=True,
)

shelved = Table(
    "shelved",
    metadata,
    Column("shelf", Key, ForeignKey("shelves.key"), primary_key=True, autoincrement=False),
    _paper(is_primary=True),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)
# shelved: which of the papers on this page are saved; moving papers in a merge
Index("ix_shelved_paper", shelved.c.paper)

watches = Table(
    "watches",
    metadata,
    Column("key", Key, primary_key=True),
    Column("reader", Name, nullable=False),
    Column("folded", Name, nullable=False),
    Column("name", Name, nullable=False),  # as typed
    Column("search", Text, nullable=False),  # watches._text
    Column("seen", BigInteger, nullable=False),  # the last paper that had arrived by then
    Column("looked", Moment, nullable=False),
    UniqueConstraint("reader", "folded"),  # the page of watches, by name
    sqlite_autoincrement=True,
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("key", Key, primary_key=True),
    Column("email", Text, nullable=False),
    Column("folded", Name, nullable=False, unique=True),
    Column("period", String(8), nullable=False),
    Column("hour", Integer, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("created", Moment, nullable=False),
    Column("due", Moment),
    Column("failures", Integer, nullable=False),
    sqlite_autoincrement=True,
)
# claim_due_digest: whose is due, longest first
Index("ix_subscriptions_due", subscriptions.c.due, subscriptions.c.key)

digests = Table(
    "digests",
    metadata,
    Column("key", Key, primary_key=True),
    Column("subscription", Key, ForeignKey("subscriptions.key"), nullable=False),
    Column("due", Moment, nullable=False),
    Column("state", String(8), nullable=False),
    Column("at", Moment, nullable=False),
    Column("papers", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    UniqueConstraint("subscription", "due"),  # claim_due_digest: no digest is claimed twice
    sqlite_autoincrement=True,
)

ledger = Table(
    "ledger",
    metadata,
    Column(
        "subscription",
        Key,
        ForeignKey("subscriptions.key"),
        primary_key=True,
        autoincrement=False,
    ),
    _paper(is_primary=True),
    Column("digest", Key, ForeignKey("digests.key"), nullable=False),
    sqlite_with_rowid=False,
)
# moving or removing what was delivered with a paper that is absorbed or removed
Index("ix_ledger_paper", ledger.c.paper)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Name, primary_key=True),
    Column("used", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# What each source said that it lists, and what of it was not here when it was last looked at.
listings = Table(
    "listings",
    metadata,
    Column("day", Date, primary_key=True),
    Column("part", Name, primary_key=True),
    Column("source", Name, primary_key=True),
    Column("total", Integer, nullable=False),
    Column("papers", Text, nullable=False),  # names between spaces; "" when long past
    Column("missing", Text, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

syncs = Table(
    "syncs",
    metadata,
    Column("source", Name, primary_key=True),
    Column("due", Moment, nullable=False),
    Column("holder", Text, nullable=False),  # "": nobody
    Column("until", Moment),  # when the holder's claim ends by itself
    Column("cursor", Text, nullable=False),  # JSON
    Column("finished", Moment),
    Column("failures", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("entered", Moment),
    Column("is_added", Boolean, nullable=False, server_default=false()),
    Column("is_paused", Boolean, nullable=False, server_default=false()),
    Column("is_cancelled", Boolean, nullable=False, server_default=false()),
    Column("interval_s", Integer),  # None: as the settings say
    Column("started", Moment),
    Column("read", BigInteger, nullable=False, server_default="0"),
    Column("new", BigInteger, nullable=False, server_default="0"),
    Column("succeeded", Moment),
    Column("delivered", Moment),
    Column("days", Text, nullable=False, server_default=""),  # ISO dates, oldest first
    Column("requests", BigInteger, nullable=False, server_default="0"),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
