"""Signals and reports as rows and JSON text; text that every database takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from broadsheet.model import IngestReport
from broadsheet.store.names import name
from broadsheet.store.schema import EPOCH, MICROSECOND

if TYPE_CHECKING:
    from broadsheet.model import Signal

LARGEST = 2**53  # of a signal's value; a sum of many still fits the column


def storable(body: str) -> str:
    """Return JSON text that UTF-8 can hold: lone surrogates become escapes."""
    try:
        body.encode()
    except UnicodeEncodeError:
        return json.dumps(json.loads(body), separators=(",", ":"))
    return body


def signal_row(signal: Signal) -> tuple[str, str, str, int, str, int]:
    """Return a signal as its row says it: kind, origin, actor, microseconds, via, value."""
    moment = (signal.at - EPOCH) // MICROSECOND
    return (
        signal.kind.value,
        name(signal.origin),
        name(signal.actor),
        moment,
        name(signal.via),
        min(signal.value, LARGEST),
    )


def report_body(report: IngestReport) -> str:
    """Return an import's report as JSON."""
    return json.dumps(
        {
            "read": report.read,
            "new": report.new,
            "merged": report.merged,
            "unchanged": report.unchanged,
            "waiting": report.waiting,
            "quarantined": report.quarantined,
            "reasons": dict(report.reasons),
            "seconds": report.seconds,
            "papers": report.papers,
        }
    )


def to_report(body: str) -> IngestReport:
    """Return the report of a body."""
    return IngestReport(**json.loads(body))
