"""One row for every table, in plain SQL, as the first program wrote it.

Migrations are tested from these: no model and no table of today's code takes part, so that a
later schema cannot change what an old file holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from sqlalchemy import Connection

_RECORD = (
    '{"abstract":"We dig.","identifiers":["arxiv:2603.00001"],"published":"2026-03-04",'
    '"source":"arxiv","source_id":"2603.00001v1","title":"On gravity wells","version":1}'
)
_RECORD_DIGEST = "cf9a9f8d8e0d00645c6784067b999f74"
_PAPER = (
    '{"id":"arxiv:2603.00001","identifiers":["arxiv:2603.00001"],"title":"On gravity wells",'
    '"abstract":"We dig.","published":"2026-03-04","day":"2026-03-04","sources":["arxiv"]}'
)
_NOON = 1772625600000000  # 2026-03-04 12:00 UTC

ROWS: dict[str, str] = {
    "papers": (
        "(key, title_key, day, announced, picked, votes, comments, stars, is_specimen, body)"
        f" VALUES (1, 'on gravity wells', '2026-03-04', NULL, NULL, 3, 0, 0, false, '{_PAPER}')"
    ),
    "identifiers": "(name, paper) VALUES ('arxiv:2603.00001', 1)",
    "records": (
        "(key, paper, source, source_id, digest, arrived, body)"
        f" VALUES (1, 1, 'arxiv', '2603.00001v1', '{_RECORD_DIGEST}', {_NOON}, '{_RECORD}')"
    ),
    "signals": (
        "(paper, kind, origin, actor, at, via, value)"
        f" VALUES (1, 'vote', 'hosted', '', {_NOON}, '', 3)"
    ),
    "waiting": (
        "(name, kind, origin, actor, at, via, value)"
        f" VALUES ('arxiv:2603.00002', 'vote', 'hosted', '', {_NOON}, '', 5)"
    ),
    "changes": (
        "(paper, seq, is_gone, absorbed_by, at)"
        f" VALUES (1, 2, false, NULL, {_NOON}), (2, 1, true, 1, {_NOON})"
    ),
    "merges": (
        "(paper, gone, body, signals, at, undone)"
        """ VALUES (1, 2, '{"reason": "title", "detail": {}, "records": [], "identifiers": []}',"""
        f" '[]', {_NOON}, NULL)"
    ),
    "apart": f"(paper, other, at) VALUES (1, 1, {_NOON})",
    "quarantine": (
        "(digest, source, place, reason, raw, at)"
        f" VALUES ('0', 'daily', 'line 17', 'no title', '{{}}', {_NOON})"
    ),
    "runs": (
        "(source, started, finished, report, error)"
        f""" VALUES ('daily', {_NOON}, NULL, '{{"read": 1}}', '')"""
    ),
    "shelves": "(reader, folded, name) VALUES ('local', 'later', 'Later')",
    "shelved": f"(shelf, paper, at) VALUES (1, 1, {_NOON})",
    "watches": (
        "(reader, folded, name, search, seen, looked)"
        f""" VALUES ('local', 'wells', 'Wells', '{{"q": "wells"}}', 1, {_NOON})"""
    ),
    "subscriptions": (
        "(email, folded, period, hour, timezone, state, created, due, failures)"
        " VALUES ('ada@example.org', 'ada@example.org', 'day', 7, 'UTC', 'active',"
        f" {_NOON}, {_NOON}, 0)"
    ),
    "digests": (
        "(subscription, due, state, at, papers, detail)"
        f" VALUES (1, {_NOON}, 'sent', {_NOON}, 1, '')"
    ),
    "ledger": "(subscription, paper, digest) VALUES (1, 1, 1)",
    "syncs": (
        "(source, due, holder, until, cursor, finished, failures, error)"
        f" VALUES ('arxiv', {_NOON}, '', NULL, '{{}}', {_NOON}, 1, 'away')"
    ),
    "listings": (
        "(day, part, source, total, papers, missing, at)"
        f" VALUES ('2026-03-04', 'cs.AI', 'arxiv', 1, '[]', '[]', {_NOON})"
    ),
    "tokens": f"(id, used) VALUES ('one', {_NOON})",
}


def fill(connection: Connection) -> dict[str, int]:
    """Insert the rows into those tables that this schema has; return how many each has then."""
    tables = [table for table in ROWS if inspect(connection).has_table(table)]
    for table in tables:
        connection.exec_driver_sql(f"INSERT INTO {table} {ROWS[table]}")
    return {
        table: int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
        for table in tables
    }
