"""What happens when somebody looks at what is in quarantine, or has it read again?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from broadsheet.library import ingest
from broadsheet.model import Fault, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from broadsheet.model import Observation, Quarantined, Record
    from broadsheet.ports import Clock, Store

    Read = Callable[[Fault], Sequence[Record | Observation | Fault]]

PAGE = 500  # pieces read from the store at once
NOT_KEPT = "it cannot be read again from what was kept; its source or its file brings it again"


def matching(store: Store, /, *, source: str = "", reason: str = "") -> Iterator[Quarantined]:
    """Yield all of a source and with a text in their reason, newest first.

    They are read a page at a time: what is retried or forgotten may leave meanwhile.
    """
    before: int | None = None
    while found := store.quarantined(limit=PAGE, before=before, source=source, reason=reason):
        yield from found
        before = found[-1].key


def values(one: Quarantined, /) -> dict[str, Any]:
    """Return a piece as it is exported: with all that was kept of it, as JSON values."""
    return {
        "key": one.key,
        "source": one.fault.source,
        "where": one.fault.where,
        "reason": one.fault.reason,
        "at": one.at.isoformat(),
        "form": one.fault.form,
        "raw": one.fault.raw,
    }


def exported(store: Store, /, *, source: str = "", reason: str = "") -> Iterator[str]:
    """Yield what matches as JSON Lines, newest first."""
    for one in matching(store, source=source, reason=reason):
        yield json.dumps(values(one), ensure_ascii=False) + "\n"


def retry(one: Quarantined, /, store: Store, clock: Clock, *, read: Read) -> Retry:
    """Read a piece again; when all of it can be kept now, it leaves quarantine.

    Args:
        one: The piece.
        store: Where it is, and where its records go.
        clock: For the time of arrival.
        read: What parses it: raises whatever its parser does.
    """
    if not one.fault.form:
        return Retry(key=one.key, is_kept=False, reason=NOT_KEPT)
    try:
        items = read(one.fault)
    except Exception as error:  # noqa: BLE001  # the piece is hostile: it broke a parser before
        return Retry(key=one.key, is_kept=False, reason=str(error) or type(error).__name__)
    faults = [item for item in items if isinstance(item, Fault)]
    if faults or not items:
        reason = faults[0].reason if faults else "nothing is found in it"
        return Retry(key=one.key, is_kept=False, reason=reason)
    report = ingest.keep(items, store, clock)
    if report.quarantined:
        return Retry(key=one.key, is_kept=False, reason=next(iter(report.reasons)))
    store.forget_quarantined([one.key])
    return Retry(key=one.key, is_kept=True)
